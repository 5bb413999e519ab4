"""Tests of recipes/versions.py."""

from itertools import repeat

import boto3
import pytest

import faults
from faults import after, denied, says
from read_write_many import SomeFailedError
from support import keys, read
from versions import restore_version, undelete, undelete_prefix


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


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(Bucket='bucket')
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


def test_undeleting_takes_no_other_key_for_it(s3, mine):
    for key in ('key', 'key-2'):
        put(s3, key)
        remove(s3, key, key)
    assert len(undelete(mine, 'bucket', 'key')) == 2
    assert undelete(mine, 'bucket', 'key') == []
    assert keys(s3) == ['key']


@pytest.mark.parametrize('key', ['key', 'ke'])
def test_what_has_no_version_left_cannot_be_undeleted(s3, mine, key):
    version_id = put(s3, 'key')
    remove(s3, 'key')
    s3.delete_object(Bucket='bucket', Key='key', VersionId=version_id)
    put(s3, 'key-2')
    with pytest.raises(LookupError, match=f'bucket/{key}: no version is left'):
        undelete(mine, 'bucket', key)
    assert count(s3) == 2


def test_what_others_store_while_it_is_undeleted_stays(s3, mine):
    put(s3, 'key', b'old')
    remove(s3, 'key')
    theirs = after(lambda: put(s3, 'key', b'theirs'))
    mine.faults.come(DeleteObject=[theirs])
    undelete(mine, 'bucket', 'key')
    assert (read(s3), count(s3)) == (b'theirs', 2)


# moto has no such delete markers.
ENTRY = (
    '<{}><Key>key</Key><VersionId>{}</VersionId><IsLatest>{}</IsLatest></{}>'
)


NULL = ENTRY.format('DeleteMarker', 'null', 'true', 'DeleteMarker')


NULL += ENTRY.format('Version', '1', 'false', 'Version')


null_marker = says(200, f'<ListVersionsResult>{NULL}</ListVersionsResult>')


def test_a_delete_marker_with_the_id_null_is_refused(mine):
    mine.faults.come(ListObjectVersions=repeat(null_marker))
    with pytest.raises(RuntimeError, match=r'key: .* Use restore_version'):
        undelete(mine, 'bucket', 'key')
    with pytest.raises(SomeFailedError, match=r'key: .* Use restore_version'):
        undelete_prefix(mine, 'bucket', 'k')
    assert 'DeleteObject' not in mine.faults.sent


def test_old_markers_below_a_version_stay(s3, mine):
    put(s3, 'key')
    remove(s3, 'key')
    put(s3, 'key')
    assert undelete(mine, 'bucket', 'key') == []
    assert undelete_prefix(mine, 'bucket', '') == []
    assert count(s3) == 3


def test_a_prefix_is_undeleted_page_by_page(s3, mine, monkeypatch):
    for key in ('p/a', 'p/b', 'p/c', 'p/d', 'q'):
        put(s3, key)
    remove(s3, 'p/a', 'p/a', 'p/c', 'p/d', 'p/never', 'q')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    assert undelete_prefix(mine, 'bucket', 'p/') == ['p/a', 'p/c', 'p/d']
    monkeypatch.undo()
    assert keys(s3) == ['p/a', 'p/b', 'p/c', 'p/d']


def test_all_markers_are_listed_before_one_is_removed(s3, mine, monkeypatch):
    for key in ('a', 'b', 'c'):
        put(s3, key)
        remove(s3, key)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    undelete_prefix(mine, 'bucket', '')
    first = mine.faults.sent.index('DeleteObject')
    assert mine.faults.sent[:first] == ['ListObjectVersions'] * 3


def test_markers_that_stay_are_named_and_the_others_go(s3, mine):
    def deny_b(request, work):
        denies = '/b?' in request.url
        return denied(request, work) if denies else work()

    for key in ('a', 'b', 'c'):
        put(s3, key)
        remove(s3, key)
    mine.faults.come(DeleteObject=repeat(deny_b))
    with pytest.raises(SomeFailedError) as error:
        undelete_prefix(mine, 'bucket', '')
    assert {**error.value.errors}.keys() == {'b'}
    assert error.value.done == keys(s3) == ['a', 'c']


def test_a_restored_version_is_a_copy_on_top(s3, mine):
    old = put(s3, 'key', b'old')
    put(s3, 'key', b'new')
    new_id = restore_version(mine, 'bucket', 'key', old)
    assert read(s3) == b'old'
    assert (head(s3)['VersionId'], count(s3)) == (new_id, 3)
