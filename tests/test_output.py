"""What banners, steps and details look like, on odd terminals and pipes too.

README.md's outputs hold the rest.
"""

import io
import os
import subprocess
import sys
from datetime import datetime as real_datetime

import pytest
from support import ROOT, SCRIPT, made_env, mask, run_python

import logging_utils
from logging_utils import log_section, log_step


@pytest.fixture
def clock(monkeypatch):
    """Let the helper's clock show a time of the test's choice."""

    def show(*time):
        class Clock(real_datetime):
            @classmethod
            def now(cls, tz=None):
                assert tz is None, 'steps tell the local time'
                return cls(2026, 1, 2, *time)

        monkeypatch.setattr(logging_utils, 'datetime', Clock)

    return show


@pytest.mark.parametrize(
    ('time', 'stamp'),
    [
        ((0, 0, 0, 0), '00:00:00.000'),
        ((23, 59, 59, 999_999), '23:59:59.999'),
        ((12, 30, 0, 1_500), '12:30:00.001'),
    ],
)
def test_a_step_is_stamped_to_the_millisecond(capsys, clock, time, stamp):
    clock(*time)
    log_step('✅ Done')
    assert capsys.readouterr().out == f'[{stamp}] ✅ Done\n'


def test_each_line_of_a_detail_is_indented(capsys, clock):
    clock(3, 4, 5, 6_000)
    log_step('✅ Done', 'a\n\nb\n')
    log_step('✅ Done', '')
    indent = ' ' * 13
    assert capsys.readouterr().out == (
        f'[03:04:05.006] ✅ Done\n{indent}a\n{indent}\n{indent}b\n'
        '[03:04:05.006] ✅ Done\n'
    )


def shown(monkeypatch, encoding, errors, log, *args) -> str:
    """What a terminal of that encoding shows at once when `log` prints."""
    terminal = io.BytesIO()
    stdout = io.TextIOWrapper(terminal, encoding, errors, newline='\n')
    monkeypatch.setattr(sys, 'stdout', stdout)
    log(*args)
    return terminal.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ('encoding', 'errors', 'line'),
    [
        ('ascii', 'strict', '? a ? b ?\n'),
        ('ascii', 'backslashreplace', '\\u2705 a \\u2192 b \\xfc\n'),
        ('cp437', 'strict', '? a ? b \xfc\n'),
        ('utf-16', 'strict', '\u2705 a \u2192 b \xfc\n'),
    ],
)
def test_each_character_that_is_missing_is_replaced(
    monkeypatch, encoding, errors, line
):
    text = '\u2705 a \u2192 b \xfc'
    step = shown(monkeypatch, encoding, errors, log_step, text)
    banner = shown(monkeypatch, encoding, errors, log_section, 1, text)
    assert step.partition('] ')[2] == line
    assert f'  1. {line}' in banner


@pytest.mark.skipif(os.name != 'posix', reason='Windows has no C locale')
def test_the_c_locale_without_utf8_mode_gets_every_line(plain):
    env = {'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONIOENCODING': ''}
    run = run_python('-X', 'utf8=0', SCRIPT, env=env)
    assert (run.stderr, run.returncode) == ('', 0)
    assert mask(run.stdout) == plain.encode('ascii', 'replace').decode()


@pytest.mark.parametrize('env', [{}, {'PYTHONUNBUFFERED': '1'}])
@pytest.mark.parametrize('args', [['main_aws_s3.py'], ['-m', 'recipes']])
def test_a_reader_that_goes_away_ends_it_quietly(args, env):
    """As in `… | head -3`."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *args],
        cwd=ROOT,
        env=made_env(**env),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    ) as run:
        if args == ['main_aws_s3.py']:
            for _ in range(3):
                run.stdout.readline()
        run.stdout.close()
        errors = run.stderr.read()
    assert (errors, run.returncode) == (b'', 1)


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='no /dev/full')
def test_a_disk_that_is_full_is_no_quiet_end():
    with open('/dev/full', 'wb') as full:
        run = subprocess.run(
            [sys.executable, str(SCRIPT)],
            env=made_env(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert run.returncode != 0
    assert b'No space left on device' in run.stderr
