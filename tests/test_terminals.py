"""Output that goes to odd terminals, pipes and files."""

import io
import os
import subprocess
import sys

import pytest
from support import SCRIPT, TRANSCRIPT, mask, run_python

import main_aws_s3
from logging_utils import log_step


def replaced(encoding: str) -> str:
    """The transcript as `encoding` can show it."""
    return TRANSCRIPT.encode(encoding, 'replace').decode(encoding)


@pytest.fixture
def terminal(monkeypatch):
    """Make stdout one of an encoding; the bytes it was sent to show."""

    def make(encoding: str, errors: str = 'strict') -> io.BytesIO:
        shown = io.BytesIO()
        stdout = io.TextIOWrapper(shown, encoding, errors, newline='\n')
        monkeypatch.setattr(sys, 'stdout', stdout)
        return shown

    return make


@pytest.mark.parametrize('encoding', ['ascii', 'latin-1', 'cp1252', 'utf-16'])
def test_the_tour_replaces_what_a_terminal_cannot_show(terminal, encoding):
    shown = terminal(encoding)

    main_aws_s3.main()

    assert mask(shown.getvalue().decode(encoding)) == replaced(encoding)


@pytest.mark.parametrize('errors', ['strict', 'surrogateescape'])
@pytest.mark.parametrize(
    ('encoding', 'line'),
    [
        ('ascii', '? a ? b ?\n'),
        ('latin-1', '? a ? b \xfc\n'),
        ('cp437', '? a ? b \xfc\n'),
        ('cp932', '? a \u2192 b ?\n'),
        ('koi8-r', '? a ? b ?\n'),
        ('utf-8', '\u2705 a \u2192 b \xfc\n'),
    ],
)
def test_a_step_replaces_each_character_that_is_missing(
    terminal, encoding, line, errors
):
    shown = terminal(encoding, errors)

    log_step('\u2705 a \u2192 b \xfc')

    assert shown.getvalue().decode(encoding).partition('] ')[2] == line


def test_a_terminal_may_choose_its_own_substitute(terminal):
    shown = terminal('ascii', 'backslashreplace')

    log_step('\u2705 done')

    assert shown.getvalue().endswith(rb'] \u2705 done' + b'\n')


def test_the_c_locale_without_utf8_mode_gets_every_line():
    run = run_python(
        SCRIPT,
        env={
            'LC_ALL': 'C',
            'PYTHONUTF8': '0',
            'PYTHONCOERCECLOCALE': '0',
            'PYTHONIOENCODING': None,
        },
    )

    assert run.stderr == b''
    assert mask(run.stdout.decode('ascii')) == replaced('ascii')
    assert run.returncode == 0


def test_a_reader_that_goes_away_ends_the_tour_quietly():
    with subprocess.Popen(
        [sys.executable, str(SCRIPT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as run:
        for _ in range(3):
            run.stdout.readline()
        run.stdout.close()
        errors = run.stderr.read()

    assert errors == b''
    assert run.returncode == 1


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='no /dev/full')
def test_a_disk_that_is_full_is_no_quiet_end():
    with open('/dev/full', 'wb') as full:
        run = subprocess.run(
            [sys.executable, str(SCRIPT)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert run.returncode != 0
    assert b'No space left on device' in run.stderr
