"""The menu, each recipe's demo, and what one demo does not show."""

import importlib
import json
import re
import sys

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from support import (
    RECIPES,
    ROOT,
    handler,
    needs_new_moto,
    printed_as,
    refuse,
    run_python,
)

from main_aws_s3 import closed_world
from recipes import events, presigned_form, real_tour
from recipes.folder import Places, upload_folder
from recipes.see_requests import watch


@pytest.mark.parametrize('name', [needs_new_moto(x) for x in RECIPES])
def test_a_demo_prints_its_lines(name, capsys):
    with closed_world():
        importlib.import_module(f'recipes.{name}').demo()
    printed = capsys.readouterr()
    assert printed_as(RECIPES[name]).fullmatch(printed.out), printed.out
    assert printed.err == ''


def test_the_menu_lists_each_recipe_with_its_need():
    run = run_python('-m', 'recipes')
    assert (run.stderr, run.returncode) == ('', 0)
    listed = dict(
        re.split(' {2,}', line, maxsplit=1)
        for line in run.stdout.partition('\n\n')[0].splitlines()
    )
    assert listed == {
        name: source[3:].splitlines()[0] for name, source in RECIPES.items()
    }
    assert run.stdout == run_python('-m', 'recipes', '--help').stdout


def test_the_menu_runs_a_recipe_inside_the_mock(listener):
    env = {'AWS_ENDPOINT_URL': listener, 'AWS_REGION': 'nowhere'}
    run = run_python('-m', 'recipes', 'create_bucket', env=env)
    assert run.stdout == 'eu-central-1\nus-east-1\n'
    assert (run.stderr, run.returncode) == ('', 0)


@pytest.mark.parametrize(
    ('name', 'meant'),
    [('fodler', '; did you mean folder or sync_folder?'), ('zzz', ':')],
)
def test_an_unknown_name_is_told_in_a_sentence(name, meant):
    run = run_python('-m', 'recipes', name)
    told = f'There is no recipe {name}{meant} uv run python -m recipes lists '
    told += 'all.\n'
    assert (run.returncode, run.stdout, run.stderr) == (1, '', told)


def test_run_or_imported_a_recipe_prints_and_sends_nothing(listener):
    """As a file by its path, all in one process with a hostile endpoint."""
    code = f"""
import pathlib, runpy
for path in sorted(pathlib.Path({str(ROOT / 'recipes')!r}).glob('[a-z]*.py')):
    runpy.run_path(str(path), run_name='__main__')
    runpy.run_path(str(path), run_name='imported')
"""
    env = {
        'AWS_ENDPOINT_URL': listener,
        'AWS_ACCESS_KEY_ID': 'x',
        'AWS_SECRET_ACCESS_KEY': 'x',
    }
    run = run_python('-W', 'ignore', '-c', code, env=env)
    assert (run.stdout, run.stderr, run.returncode) == ('', '', 0)


@pytest.mark.parametrize(
    'name',
    ['a//b', '/a', 'a/', 'a/./b', 'a/../b', '..', '.', 'a\x00b'],
)
def test_a_key_without_a_file_of_its_own_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match='is no file name'):
        Places(tmp_path.resolve()).take(name)


@pytest.mark.parametrize(
    'name',
    ['a:b', 'a\\b', 'NUL', 'com1.txt', 'x/aux', 'a.', 'a ', 'a?', 'a\x1fb'],
)
def test_windows_has_no_file_of_these_names(tmp_path, name):
    root = tmp_path.resolve()
    assert Places(root, 'linux').take(name)
    with pytest.raises(ValueError, match='Windows has no file'):
        Places(root, 'win32').take(name)


def test_two_keys_do_not_share_a_file(tmp_path):
    places = Places(tmp_path.resolve(), 'darwin')
    places.take('a')
    places.take('b/c')
    for name in ('a/b', 'A', 'B', 'b', 'B/C', 'b/C/d'):
        with pytest.raises(ValueError, match='its place is taken'):
            places.take(name)
    strict = Places(tmp_path.resolve(), 'linux')
    assert len({strict.take(name) for name in ('a', 'A', 'ä', 'a\u0308')}) == 4


def test_links_lead_neither_in_nor_out(s3, tmp_path):
    s3.create_bucket(Bucket='links')
    outside, inside = tmp_path / 'outside', tmp_path / 'inside'
    outside.mkdir()
    inside.mkdir()
    (outside / 'secret').write_text('secret')
    (inside / 'file').symlink_to(outside / 'secret')
    (inside / 'folder').symlink_to(outside)
    (inside / 'own').write_text('own')
    assert upload_folder(s3, inside, 'links', 'x') == ['x/own']
    with pytest.raises(ValueError, match='leads out of the folder'):
        Places(inside.resolve()).take('folder/new')


