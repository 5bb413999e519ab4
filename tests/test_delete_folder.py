"""Tests of recipes/delete_folder.py."""

import pickle
from itertools import repeat

import boto3
import pytest

import faults
from delete_folder import delete, empty
from faults import ERROR, denied, says
from read_write_many import SomeFailedError
from support import keys


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


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(Bucket='bucket')
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


def refusals(s3, prefix=''):
    """Empty a bucket; return what is left, with the code of each error."""
    with pytest.raises(SomeFailedError) as error:
        empty(s3, 'bucket', prefix)
    return {
        name: error.response['Error']['Code']
        for name, error in pickle.loads(
            pickle.dumps(error.value)
        ).errors.items()
    }


def test_emptying_goes_on_behind_what_is_held(s3, mine, monkeypatch):
    held = {}
    for number in range(18):
        held[f'a{number} ({put(s3, f"a{number}")})'] = 'AccessDenied'
        s3.put_object_legal_hold(
            Bucket='bucket', Key=f'a{number}', LegalHold={'Status': 'ON'}
        )
    for number in range(50):
        put(s3, f'b{number % 20}')
    remove(s3, 'a0', 'b0')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '20')
    assert refusals(mine) == held
    assert mine.faults.sent.count('DeleteObjects') == 4
    monkeypatch.undo()
    assert count(s3) == 18


def test_the_next_page_is_listed_before_one_is_deleted(s3, mine, monkeypatch):
    """Some servers skip entries behind one that is gone."""
    for key in ('a', 'b', 'c'):
        put(s3, key)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    empty(mine, 'bucket')
    listed, deleted = 'ListObjectVersions', 'DeleteObjects'
    order = [listed, listed, deleted, listed, deleted, deleted, listed]
    assert mine.faults.sent == order


def test_what_is_throttled_is_deleted_at_last(s3, mine):
    put(s3, 'key')
    put(s3, 'a<&>"b')
    mine.faults.come(DeleteObjects=[faults.throttled] * 4)
    empty(mine, 'bucket')
    assert count(s3) == 0


@pytest.mark.parametrize(
    ('fault', 'code'),
    [(faults.throttled, 'SlowDown'), (faults.confirmed_only, 'StillThere')],
)
def test_what_stays_is_named_with_its_reason(s3, mine, fault, code):
    name = f'key ({put(s3, "key")})'
    mine.faults.come(DeleteObjects=repeat(fault))
    assert refusals(mine) == {name: code}
    assert mine.faults.sent.count('DeleteObjects') == 5


def test_a_refusal_keeps_its_reason_while_others_are_tried(s3, mine):
    names = [f'{key} ({put(s3, key)})' for key in ('a', 'key')]
    both = ERROR.format('AccessDenied').replace('>key<', '>a<')
    both += ERROR.format('SlowDown')
    first = says(200, faults.BATCH.format(both))
    mine.faults.come(DeleteObjects=[first] + [faults.throttled] * 4)
    assert refusals(mine) == dict(zip(names, ['AccessDenied', 'SlowDown']))


def test_without_versioning_a_refusal_has_the_key_as_its_name(s3, mine):
    s3.create_bucket(Bucket='plain')
    s3.put_object(Bucket='plain', Key='key')
    mine.faults.come(DeleteObjects=repeat(faults.throttled))
    with pytest.raises(SomeFailedError) as error:
        empty(mine, 'plain')
    assert list(error.value.errors) == ['key']


def test_a_key_that_xml_cannot_name_is_deleted_alone(s3, mine):
    """Given by hand, since moto cannot list its versions."""
    batch = [(key, put(s3, key)) for key in ('a', 'b\x01')]
    assert delete(mine, 'bucket', batch) == {}
    assert mine.faults.sent == ['DeleteObject', 'DeleteObjects']
    assert count(s3) == 0
    mine.faults.come(DeleteObject=repeat(denied))
    assert list(delete(mine, 'bucket', batch)) == [batch[1]]


def test_other_prefixes_and_unfinished_uploads_stay(s3, mine):
    for key in ('p/a', 'p-old/b', 'q'):
        put(s3, key)
    s3.create_multipart_upload(Bucket='bucket', Key='p/c')
    empty(mine, 'bucket', 'p/')
    assert keys(s3) == ['p-old/b', 'q']
    assert len(s3.list_multipart_uploads(Bucket='bucket')['Uploads']) == 1
