"""Recipes that change or delete, on a real S3 server."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest

from delete_folder import delete_folder, empty_bucket
from metadata_and_tags import add_tags, change_metadata
from read_write_many import SomeFailedError
from safe_writes import create_once, delete_if_match, update
from versions import undelete, undelete_prefix, versions_of

HOUR_AGO = datetime.now(timezone.utc) - timedelta(hours=1)


def versioned(s3, bucket, status='Enabled'):
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={'Status': status}
    )


@pytest.mark.parametrize('dropped', ['If-Match', 'x-amz-copy-source-if-match'])
def test_either_condition_alone_keeps_what_others_store(s3, dropped):
    bucket = f'reports-{dropped.lower()}'
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key='key', Body=b'1', Metadata={'a': '1'})
    theirs = [b'2']

    def replace(params, **_):
        del params['headers'][dropped]
        if theirs:
            s3.put_object(
                Bucket=bucket,
                Key='key',
                Body=theirs.pop(),
                Metadata={'c': '1'},
            )

    s3.meta.events.register('before-call.s3.CopyObject', replace)
    merged = change_metadata(s3, bucket, 'key', {'b': '2'})
    assert merged == {'b': '2', 'c': '1'}
    response = s3.get_object(Bucket=bucket, Key='key')
    assert response['Metadata'] == merged
    assert response['Body'].read() == b'2'
    assert add_tags(s3, bucket, 'key', {'d': '1'}) == {'d': '1'}


def test_a_file_name_that_is_not_ascii_stays(s3, bucket):
    name = 'attachment; filename="M\xfcller \u5c0f.pdf"'
    put = {'Bucket': bucket, 'Key': 'key', 'ContentDisposition': name}
    s3.put_object(**put, Body=b'1')
    before = s3.head_object(Bucket=bucket, Key='key')['ContentDisposition']
    assert before == name.encode().decode('latin-1')
    for number in '12':
        change_metadata(s3, bucket, 'key', {'a': number})
        update(s3, bucket, 'key', lambda body: body + b'1')
    head = s3.head_object(Bucket=bucket, Key='key')
    assert head['ContentDisposition'] == before


def test_locks_of_8_threads_exclude_each_other(s3):
    s3.create_bucket(Bucket='locks')
    inside, most = [], []

    def work(number):
        for turn in range(5):
            body = f'{number} {turn}'.encode()
            etag = None
            while etag is None:
                etag = create_once(s3, 'locks', 'lock', body)
            inside.append(number)
            most.append(len(inside))
            inside.remove(number)
            assert delete_if_match(s3, 'locks', 'lock', etag)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (len(most), max(most)) == (40, 1)


def test_a_conditional_delete_tells_changed_from_gone(s3):
    s3.create_bucket(Bucket='deletes')
    old = s3.put_object(Bucket='deletes', Key='key', Body=b'1')['ETag']
    new = s3.put_object(Bucket='deletes', Key='key', Body=b'2')['ETag']
    assert delete_if_match(s3, 'deletes', 'key', old) is False
    assert delete_if_match(s3, 'deletes', 'key', new) is True
    assert delete_if_match(s3, 'deletes', 'key', new) is True


@pytest.fixture
def pages_of_100(s3):
    """Listings of versions have 100 entries at most, not 1,000."""

    def limit(params, **_):
        params['MaxKeys'] = 100

    name = 'before-parameter-build.s3.ListObjectVersions'
    s3.meta.events.register(name, limit)


@pytest.mark.usefixtures('pages_of_100')
def test_250_objects_are_undeleted(s3):
    s3.create_bucket(Bucket='undeleted')
    versioned(s3, 'undeleted')
    keys = [f'p/{number:04}' for number in range(250)]

    def delete(key):
        s3.put_object(Bucket='undeleted', Key=key, Body=key.encode())
        s3.delete_object(Bucket='undeleted', Key=key)
        if key.endswith('7'):
            s3.delete_object(Bucket='undeleted', Key=key)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(delete, [*keys, 'q']))
    assert undelete_prefix(s3, 'undeleted', 'p', HOUR_AGO) == keys
    paginator = s3.get_paginator('list_objects_v2')
    listed = paginator.paginate(Bucket='undeleted').build_full_result()
    assert [entry['Key'] for entry in listed['Contents']] == keys


def test_only_what_was_deleted_since_is_undeleted(s3):
    s3.create_bucket(Bucket='since')
    versioned(s3, 'since')
    for key in ('old', 'new'):
        s3.put_object(Bucket='since', Key=key)
    s3.delete_object(Bucket='since', Key='old')
    time.sleep(1.1)
    since = datetime.now()
    s3.delete_object(Bucket='since', Key='old')
    s3.delete_object(Bucket='since', Key='new')
    assert undelete_prefix(s3, 'since', '', since) == ['new']
    kinds = ['Size' in x for x in versions_of(s3, 'since', 'old')]
    assert kinds == [False, True]


def test_a_delete_marker_with_the_id_null_is_refused(s3):
    s3.create_bucket(Bucket='suspended')
    versioned(s3, 'suspended')
    s3.put_object(Bucket='suspended', Key='key')
    versioned(s3, 'suspended', 'Suspended')
    s3.delete_object(Bucket='suspended', Key='key')
    with pytest.raises(RuntimeError, match='has the id null'):
        undelete(s3, 'suspended', 'key')
    with pytest.raises(SomeFailedError, match='has the id null'):
        undelete_prefix(s3, 'suspended', '', HOUR_AGO)


def test_removing_by_the_id_null_hits_what_was_just_stored(s3):
    """Why `undelete` refuses it."""
    s3.create_bucket(Bucket='null')
    versioned(s3, 'null', 'Suspended')
    s3.delete_object(Bucket='null', Key='key')
    s3.put_object(Bucket='null', Key='key', Body=b'new')
    s3.delete_object(Bucket='null', Key='key', VersionId='null')
    assert 'Versions' not in s3.list_object_versions(Bucket='null')


@pytest.mark.usefixtures('pages_of_100')
def test_500_versions_with_a_hold_empty_to_the_held_one(s3):
    s3.create_bucket(Bucket='held', ObjectLockEnabledForBucket=True)

    def put(number):
        key = f'many/{number % 180}'
        return key, s3.put_object(Bucket='held', Key=key)['VersionId']

    with ThreadPoolExecutor(20) as pool:
        key, version_id = list(pool.map(put, range(500)))[7]
    s3.put_object_legal_hold(
        Bucket='held',
        Key=key,
        VersionId=version_id,
        LegalHold={'Status': 'ON'},
    )
    s3.delete_object(Bucket='held', Key='many/8')
    with pytest.raises(SomeFailedError, match='AccessDenied') as error:
        empty_bucket(s3, 'held')
    assert list(error.value.errors) == [f'{key} ({version_id})']
    page = s3.list_object_versions(Bucket='held')
    assert [entry['VersionId'] for entry in page['Versions']] == [version_id]
    assert 'DeleteMarkers' not in page


def test_a_folder_without_versioning_goes_and_its_neighbours_stay(s3, bucket):
    for key in ('site/a', 'site/b/c', 'site-old/a', 'site'):
        s3.put_object(Bucket=bucket, Key=key)
    assert delete_folder(s3, bucket, 'site') == 2
    page = s3.list_objects_v2(Bucket=bucket)
    kept = {entry['Key'] for entry in page['Contents']}
    assert kept == {'site', 'site-old/a'}


def test_a_key_that_the_server_lists_wrongly_is_told(s3, bucket):
    s3.put_object(Bucket=bucket, Key='b\x01')
    with pytest.raises(SomeFailedError, match='lists it after each deletion'):
        empty_bucket(s3, bucket)


def test_8_threads_create_once_and_count_without_loss(s3, bucket):
    def count(_):
        created = create_once(s3, bucket, 'visits', b'0')
        for _ in range(25):
            update(s3, bucket, 'visits', lambda body: b'%d' % (int(body) + 1))
        return created

    with ThreadPoolExecutor(8) as pool:
        etags = list(pool.map(count, range(8)))
    assert etags.count(None) == 7
    body = s3.get_object(Bucket=bucket, Key='visits')['Body'].read()
    assert body == b'200'
