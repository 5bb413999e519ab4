"""The tour as a reader runs it: alone, on any terminal, until it is stopped.

README.md's outputs hold the rest.
"""

import errno
import io
import os
import runpy
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import datetime, timezone
from unittest import mock

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import WaiterError
from botocore.httpsession import URLLib3Session
from botocore.signers import RequestSigner
from support import SCRIPT, handler, made_env, mask

from logging_utils import log_step, quiet_end
from main_aws_s3 import closed_world, main

# Ends the process where it asks for a network address or connects to one.
ALONE = f"""
import os, runpy, sys
def watch(event, args):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):
        os.write(2, f'{{event}} {{args}}\\n'.encode())
        os._exit(99)
sys.addaudithook(watch)
sys.path.insert(0, os.path.dirname({str(SCRIPT)!r}))
runpy.run_path({str(SCRIPT)!r}, run_name='__main__')
"""


def test_the_script_prints_the_tour_alone_whatever_is_set(
    plain, hostile, tmp_path
):
    """In a process of its own, so that it holds while importing too, and in
    an empty folder that cannot be written to."""
    folder = tmp_path / 'empty'
    folder.mkdir(mode=0o555)
    run = subprocess.run(
        [sys.executable, '-c', ALONE],
        cwd=folder,
        env=made_env(PYTHONIOENCODING='utf-8', **hostile),
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=False,
    )
    assert (run.stderr, run.returncode) == ('', 0)
    assert mask(run.stdout) == plain
    assert list(folder.iterdir()) == []


def test_inside_there_is_nothing_of_the_machine(hostile):
    with mock.patch.dict(os.environ, hostile, TZ='XYZ-05:45'):
        before = dict(os.environ)
        with closed_world():
            inside = dict(os.environ)
            with pytest.raises(RuntimeError, match='Not sent, as moto has no'):
                URLLib3Session().send(None)
        assert dict(os.environ) == before
    assert inside.pop('AWS_ACCESS_KEY_ID') != hostile['AWS_ACCESS_KEY_ID']
    assert inside.pop('AWS_SECRET_ACCESS_KEY')  # these two are moto's own
    nowhere = {'HOME': os.devnull, 'USERPROFILE': os.devnull, 'NO_PROXY': '*'}
    assert inside == {'TZ': 'XYZ-05:45', **nowhere}


def test_sizes_dates_and_lengths_are_those_of_responses(capsys, monkeypatch):
    def change(parsed, model, **_):
        if model.name == 'ListObjectsV2':
            parsed['Contents'][0]['Size'] = 100 * 1024
        if 'LastModified' in parsed:
            parsed['LastModified'] = datetime(2001, 2, 3, tzinfo=timezone.utc)

    sign = 'generate_presigned_url'
    monkeypatch.setattr(RequestSigner, sign, lambda *_, **__: 'x' * 123)
    with handler('after-call.s3', change):
        main()
    printed = capsys.readouterr().out
    assert '(100.00 KB)' in printed
    assert 'Last-Modified: 2001-02-03 00:00:00+00:00\n' in printed
    assert 'URL length: 123 characters' in printed


def test_a_batch_that_deletes_only_a_part_ends_the_script_there(
    capsys, monkeypatch
):
    def fail_one(parsed, **_):
        failed = parsed['Deleted'].pop()
        parsed['Errors'] = [{**failed, 'Code': 'InternalError'}]

    monkeypatch.setattr(sys, 'argv', [str(SCRIPT)])
    told = "Not deleted: .{'Key': 'images/sample.png', 'Code': 'InternalError'"
    with handler('after-call.s3.DeleteObjects', fail_one), pytest.raises(
        RuntimeError, match=told
    ):
        runpy.run_path(str(SCRIPT), run_name='__main__')
    assert capsys.readouterr().out.endswith('Deleted: backup/hello-copy.txt\n')


def test_a_bucket_left_behind_is_found_by_asking(monkeypatch):
    monkeypatch.setattr('time.sleep', lambda _: None)
    asked = []

    def keep_one(params, **_):
        asked.append(params['url'])
        if 'second' in params['url']:
            return AWSResponse('', 200, {}, None), {}
        return None

    with handler('before-call.s3.HeadBucket', keep_one), pytest.raises(
        WaiterError, match='BucketNotExists'
    ):
        main()
    assert 'my-demo' in asked[0]


def test_an_argument_is_answered_in_a_sentence(capsys, monkeypatch):
    monkeypatch.setattr(sys, 'argv', [str(SCRIPT), '--help'])
    told = r'^The tour takes no arguments: uv run python main_aws_s3\.py$'
    with pytest.raises(SystemExit, match=told):
        runpy.run_path(str(SCRIPT), run_name='__main__')
    assert capsys.readouterr().out == ''


def test_a_step_is_stamped_and_each_line_of_its_detail_is_indented(capsys):
    with mock.patch('logging_utils.datetime') as clock:
        clock.now = lambda: datetime(2026, 1, 2, 3, 4, 5)
        log_step('✅ Done', 'a\n\nb\n')
    details = f'{"":13}a\n{"":13}\n{"":13}b\n'
    assert capsys.readouterr().out == f'[03:04:05.000] ✅ Done\n{details}'


@pytest.mark.parametrize(
    ('text', 'shown'), [('a b', 'a b'), ('✅ a → b ü', '? a ? b ü')]
)
def test_a_step_is_shown_at_once_with_what_the_terminal_has(text, shown):
    terminal = io.BytesIO()
    stdout = io.TextIOWrapper(terminal, 'cp437', newline='\n')
    with redirect_stdout(stdout):
        log_step(text)
        printed = terminal.getvalue().decode('cp437')
    assert printed.endswith(f'] {shown}\n')


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


def test_a_disk_that_is_full_is_no_quiet_end():
    with pytest.raises(OSError, match='No space'), quiet_end():
        raise OSError(errno.ENOSPC, 'No space left on device')
