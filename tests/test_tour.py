"""The tour as a reader runs it: alone, on any terminal, until it is stopped.

README.md holds what it prints: see test_page.py.
"""

import builtins
import errno
import io
import os
import runpy
import subprocess
import sys
import warnings
from contextlib import redirect_stdout
from datetime import datetime, timezone
from types import SimpleNamespace
from unittest import mock

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import WaiterError
from botocore.httpsession import URLLib3Session
from botocore.signers import RequestSigner

import logging_utils
import main_aws_s3
from logging_utils import log_section, log_step, stepping, terminal
from main_aws_s3 import closed_world, tour
from support import ROOT, made_env, mask

SCRIPT = str(ROOT / 'main_aws_s3.py')
# Ends the process where it asks for a network address or connects to one.
ALONE = """
import os, runpy, sys
def watch(event, args):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto',
                 'socket.gethostbyname', 'socket.gethostbyaddr'):
        os.write(2, f'{event} {args}\\n'.encode())
        os._exit(99)
sys.addaudithook(watch)
sys.path.insert(0, os.path.dirname(sys.argv[1]))
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


# The closed world


def test_it_prints_the_same_alone_whatever_is_set(printed, hostile, tmp_path):
    """In a process of its own, so that it holds while importing too, and in
    an empty folder that cannot be written to."""
    folder = tmp_path / 'empty'
    folder.mkdir(mode=0o555)
    run = subprocess.run(
        [sys.executable, '-c', ALONE, SCRIPT],
        cwd=folder,
        env=made_env(PYTHONIOENCODING='utf-8', **hostile),
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=False,
    )
    assert (run.stderr, run.returncode) == ('', 0)
    assert mask(run.stdout) == mask(printed)
    assert list(folder.iterdir()) == []


def test_inside_there_is_nothing_of_the_machine_but_its_time_zone(hostile):
    with mock.patch.dict(os.environ, hostile, TZ='XYZ-05:45'), closed_world():
        inside = dict(os.environ)
    assert inside.pop('AWS_ACCESS_KEY_ID') != hostile['AWS_ACCESS_KEY_ID']
    assert inside.pop('AWS_SECRET_ACCESS_KEY')  # these two are moto's own
    assert inside == {
        'TZ': 'XYZ-05:45',
        'HOME': os.devnull,
        'USERPROFILE': os.devnull,
        'NO_PROXY': '*',
    }


def test_the_machine_is_given_back_as_it_was(hostile):
    with mock.patch.dict(os.environ, hostile):
        before = dict(os.environ)
        with closed_world():
            pass
        assert dict(os.environ) == before


def test_what_moto_does_not_know_is_not_sent():
    with closed_world(), pytest.raises(RuntimeError, match='Not sent, as mot'):
        URLLib3Session().send(None)


# The steps


def test_sizes_dates_and_lengths_are_those_of_responses(
    events, capsys, monkeypatch
):
    def change(parsed, model, **_):
        if model.name == 'ListObjectsV2':
            parsed['Contents'][0]['Size'] = 100 * 1024
        if 'LastModified' in parsed:
            parsed['LastModified'] = datetime(2001, 2, 3, tzinfo=timezone.utc)

    sign = 'generate_presigned_url'
    monkeypatch.setattr(RequestSigner, sign, lambda *_, **__: 'x' * 123)
    events.register('after-call.s3', change)
    tour()
    printed = capsys.readouterr().out
    assert '(100.00 KB)' in printed
    assert 'Last-Modified: 2001-02-03 00:00:00+00:00\n' in printed
    assert 'URL length: 123 characters' in printed


def test_urls_are_for_what_it_says_and_live_an_hour(s3, capsys, monkeypatch):
    signed = []

    def sign(_, request_dict, operation_name, expires_in, **__):
        path = request_dict['url_path']
        signed.append((operation_name, path, expires_in))
        return 'https://x'

    monkeypatch.setattr(RequestSigner, 'generate_presigned_url', sign)
    tour(bucket_name='first')
    assert signed == [
        ('GetObject', '/data/hello.txt', 3600),
        ('PutObject', '/uploads/new-file.txt', 3600),
    ]
    assert '(expires in 1 hour)' in capsys.readouterr().out


def test_a_batch_that_deletes_only_a_part_ends_it_there(events, capsys):
    def fail_one(parsed, **_):
        failed = parsed['Deleted'].pop()
        parsed['Errors'] = [{**failed, 'Code': 'InternalError'}]

    events.register('after-call.s3.DeleteObjects', fail_one)
    with pytest.raises(RuntimeError, match=r'Not deleted: .*sample.png'):
        tour()
    assert capsys.readouterr().out.endswith('Deleted: backup/hello-copy.txt\n')


@pytest.mark.parametrize('name', ['my-demo', 'my-second'])
def test_a_bucket_left_behind_is_found_by_asking(events, monkeypatch, name):
    def keep_one(params, **_):
        if name in params['url']:
            return AWSResponse('', 200, {}, None), {}
        return None

    monkeypatch.setattr('time.sleep', lambda _: None)
    events.register('before-call.s3.HeadBucket', keep_one)
    with pytest.raises(WaiterError, match='BucketNotExists'):
        tour()


def test_a_step_is_stamped_and_each_line_of_its_detail_is_indented(capsys):
    with mock.patch('logging_utils.datetime') as clock:
        clock.now.return_value = datetime(2026, 1, 2, 3, 4, 5)
        log_step('✅ Done', 'a\n\nb\n')
    details = f'{"":13}a\n{"":13}\n{"":13}b\n'
    assert capsys.readouterr().out == f'[03:04:05.000] ✅ Done\n{details}'


# How it is called


@pytest.fixture
def script(monkeypatch):
    """Run the script with these words, as its own process would."""

    def run(*words, name=SCRIPT):
        monkeypatch.setattr(sys, 'argv', [name, *words])
        runpy.run_path(name, run_name='__main__')

    return run


def test_step_waits_for_enter_before_each_section_but_the_first(
    script, printed, capsys, monkeypatch
):
    monkeypatch.setattr(sys, 'stdin', io.StringIO('\n' * 10))
    script('--step')
    prompts = [f'\nPress Enter for section {n} ' for n in range(2, 12)]
    stepped = capsys.readouterr().out
    for prompt in prompts:
        assert prompt in stepped
        stepped = stepped.replace(prompt, '')
    assert mask(stepped) == mask(printed)
    assert sys.stdin.read() == '', 'one line for each'


def closed_file():
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize('stdin', [None, io.StringIO(), closed_file()])
def test_step_goes_on_where_nobody_can_press_a_key(stdin, capsys, monkeypatch):
    monkeypatch.setattr(sys, 'stdin', stdin)
    with stepping(True):
        log_section(2, 'Next')
    assert capsys.readouterr().out == (
        f'\nPress Enter for section 2 \n\n{"=" * 70}\n  2. Next\n{"=" * 70}\n'
    )


def test_stepping_ends_with_its_tour(capsys):
    with pytest.raises(KeyError), stepping(True):
        raise KeyError
    log_section(2, 'Next')
    assert 'Press' not in capsys.readouterr().out


def test_help_tells_both_ways_to_run_it(script, capsys):
    script('--help')
    out = capsys.readouterr().out
    assert 'uv run python main_aws_s3.py  ' in out
    assert 'uv run python main_aws_s3.py --step  ' in out
    assert '====' not in out


@pytest.mark.parametrize('words', [['--stop'], ['--step', 'x']])
def test_a_wrong_argument_gets_a_sentence_and_status_2(script, capsys, words):
    with pytest.raises(SystemExit, match=r'^2$'):
        script(*words)
    sentence = f'The tour takes no {" ".join(words)}: try --help.\n'
    assert capsys.readouterr() == ('', sentence)


# Where it prints to


@pytest.mark.parametrize('encoding', ['ascii', 'cp437', 'cp932', 'cp1251'])
def test_a_terminal_shows_a_question_mark_for_what_it_lacks(encoding):
    screen = io.BytesIO()
    stdout = io.TextIOWrapper(screen, encoding, newline='\n')
    with redirect_stdout(stdout), terminal():
        log_step('✅ Zoë')
        shown = screen.getvalue().decode(encoding)  # at once, not at the end
    known = 'ë' if encoding == 'cp437' else '?'
    assert shown.endswith(f'] ? Zo{known}\n')


@pytest.mark.parametrize('name', ['main_aws_s3', 'recipes'])
def test_a_reader_that_goes_away_ends_it_quietly(monkeypatch, name):
    """As in `… | head -3`. Closing `stdout` flushes, as Python's exit does."""
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, 'argv', [name])
    with open(writer, 'w', encoding='utf-8') as stdout, redirect_stdout(
        stdout
    ), pytest.raises(SystemExit, match=r'^1$'):
        runpy.run_module(name, run_name='__main__')


