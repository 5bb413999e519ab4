"""The helper: what a banner, a step and a detail look like."""

import io
import sys
from datetime import datetime as real_datetime

import pytest
from support import ROOT, run_python

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

    show(3, 4, 5, 6_000)
    return show


def test_a_banner_is_a_blank_line_and_a_title_between_rules(capsys):
    log_section(7, 'Reading Object Metadata')

    rule = '======================================================='
    rule += '==============='
    assert capsys.readouterr().out == (
        f'\n{rule}\n  7. Reading Object Metadata\n{rule}\n'
    )


def test_a_step_is_stamped_with_the_time(capsys, clock):
    log_step('✅ Done')

    assert capsys.readouterr().out == '[03:04:05.006] ✅ Done\n'


@pytest.mark.parametrize(
    ('time', 'stamp'),
    [
        ((0, 0, 0, 0), '00:00:00.000'),
        ((23, 59, 59, 999_999), '23:59:59.999'),
        ((12, 30, 0, 1_500), '12:30:00.001'),
    ],
)
def test_a_stamp_always_has_milliseconds(capsys, clock, time, stamp):
    clock(*time)

    log_step('x')

    assert capsys.readouterr().out == f'[{stamp}] x\n'


def test_the_stamp_is_the_local_time_of_the_call(capsys):
    before = real_datetime.now().strftime('%H:%M:%S.%f')[:-3]
    log_step('x')
    after = real_datetime.now().strftime('%H:%M:%S.%f')[:-3]

    stamp = capsys.readouterr().out[1:13]
    # At midnight, `before` is the larger.
    assert before <= stamp <= after or after < before


def test_a_detail_stands_indented_under_its_step(capsys, clock):
    log_step('✅ Done', 'with care')

    assert capsys.readouterr().out == (
        '[03:04:05.006] ✅ Done\n             with care\n'
    )


def test_every_line_of_a_detail_is_indented(capsys, clock):
    log_step('✅ Done', 'one\ntwo\n\nfour\n')

    assert capsys.readouterr().out.split('\n') == [
        '[03:04:05.006] ✅ Done',
        '             one',
        '             two',
        '             ',
        '             four',
        '',
    ]


def test_an_empty_detail_adds_no_line(capsys, clock):
    log_step('✅ Done', '')

    assert capsys.readouterr().out == '[03:04:05.006] ✅ Done\n'


@pytest.mark.parametrize('log', [log_section, log_step])
def test_every_call_reaches_a_pipe_at_once(monkeypatch, log):
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, 'stdout', io.TextIOWrapper(pipe, 'utf-8'))

    log('1', 'title')

    assert b'title' in pipe.getvalue()


def test_the_helper_imports_on_its_own_and_prints_nothing():
    """-I: no site directory of the user; -S: no installed package."""
    code = f'import sys; sys.path.append({str(ROOT)!r}); import logging_utils'
    run = run_python('-I', '-S', '-W', 'error', '-c', code)

    assert (run.returncode, run.stdout, run.stderr) == (0, b'', b'')
