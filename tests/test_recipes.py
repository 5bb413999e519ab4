"""Recipes where one run, as test_page.py has it, does not show enough."""

import ast
import contextlib
import io
import json
import sys
import uuid
from unittest import mock

import boto3
import pytest
from page import BLOCK, PAGE, policy
from support import ROOT, handler, sending

from main_aws_s3 import closed_world

README = (ROOT / PAGE).read_text(encoding='utf-8')


def blocks(title, language='python'):
    """The blocks of that language under a heading of the page."""
    part = README.partition(f'# {title}\n')[2].partition('\n##')[0]
    return [text for kind, text in BLOCK.findall(part) if kind == language]


def function(title, name):
    """A function that the recipe under a heading defines."""
    tree = ast.parse(blocks(title)[0])
    tree.body = [x for x in tree.body if getattr(x, 'name', None) == name]
    space = {}
    exec(compile(tree, title, 'exec'), space)
    return space[name]


@pytest.fixture
def s3():
    with closed_world():
        yield boto3.client('s3', region_name='us-east-1')


@pytest.fixture
def locked(s3):
    """A bucket with versions, in which objects can be held."""
    s3.create_bucket(Bucket='locked', ObjectLockEnabledForBucket=True)
    return 'locked'


def put_held(s3, bucket, *keys):
    for key in keys:
        held = {'Bucket': bucket, 'Key': key}
        version = s3.put_object(**held)['VersionId']
        s3.put_object_legal_hold(
            LegalHold={'Status': 'ON'}, VersionId=version, **held
        )


def test_emptying_2500_entries_leaves_exactly_the_held_one(s3, locked):
    empty = function('Empty a bucket of any size', 'empty')
    for _ in range(1100):
        s3.put_object(Bucket=locked, Key='often')
    put_held(s3, locked, 'often')
    for number in range(1100):
        s3.put_object(Bucket=locked, Key=f'many/{number}')
    for number in range(300):
        s3.delete_object(Bucket=locked, Key=f'many/{number}')

    errors = list(empty(s3, locked))

    assert [x['Code'] for x in errors] == ['AccessDenied']
    left = s3.list_object_versions(Bucket=locked)
    assert [x['Key'] for x in left['Versions']] == ['often']
    version = left['Versions'][0]['VersionId']
    held = {'Bucket': locked, 'Key': 'often', 'VersionId': version}
    hold = s3.get_object_legal_hold(**held)['LegalHold']
    assert hold == {'Status': 'ON'}
    assert 'DeleteMarkers' not in left


def test_emptying_ends_where_everything_is_refused(s3, locked, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    empty = function('Empty a bucket of any size', 'empty')
    put_held(s3, locked, 'a', 'b', 'b', 'c', 'e')
    s3.put_object(Bucket=locked, Key='d')

    assert [x['Key'] for x in empty(s3, locked)] == ['a', 'b', 'b', 'c', 'e']


@pytest.fixture
def account(s3):
    """An account with a bucket of its own; how to run the tour on it, as the
    page tells; and what that sends."""
    mine = {'Bucket': 'mine', 'Key': 'key'}
    s3.create_bucket(Bucket='mine')
    s3.put_object(Body='dear', **mine)
    code = compile(blocks('Go on to real AWS')[0], 'real_tour.py', 'exec')
    stdout = io.StringIO()

    def run(*args):
        argv = mock.patch.object(sys, 'argv', ['real_tour.py', *args])
        session = mock.patch('boto3.DEFAULT_SESSION', None)
        with argv, session, contextlib.redirect_stdout(stdout):
            exec(code, {'__name__': '__main__'})

    with sending() as sent:
        yield run, stdout, sent
    left = [x['Name'] for x in s3.list_buckets()['Buckets']]
    assert left == ['mine']
    assert s3.get_object(**mine)['Body'].read() == b'dear'


def test_the_tour_on_an_account_leaves_it_as_it_was(account):
    run, stdout, sent = account

    run()
    run()

    assert stdout.getvalue().count('🎉 Tour complete') == 2
    assert not [line for line in sent if '/mine' in line]


@pytest.mark.parametrize('operation', ['CreateBucket', 'CopyObject'])
def test_an_exception_half_way_leaves_nothing(account, operation):
    run, _, _ = account

    def refuse(**_):
        raise KeyboardInterrupt

    with handler(f'before-send.s3.{operation}', refuse), pytest.raises(
        KeyboardInterrupt
    ):
        run()


def test_what_a_kill_leaves_is_removed_by_the_printed_command(account):
    run, stdout, sent = account

    def refuse(**_):
        raise SystemError('killed, so that clean-up fails, too')

    with handler('before-send.s3.CopyObject', refuse), handler(
        'before-send.s3.ListObjects', refuse
    ), pytest.raises(SystemError):
        run()
    told = stdout.getvalue().splitlines()[0].partition('real_tour.py ')[2]
    with pytest.raises(SystemExit):
        run(*told.split())

    allowed = json.loads(blocks('Go on to real AWS', 'json')[0])
    problems = []
    needed = json.loads(policy(sent, problems.append))
    assert problems == []
    for statement in needed['Statement']:
        same = [
            set(x['Action'])
            for x in allowed['Statement']
            if x['Resource'] == statement['Resource']
        ]
        assert set(statement['Action']) <= same[0]


def test_a_bucket_that_exists_is_refused_before_anything_is_written(
    s3, account, monkeypatch
):
    run, _, sent = account
    taken = 's3-tour-x-2'
    monkeypatch.setattr(uuid, 'uuid4', lambda: 'x')
    s3.create_bucket(Bucket=taken)

    with pytest.raises(SystemExit, match=f'{taken} exists already'):
        run()

    assert {line.split()[0] for line in sent} == {'HeadBucket'}
    s3.delete_bucket(Bucket=taken)
