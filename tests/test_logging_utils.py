"""The helper: what a banner, a step and a detail look like.

README.md's outputs hold the rest, test_terminals.py odd terminals, and
test_closed_world.py the time zone.
"""

from datetime import datetime as real_datetime

import pytest
from support import ROOT, run_python

import logging_utils
from logging_utils import log_step


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


def test_the_helper_imports_on_its_own_and_prints_nothing():
    """-I: no site directory of the user; -S: no installed package."""
    code = f'import sys; sys.path.append({str(ROOT)!r}); import logging_utils'
    run = run_python('-I', '-S', '-W', 'error', '-c', code)
    assert (run.returncode, run.stdout, run.stderr) == (0, '', '')
