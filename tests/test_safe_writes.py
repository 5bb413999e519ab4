"""Tests of recipes/safe_writes.py."""

import uuid
from itertools import repeat

import pytest

from faults import ERROR, after, conflict, lost, says
from safe_writes import MARKS, create_once, delete_if_match, update
from support import read

changed = says(412, ERROR.format('PreconditionFailed'))


def put(s3, key, body=b'', **kwargs):
    s3.put_object(Bucket='bucket', Key=key, Body=body, **kwargs)


def remove(s3, key):
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


ETAG = '"918b81db5e91d031548b963c93845e5b"'  # the MD5 of `mine`
ACTS = [
    (create, 'PutObject', ETAG),
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
    assert max(waits) <= 1


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
    assert create(mine) is None
    assert read(s3) == b'theirs'


@pytest.mark.parametrize('fault', [None, lost])
def test_what_was_created_is_known_by_its_etag(s3, mine, fault):
    """Also after a lost response."""
    mine.faults.come(PutObject=[fault])
    assert create(mine) == head(s3)['ETag'] == ETAG
    assert head(s3)['ContentType'] == 'application/octet-stream'


def test_what_others_delete_meanwhile_is_created(s3, mine):
    put(s3, 'key')
    mine.faults.come(HeadObject=[after(lambda: remove(s3, 'key'))])
    assert create(mine) == ETAG


def test_what_others_have_updated_since_is_not_deleted(s3, mine):
    """The response gets lost, and by the time it looks, others were here."""
    others = after(lambda: update(s3, 'bucket', 'key', lambda _: b'theirs'))
    mine.faults.come(PutObject=[lost], HeadObject=[others])
    etag = create(mine)
    assert etag is not None, 'it has created it'
    assert delete_if_match(mine, 'bucket', 'key', etag) is False
    assert read(s3) == b'theirs'


def lock(s3):
    return create_once(s3, 'bucket', 'lock', uuid.uuid4().bytes)


def test_a_lock_of_somebody_else_is_not_released(s3, mine):
    etag = lock(mine)
    assert lock(s3) is None
    remove(s3, 'lock')  # somebody takes it for an old one
    theirs = lock(s3)
    assert delete_if_match(mine, 'bucket', 'lock', etag) is False
    assert delete_if_match(s3, 'bucket', 'lock', theirs) is True


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


def test_an_update_gives_up_where_others_are_always_first(s3, mine, waits):
    put(s3, 'key', b'0')
    mine.faults.come(PutObject=repeat(after(lambda: increase(s3))))
    with pytest.raises(RuntimeError, match='bucket/key: others were first'):
        increase(mine)
    assert read(s3) == b'20'
    assert max(waits) <= 1


def test_an_update_keeps_headers_class_key_and_metadata(s3, mine):
    kept = {
        'CacheControl': 'no-cache',
        'ContentDisposition': 'inline',
        'ContentEncoding': 'gzip',
        'ContentLanguage': 'de',
        'ContentType': 'text/plain',
        'StorageClass': 'STANDARD_IA',
        'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'a-key',
        'BucketKeyEnabled': True,
        'WebsiteRedirectLocation': '/there',
        'Expires': 'Thu, 01 Jan 2032 00:00:00 GMT',
    }
    put(s3, 'key', b'0', Metadata={'a': '1'}, **kept)
    before = head(s3)
    increase(mine)
    assert {x: head(s3)[x] for x in kept} == {x: before[x] for x in kept}
    assert head(s3)['Metadata']['a'] == '1'


def test_an_update_keeps_16_marks(s3, mine):
    put(s3, 'key', b'0')
    for _ in range(20):
        increase(mine)
    marks = head(s3)['Metadata'][MARKS].split()
    assert len({*marks}) == 16, 'or the metadata is full one day'
    increase(mine)
    assert head(s3)['Metadata'][MARKS].split()[:-1] == marks[1:]


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
