"""Output that goes to odd terminals, pipes and files."""

import io
import os
import subprocess
import sys

import pytest
from support import SCRIPT, made_env, mask, run_python

from logging_utils import log_section, log_step


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
        ('ascii', 'surrogateescape', '? a ? b ?\n'),
        ('ascii', 'backslashreplace', '\\u2705 a \\u2192 b \\xfc\n'),
        ('cp437', 'strict', '? a ? b \xfc\n'),
        ('cp932', 'strict', '? a \u2192 b ?\n'),
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
def test_a_reader_that_goes_away_ends_the_tour_quietly(env):
    """As in `… | head -3`."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        env=made_env(**env),
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    ) as run:
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
