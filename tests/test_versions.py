"""Tests of recipes/versions.py."""

import time
from datetime import datetime, timedelta, timezone
from itertools import repeat

import pytest

from faults import ERROR, after, denied, says
from read_write_many import SomeFailedError
from support import keys, read
from versions import (
    restore_version,
    undelete,
    undelete_prefix,
    versions_of,
)

NOW = datetime.now(timezone.utc)
LONG_AGO = NOW - timedelta(days=30)


@pytest.fixture
def mine(mine, s3):
    s3.put_bucket_versioning(
        Bucket='bucket', VersioningConfiguration={'Status': 'Enabled'}
    )
    return mine


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
null_marker = says(
    200,
    """<ListVersionsResult>
    <DeleteMarker>
        <Key>x/key</Key>
        <VersionId>null</VersionId>
        <IsLatest>true</IsLatest>
        <LastModified>2026-05-01T00:00:00.000Z</LastModified>
    </DeleteMarker>
    <Version>
        <Key>x/key</Key>
        <VersionId>1</VersionId>
        <IsLatest>false</IsLatest>
        <LastModified>2026-04-01T00:00:00.000Z</LastModified>
    </Version>
    </ListVersionsResult>""",
)


def test_a_delete_marker_with_the_id_null_is_refused(mine):
    mine.faults.come(ListObjectVersions=repeat(null_marker))
    with pytest.raises(RuntimeError, match=r'key: .* Use restore_version'):
        undelete(mine, 'bucket', 'x/key')
    with pytest.raises(SomeFailedError, match=r'key: .* Use restore_version'):
        undelete_prefix(mine, 'bucket', 'x', datetime(2026, 5, 1))
    assert 'DeleteObject' not in mine.faults.sent


def test_old_markers_below_a_version_stay(s3, mine):
    put(s3, 'key')
    remove(s3, 'key')
    put(s3, 'key')
    assert undelete(mine, 'bucket', 'key') == []
    assert undelete_prefix(mine, 'bucket', '', LONG_AGO) == []
    assert count(s3) == 3


def test_a_folder_is_undeleted_page_by_page(s3, mine, monkeypatch):
    for key in ('p/a', 'p/b', 'p/c', 'p/d', 'pq'):
        put(s3, key)
    remove(s3, 'p/a', 'p/a', 'p/c', 'p/d', 'p/never', 'pq')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    undeleted = undelete_prefix(mine, 'bucket', 'p', LONG_AGO)
    assert undeleted == ['p/a', 'p/c', 'p/d']
    monkeypatch.undo()
    assert keys(s3) == ['p/a', 'p/b', 'p/c', 'p/d']


def remove_at(s3, mine, key, when):
    """Delete a key, so that the recipe sees it deleted at that time."""
    marker = s3.delete_object(Bucket='bucket', Key=key)['VersionId']

    def set_time(parsed, **_):
        for entry in parsed.get('DeleteMarkers', []):
            if entry['VersionId'] == marker:
                entry['LastModified'] = when

    mine.meta.events.register('after-call.s3.ListObjectVersions', set_time)


def test_what_was_deleted_before_stays_deleted(s3, mine):
    since = NOW.replace(microsecond=0)
    for key, seconds in {'a': -1, 'b': 0, 'c': 1}.items():
        put(s3, key)
        remove_at(s3, mine, key, since + timedelta(seconds=seconds))
    # S3 knows no fractions of a second.
    since = since.replace(microsecond=999)
    assert undelete_prefix(mine, 'bucket', '', since) == ['b', 'c']
    assert keys(s3) == ['b', 'c']


def test_what_was_deleted_before_and_after_stays_deleted(s3, mine):
    for key in ('a', 'b'):
        put(s3, key)
    remove_at(s3, mine, 'a', LONG_AGO)
    remove(s3, 'a', 'b')
    since = NOW - timedelta(hours=1)
    assert undelete_prefix(mine, 'bucket', '', since) == ['b']
    assert keys(s3) == ['b']


@pytest.fixture
def _in_tokyo(monkeypatch):
    if not hasattr(time, 'tzset'):
        pytest.skip('Windows')
    with monkeypatch.context() as patch:
        patch.setenv('TZ', 'JST-9')
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures('_in_tokyo')
def test_a_time_without_a_zone_is_local(s3, mine):
    put(s3, 'a')
    remove_at(s3, mine, 'a', datetime(2026, 5, 1, 3, tzinfo=timezone.utc))
    later, noon = datetime(2026, 5, 1, 12, 1), datetime(2026, 5, 1, 12)
    assert undelete_prefix(mine, 'bucket', '', later) == []
    assert undelete_prefix(mine, 'bucket', '', noon) == ['a']


def test_all_markers_are_listed_before_one_is_removed(s3, mine, monkeypatch):
    for key in ('a', 'b', 'c'):
        put(s3, key)
        remove(s3, key)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    undelete_prefix(mine, 'bucket', '', LONG_AGO)
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
        undelete_prefix(mine, 'bucket', '', LONG_AGO)
    assert {**error.value.errors}.keys() == {'b'}
    assert error.value.done == keys(s3) == ['a', 'c']


def test_what_concerns_all_markers_ends_it_at_once(s3, mine):
    for key in ('a', 'b', 'c'):
        put(s3, key)
        remove(s3, key)
    expired = says(400, ERROR.format('ExpiredToken'))
    mine.faults.come(DeleteObject=repeat(expired))
    with pytest.raises(SomeFailedError) as error:
        undelete_prefix(mine, 'bucket', '', LONG_AGO, threads=1)
    assert error.value.stopped
    assert error.value.done == []
    assert mine.faults.sent.count('ListObjectVersions') == 1


def test_a_folder_without_versions_is_an_error(s3, mine):
    put(s3, 'a/b')
    with pytest.raises(LookupError, match="no version is below '/a/'"):
        undelete_prefix(mine, 'bucket', '/a', LONG_AGO)
    with pytest.raises(SomeFailedError, match='NoSuchBucket'):
        undelete_prefix(mine, 'no-such-bucket', 'a', LONG_AGO)


@pytest.mark.parametrize('page_size', ['1', '1000'])
def test_versions_are_those_of_one_key_newest_first(
    s3, mine, monkeypatch, page_size
):
    first, second = put(s3, 'key', b'1'), put(s3, 'key', b'22')
    remove(s3, 'key')
    for number in range(5):
        put(s3, f'key-{number}')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', page_size)
    listed = versions_of(mine, 'bucket', 'key')
    assert [x.get('Size') for x in listed] == [None, 2, 1]
    assert [x['VersionId'] for x in listed][1:] == [second, first]
    assert len(mine.faults.sent) <= 4, 'no page of other keys but one'
    assert versions_of(mine, 'bucket', 'ke') == []


def test_a_restored_version_is_a_copy_on_top(s3, mine):
    old = put(s3, 'key', b'old')
    put(s3, 'key', b'new')
    new_id = restore_version(mine, 'bucket', 'key', old)
    assert read(s3) == b'old'
    assert (head(s3)['VersionId'], count(s3)) == (new_id, 3)


def test_a_restored_version_keeps_class_key_and_metadata(s3, mine):
    kept = {
        'ContentType': 'text/csv',
        'Metadata': {'a': '1'},
        'StorageClass': 'STANDARD_IA',
        'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'a-key',
        'BucketKeyEnabled': True,
        'WebsiteRedirectLocation': '/there',
    }
    old = put(s3, 'key', **kept)
    put(s3, 'key')
    restore_version(mine, 'bucket', 'key', old)
    assert {x: head(s3)[x] for x in kept} == kept
