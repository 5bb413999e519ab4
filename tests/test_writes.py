"""What recipes promise besides where S3 misbehaves.

Nothing is lost, nothing is done twice, nothing of others is touched, it
ends, and an error names the key.
"""

import time
from itertools import repeat

import boto3
import faults
import pytest
from faults import after, conflict, lost

from recipes import safe_writes, versions
from recipes.empty_bucket import delete, empty
from recipes.metadata_and_tags import change_metadata

B = {'Bucket': 'bucket'}
HERE = {'Bucket': 'bucket', 'Key': 'key'}
AT = ('bucket', 'key')
LARGE = 9 * 1024 * 1024


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How long recipe and boto3 would have waited, in seconds."""
    waited = []
    monkeypatch.setattr(time, 'sleep', waited.append)
    return waited


@pytest.fixture
def mine(s3):
    """The client of a recipe, and a bucket; `s3` is somebody else's."""
    s3.create_bucket(ObjectLockEnabledForBucket=True, **B)
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = faults.Faults()
    client.faults.watch(client)
    return client


def put(s3, *keys, **kwargs):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        s3.put_object(Key=key, **{'Body': key.encode(), **B, **kwargs})


def read(s3, key='key'):
    return s3.get_object(Key=key, **B)['Body'].read()


def keys(s3):
    page = s3.list_objects_v2(**B)
    return [entry['Key'] for entry in page.get('Contents', [])]


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(**B)
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


def add_one(body):
    return b'%d' % (int(body) + 1)


def test_all_that_metadata_has_is_kept(s3, mine):
    kept = {
        'CacheControl': 'no-cache',
        'ContentDisposition': 'inline',
        'ContentEncoding': 'gzip',
        'ContentLanguage': 'de',
        'ContentType': 'text/csv',
        'StorageClass': 'STANDARD_IA',
        'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'a-key',
        'BucketKeyEnabled': True,
        'WebsiteRedirectLocation': '/there',
        'Expires': 'Thu, 01 Jan 2032 00:00:00 GMT',
    }
    put(s3, 'key', Metadata={'a': '1', 'b': '1'}, Tagging='c=1', **kept)
    before = s3.head_object(**HERE)
    assert change_metadata(mine, *AT, {'b': '2'}) == {'a': '1', 'b': '2'}
    there = s3.head_object(**HERE)
    assert {x: there.get(x) for x in kept} == {x: before.get(x) for x in kept}
    change_metadata(mine, *AT, {}, content_type='text/plain')
    assert s3.head_object(**HERE)['ContentType'] == 'text/plain'
    assert len(s3.get_object_tagging(**HERE)['TagSet']) == 1


def test_conflicts_are_tried_again_and_end(mine, waits):
    for act, result in (
        (lambda: safe_writes.create_once(mine, *AT, b'0'), True),
        (lambda: safe_writes.update(mine, *AT, add_one), b'1'),
    ):
        mine.faults.come(PutObject=[conflict] * 5)
        assert act() == result
        mine.faults.come(PutObject=repeat(conflict))
        with pytest.raises(RuntimeError, match=r'bucket/key: .* Try later'):
            act()
        assert len(set(waits)) == 5 + safe_writes.TRIES, 'pauses differ'
        waits.clear()


def test_others_are_neither_lost_nor_counted_twice(s3, mine):
    first = after(lambda: put(s3, 'key', Body=b'theirs'))
    mine.faults.come(PutObject=[first])
    assert safe_writes.create_once(mine, *AT, b'mine') is False
    # It is there, and somebody deletes it before we look: it is free again.
    deleted = after(lambda: s3.delete_object(**HERE))
    mine.faults.come(HeadObject=[deleted])
    assert safe_writes.create_once(mine, *AT, b'mine') is True
    kept = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(s3, 'key', Body=b'0', **kept)
    others = after(lambda: safe_writes.update(s3, *AT, add_one))
    mine.faults.come(PutObject=[others] * 8)
    assert safe_writes.update(mine, *AT, add_one) == b'9'
    # Ours is stored, its response gets lost, and others go on from there
    # before we look: the first GET is that of the update itself.
    mine.faults.come(PutObject=[lost], GetObject=[None, others])
    assert safe_writes.update(mine, *AT, add_one) == b'10'
    assert read(s3) == b'11'
    for _ in range(20):
        safe_writes.update(s3, *AT, add_one)
    there = s3.head_object(**HERE)
    marks = there['Metadata'].pop(safe_writes.MARKS).split()
    assert len(marks) == 16, 'or the metadata would be full one day'
    assert {name: there[name] for name in kept} == kept
    mine.faults.come(PutObject=repeat(others))
    with pytest.raises(RuntimeError, match='bucket/key: others were first'):
        safe_writes.update(mine, *AT, add_one)


def emptied(client, prefix=''):
    return [(x['Key'], x['Code']) for x in empty(client, 'bucket', prefix)]


def test_emptying_goes_on_behind_what_is_refused(s3, mine, monkeypatch):
    """18 of 68 are held; a page of 20 stands for one of 1,000."""
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '20')
    held = sorted(f'a{number}' for number in range(18))
    put(s3, *held)
    for key in held:
        s3.put_object_legal_hold(LegalHold={'Status': 'ON'}, Key=key, **B)
    put(s3, *['b'] * 30, *[f'c{number}' for number in range(20)])
    assert emptied(mine) == [(key, 'AccessDenied') for key in held]
    assert mine.faults.sent.count('DeleteObjects') <= 8
    assert count(s3) == 18


def test_emptying_ends_with_nothing_or_with_its_reasons(s3, mine):
    put(s3, 'key', 'a<&>"b')
    mine.faults.come(DeleteObjects=[faults.throttled] * 4)
    assert (emptied(mine), count(s3)) == ([], 0)
    put(s3, 'key')
    mine.faults.come(DeleteObjects=repeat(faults.throttled))
    assert emptied(mine) == [('key', 'SlowDown')]
    mine.faults.come(DeleteObjects=repeat(faults.confirmed_only))
    assert emptied(mine) == [('key', 'StillThere')]
    # XML cannot name this one, and moto cannot list its versions.
    put(s3, 'a\x01b')
    odd = ('a\x01b', s3.head_object(Key='a\x01b', **B)['VersionId'])
    mine.faults.come()
    assert delete(mine, 'bucket', {odd}) == {}
    assert (mine.faults.sent, count(s3)) == (['DeleteObject'], 1)


def test_undeleting_takes_no_other_key_for_it(s3, mine):
    put(s3, 'key', 'key-2')
    version = s3.head_object(**HERE)['VersionId']
    for key in ('key', 'key', 'key-2'):
        s3.delete_object(Key=key, **B)
    assert len(versions.undelete(mine, *AT)) == 2
    assert keys(s3) == ['key']
    s3.delete_object(**HERE)
    s3.delete_object(VersionId=version, **HERE)
    with pytest.raises(LookupError, match='bucket/key: no version is left'):
        versions.undelete(mine, *AT)
    assert count(s3) == 3