def test_your_code_is_tested_whatever_is_set(listener, tmp_path):
    (tmp_path / '.aws').mkdir()
    config = f'[default]\nendpoint_url = {listener}\n'
    (tmp_path / '.aws' / 'config').write_text(config)
    env = {'HOME': str(tmp_path), 'USERPROFILE': str(tmp_path)}
    env.update(AWS_ENDPOINT_URL=listener, AWS_PROFILE='nobody')
    words = ['-m', 'pytest', '-q', '-n0', '-p', 'no:cacheprovider']
    run = run_python(*words, '-k', 'text', 'recipes', env=env)
    assert '1 passed' in run.stdout, run.stdout


def test_watching_shows_no_query(s3):
    def fail(request, **_):
        raise ConnectionClosedError(endpoint_url=request.url)

    told = []
    watch(s3, told.append)
    s3.meta.events.register_first('before-send.s3', fail)
    with pytest.raises(ConnectionClosedError):
        s3.list_objects_v2(Bucket='b', Prefix='secret')
    assert 'secret' not in str(told)
    assert told[-1].startswith('no response: Connection was closed')


def test_queues_do_not_take_each_others_events(s3):
    s3.create_bucket(Bucket='inbox')
    sqs = boto3.client('sqs', region_name='us-east-1')
    for name in ('one', 'two', 'two'):
        sqs.create_queue(QueueName=name)
        arn = f'arn:aws:sqs:us-east-1:123456789012:{name}'
        events.send_to_queue(s3, 'inbox', arn, f'{name}/')
    there = s3.get_bucket_notification_configuration(Bucket='inbox')
    arns = [rule['QueueArn'] for rule in there['QueueConfigurations']]
    assert [arn.rpartition(':')[2] for arn in arns] == ['one', 'two']


def test_a_form_does_not_choose_its_key(s3):
    with pytest.raises(ValueError, match='allows any key'):
        presigned_form.upload_form(s3, 'b', 'a/${filename}', 'x/y', most=1)


@pytest.fixture
def account(s3, monkeypatch, capsys):
    """An account with a bucket of its own; how to run the real tour on it,
    and the operations that it sends, each with its bucket."""
    s3.create_bucket(Bucket='s3-tour-mine')
    sent = []

    def run(*args):
        monkeypatch.setattr(sys, 'argv', ['real_tour', *args])
        monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)
        try:
            real_tour.main()
        except SystemExit as end:
            return end.code, capsys.readouterr().out
        return None

    def tell(params, model, **_):
        sent.append((model.name, params.get('Bucket', '*')))

    with handler('before-parameter-build.s3', tell):
        yield run, sent
    left = [bucket['Name'] for bucket in s3.list_buckets()['Buckets']]
    assert left == ['s3-tour-mine']


def test_the_real_tour_sends_what_its_policy_allows(account):
    run, sent = account
    code, printed = run()
    assert not code
    assert printed.startswith('Account 123456789012, as arn:')
    assert printed.count('Gone: s3-tour-') == 2
    assert all(
        bucket == '*' or real_tour.PATTERN.fullmatch(bucket)
        for _, bucket in sent
    )
    doc = real_tour.__doc__
    policy = json.loads(doc[doc.index('{') : doc.rindex('}') + 1])
    allowed = {x for part in policy['Statement'] for x in part['Action']}
    # CopyObject is a GetObject and a PutObject.
    named = {
        'CopyObject': 'GetObject',
        'DeleteObjects': 'DeleteObject',
        'HeadBucket': 'ListBucket',
        'HeadObject': 'GetObject',
        'ListBuckets': 'ListAllMyBuckets',
        'ListObjectsV2': 'ListBucket',
    }
    assert allowed == {f's3:{named.get(name, name)}' for name, _ in sent}


def test_the_real_tour_cleans_up_and_touches_nothing_else(account):
    run, sent = account
    with handler('before-send.s3.CopyObject', refuse), pytest.raises(
        RuntimeError, match='refused'
    ):
        run()
    sent.clear()
    for name in ('s3-tour-mine', f's3-tour-{"0" * 36}-1', '--help'):
        assert 'Left alone' in run(name)[0]
    assert sent == []


def test_a_bucket_that_cannot_be_removed_keeps_no_other(account, s3):
    run, sent = account
    with handler('before-send.s3.DeleteBucket', refuse), pytest.raises(
        RuntimeError
    ):
        run()
    names = [name for _, name in sent if name[-2:] in ('-1', '-2')]
    first, second = sorted(set(names))

    def deny(params, **_):
        if first in params['url']:
            error = {'Error': {'Code': 'AccessDenied', 'Message': ''}}
            return AWSResponse('', 403, {}, None), error
        return None

    with handler('before-call.s3.DeleteBucket', deny):
        code, printed = run(first, second)
    assert code
    assert f'Still there: {first}' in printed
    assert f'Removed {second}' in printed
    assert not run(first, second)[0]
