"""Tests of recipes/safe_writes.py."""

from itertools import repeat

import boto3
import pytest

import faults
from faults import ERROR, after, conflict, lost, says
from safe_writes import MARKS, create_once, delete_if_match, update
from support import read

changed = says(412, ERROR.format('PreconditionFailed'))


@pytest.fixture
def mine(s3, waits):
    """The client of a recipe, and a bucket; `s3` is somebody else's."""
    s3.create_bucket(Bucket='bucket', ObjectLockEnabledForBucket=True)
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = faults.Faults()
    client.faults.watch(client)
    return client


def put(s3, key, body=b'', **kwargs):
    response = s3.put_object(Bucket='bucket', Key=key, Body=body, **kwargs)
    return response['VersionId']


def remove(s3, *keys):
    for key in keys:
        s3.delete_object(Bucket='bucket', Key=key)


def head(s3):
    return s3.head_object(Bucket='bucket', Key='key')


def add_one(body):
    return b'%d' % (int(body) + 1)


def increase(s3):
    return update(s3, 'bucket', 'key', add_one)


def create(s3):
    return create_once(s3, 'bucket', 'key', b'mine')


def delete_old(s3):
    etag = s3.head_object(Bucket='bucket', Key='key')['ETag']
    return delete_if_match(s3, 'bucket', 'key', etag)


ACTS = [
    (create, 'PutObject', True),
    (increase, 'PutObject', b'1'),
    (delete_old, 'DeleteObject', True),
]


@pytest.mark.parametrize(('act', 'operation', 'result'), ACTS)
def test_conflicts_are_tried_again(s3, mine, waits, act, operation, result):
    if act is not create:
        put(s3, 'key', b'0')
    mine.faults.come(**{operation: [conflict] * 5})
    assert act(mine) == result
    assert len(set(waits)) == 5, 'pauses differ'


@pytest.mark.parametrize(('act', 'operation', '_result'), ACTS)
def test_conflicts_that_do_not_end_are_an_error(
    s3, mine, act, operation, _result
):
    put(s3, 'key', b'0')
    mine.faults.come(**{operation: repeat(conflict)})
    with pytest.raises(RuntimeError, match=r'bucket/key: .* Try later'):
        act(mine)
    assert read(s3) == b'0'


def test_what_others_create_first_stays(s3, mine):
    mine.faults.come(PutObject=[after(lambda: put(s3, 'key', b'theirs'))])
    assert create(mine) is False
    assert read(s3) == b'theirs'


def test_what_was_created_is_known_after_a_lost_response(mine):
    mine.faults.come(PutObject=[lost])
    assert create(mine) is True


def test_what_others_delete_meanwhile_is_created(s3, mine):
    put(s3, 'key')
    mine.faults.come(HeadObject=[after(lambda: remove(s3, 'key'))])
    assert create(mine) is True


def test_an_update_goes_on_from_what_others_wrote(s3, mine):
    put(s3, 'key', b'0')
    mine.faults.come(PutObject=[after(lambda: increase(s3))] * 8)
    assert increase(mine) == b'9'


def test_a_lost_update_is_not_made_twice(s3, mine):
    put(s3, 'key', b'0')
    # Others go on from it before this one looks: its first GET is its own.
    others = after(lambda: increase(s3))
    mine.faults.come(PutObject=[lost], GetObject=[None, others])
    assert increase(mine) == b'1'
    assert read(s3) == b'2'


def test_an_update_gives_up_where_others_are_always_first(s3, mine):
    put(s3, 'key', b'0')
    mine.faults.come(PutObject=repeat(after(lambda: increase(s3))))
    with pytest.raises(RuntimeError, match='bucket/key: others were first'):
        increase(mine)
    assert read(s3) == b'20'


def test_an_update_keeps_type_metadata_and_16_marks(s3, mine):
    put(s3, 'key', b'0', ContentType='text/plain', Metadata={'a': '1'})
    for _ in range(20):
        increase(mine)
    metadata = head(s3)['Metadata']
    assert len(metadata.pop(MARKS).split()) == 16, 'or it is full one day'
    assert metadata == {'a': '1'}
    assert head(s3)['ContentType'] == 'text/plain'


def test_what_others_changed_is_not_deleted(s3, mine):
    put(s3, 'key', b'0')
    others = after(lambda: put(s3, 'key', b'theirs'))
    mine.faults.come(DeleteObject=[others])
    assert delete_old(mine) is False
    assert read(s3) == b'theirs'


@pytest.mark.parametrize('fault', [lost, changed])
def test_what_is_gone_counts_as_deleted(s3, mine, fault):
    """A lost response, and a server that says 412 of what is not there."""
    put(s3, 'key', b'0')
    etag = head(s3)['ETag']
    if fault is changed:
        remove(s3, 'key')
    mine.faults.come(DeleteObject=[fault])
    assert delete_if_match(mine, 'bucket', 'key', etag) is True