@pytest.mark.parametrize('stdout', [None, closed_file()])
@pytest.mark.parametrize('name', ['main_aws_s3', 'recipes'])
def test_without_a_stdout_it_runs_and_prints_nothing(
    monkeypatch, capsys, name, stdout
):
    monkeypatch.setattr(sys, 'argv', [name])
    with redirect_stdout(stdout):
        runpy.run_module(name, run_name='__main__')
    assert capsys.readouterr() == ('', '')


class ReaderHasGone(io.RawIOBase):
    """A pipe to a program that has ended, as Windows or others tell it."""

    def __init__(self, code):
        self.code = code
        self.file = os.open(os.devnull, os.O_WRONLY)

    def writable(self):
        return True

    def write(self, _):
        raise OSError(self.code, os.strerror(self.code))

    def fileno(self):
        return self.file


@pytest.fixture(params=[('nt', errno.EINVAL), ('posix', errno.EPIPE)])
def gone(request, monkeypatch):
    """What writing to a pipe without a reader raises, on each system."""
    name, code = request.param
    system = SimpleNamespace(**{**vars(os), 'name': name})
    monkeypatch.setattr(logging_utils, 'os', system)
    return code


def test_a_reader_that_has_gone_is_told_by_what_its_system_says(gone):
    stdout = io.TextIOWrapper(ReaderHasGone(gone), write_through=True)
    with pytest.raises(SystemExit, match=r'^1$'), redirect_stdout(
        stdout
    ), terminal():
        print('a line', flush=True)


