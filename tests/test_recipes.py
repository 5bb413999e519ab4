"""Recipes where one run, as test_page.py has it, does not show enough."""

import contextlib
import io
import json
import os
import sys
import uuid
from unittest import mock

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from page import BLOCK, PAGE, policy
from support import ROOT, handler, refuse, run_python, sending

from main_aws_s3 import closed_world

LOCKED = 'my-locked-bucket'
README = (ROOT / PAGE).read_text(encoding='utf-8')


def blocks(title, language='python'):
    """The blocks of that language under a heading of the page."""
    part = README.partition(f'# {title}\n')[2].partition('\n##')[0]
    return [text for kind, text in BLOCK.findall(part) if kind == language]


def names_of(title):
    """What a recipe has defined, once it has run."""
    names = {'print': lambda *_: None}
    exec(blocks(title)[0], names)
    return names


@pytest.fixture
def s3():
    with closed_world():
        yield boto3.client('s3', region_name='us-east-1')


@pytest.fixture
def empty(s3):
    """That recipe's function; and make a bucket that may hold objects."""
    s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
    return names_of('Empty a bucket of any size')['empty']


def put(s3, *keys, hold=None):
    for key in keys:
        version = s3.put_object(Bucket=LOCKED, Key=key)['VersionId']
        this = {'Bucket': LOCKED, 'Key': key, 'VersionId': version}
        if hold:
            s3.put_object_legal_hold(LegalHold={'Status': 'ON'}, **this)


def test_emptying_2500_entries_leaves_exactly_the_held_one(s3, empty):
    put(s3, *['often'] * 299)
    put(s3, 'often', hold=True)
    many = [{'Key': f'many/{number}'} for number in range(550)]
    put(s3, *[key['Key'] for key in many])
    for _ in range(3):  # each adds a delete marker to each key
        s3.delete_objects(Bucket=LOCKED, Delete={'Objects': many})
    errors = list(empty(s3, LOCKED))
    assert [x['Code'] for x in errors] == ['AccessDenied']
    left = s3.list_object_versions(Bucket=LOCKED)
    assert [x['Key'] for x in left['Versions']] == ['often']
    assert 'DeleteMarkers' not in left
    hold = s3.get_object_legal_hold(Bucket=LOCKED, Key='often')['LegalHold']
    assert hold == {'Status': 'ON'}


def test_emptying_ends_where_everything_is_refused(s3, empty, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    put(s3, *'abbce', hold=True)
    put(s3, 'd')
    assert [x['Key'] for x in empty(s3, LOCKED)] == ['a', 'b', 'b', 'c', 'e']


@pytest.mark.skipif(sys.version_info < (3, 9), reason='moto ignores IfMatch')
def test_a_counter_counts_what_others_add_in_between(s3):
    """Each makes an attempt fail, as does a request that collides."""
    names = names_of('Write only if nobody else has')
    others, counter = ['0'], {**names['visits'], 's3': names['s3']}
    conflict = {'Error': {'Code': 'ConditionalRequestConflict'}}

    def interfere(**_):
        body = others.pop(0) if others else None
        if body == 'collide':
            return AWSResponse('', 409, {}, None), conflict
        if body:
            s3.put_object(Body=body, **names['visits'])
        return None

    interfere()
    names['s3'].meta.events.register('before-call.s3.PutObject', interfere)
    others += [*'12345678', 'collide']
    assert names['add_one'](**counter) == 9
    others += '1234567890'
    with pytest.raises(RuntimeError) as error:
        names['add_one'](**counter)
    told = 'Others were faster ten times. Try again later.'
    assert str(error.value) == told


def allowed(policy):
    return {
        (statement['Resource'], action)
        for statement in json.loads(policy)['Statement']
        for action in statement['Action']
    }


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
    assert [x['Name'] for x in s3.list_buckets()['Buckets']] == ['mine']
    assert s3.get_object(**mine)['Body'].read() == b'dear'


def test_the_tour_on_an_account_leaves_it_as_it_was(account):
    run, stdout, sent = account
    run()
    run()
    assert stdout.getvalue().count('🎉 Tour complete') == 2
    assert not [line for line in sent if "'mine'" in line]


@pytest.mark.parametrize('operation', ['CreateBucket', 'CopyObject'])
def test_an_exception_half_way_leaves_nothing(account, operation):
    event = f'before-send.s3.{operation}'
    with handler(event, refuse), pytest.raises(RuntimeError):
        account[0]()


def test_what_a_kill_leaves_is_removed_by_the_printed_command(account):
    """Here, clean-up fails as well."""
    run, stdout, sent = account
    answer = AWSResponse('', 200, {}, None), {'Errors': ['x']}
    clean_up = handler('before-call.s3.DeleteObjects', lambda **_: answer)
    copy = handler('before-send.s3.CopyObject', refuse)
    still = r"^Still in s3-tour-.{36}-1: \['x'\]$"
    with clean_up, copy, pytest.raises(RuntimeError, match=still):
        run()
    told = stdout.getvalue().splitlines()[0].partition('real_tour.py ')[2]
    with pytest.raises(SystemExit):
        run(*told.split())
    needed = allowed(policy(sent, pytest.fail))
    assert needed <= allowed(blocks('Go on to real AWS', 'json')[0])


def test_a_bucket_that_exists_is_refused_before_anything_is_written(
    s3, account, monkeypatch
):
    monkeypatch.setattr(uuid, 'uuid4', lambda: 'x')
    s3.create_bucket(Bucket='s3-tour-x-2')
    told = r's3-tour-x-2 exists already\. Run this again\.$'
    with pytest.raises(SystemExit, match=told):
        account[0]()
    assert {line.split()[0] for line in account[2]} == {'HeadBucket'}
    s3.delete_bucket(Bucket='s3-tour-x-2')


def test_the_test_of_the_page_passes_whatever_is_set(tmp_path):
    """Around the mock, too, its fixture lets only what it sets be seen."""
    see = "print([x for x in os.environ.items() if 'AWS' in x[0]])"
    text = blocks('Test your own code')[0].replace(
        'with m', f'{see}\n    with m'
    )
    (tmp_path / 'test_mine.py').write_text(text)
    env = {'AWS_ENDPOINT_URL': 'http://[::1]:1', 'AWS_PROFILE': 'nobody'}
    run = run_python('-m', 'pytest', '-qs', cwd=tmp_path, env=env)
    assert '1 passed' in run.stdout, run.stdout
    files = 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'
    keys = 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'
    seen = {**dict.fromkeys(files, os.devnull), **dict.fromkeys(keys, 'fake')}
    assert str([*seen.items()]) in run.stdout