@pytest.mark.parametrize('code', [errno.EINVAL, errno.EPIPE, errno.ENOSPC])
def test_no_other_error_ends_it_quietly(gone, code):
    """As of `open('a?b', 'w')` on Windows."""
    with pytest.raises(OSError, match=os.strerror(code)), terminal():
        raise OSError(code, os.strerror(code))


def test_ctrl_c_ends_it_with_status_130_and_no_traceback():
    with pytest.raises(SystemExit, match=r'^130$'), terminal():
        raise KeyboardInterrupt


@pytest.mark.parametrize('name', ['main_aws_s3', 'recipes'])
def test_ctrl_c_is_as_quiet_while_boto3_is_imported(monkeypatch, name):
    def stop_at_boto3(module, *args, **kwargs):
        if module == 'boto3':
            raise KeyboardInterrupt
        return import_module(module, *args, **kwargs)

    import_module = builtins.__import__
    monkeypatch.delitem(sys.modules, 'main_aws_s3')
    monkeypatch.setattr(builtins, '__import__', stop_at_boto3)
    with pytest.raises(SystemExit, match=r'^130$'):
        runpy.run_module(name, run_name='__main__')


def test_that_boto3_will_drop_a_python_is_no_part_of_it(monkeypatch, recwarn):
    def warn():
        warnings.warn('Boto3 drops Python 3.9', UserWarning, 2)

    monkeypatch.setattr(main_aws_s3, 'tour', warn)
    main_aws_s3.main()
    assert not recwarn
