"""Tests of recipes/delete_folder.py."""

import pickle
from itertools import repeat

import boto3
import pytest

import faults
from delete_folder import delete_folder, empty_bucket
from faults import BATCH, ERROR, denied, says, slow_down
from read_write_many import SomeFailedError
from support import keys

UNKNOWN = says(501, ERROR.format('NotImplemented'))  # as Cloudflare's R2


@pytest.fixture
def mine(s3, waits):
    """The client of a recipe, and a bucket; `s3` is somebody else's."""
    s3.create_bucket(Bucket='bucket', ObjectLockEnabledForBucket=True)
    s3.create_bucket(Bucket='plain')
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = faults.Faults()
    client.faults.watch(client)
    return client


def put(s3, key, bucket='bucket'):
    """Store an object; return the name that an error of it has."""
    version = s3.put_object(Bucket=bucket, Key=key).get('VersionId')
    return f'{key} ({version})' if version else key


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(Bucket='bucket')
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


def refusals(s3, bucket='bucket'):
    """Empty a bucket; return what is left, with the code of each error."""
    with pytest.raises(SomeFailedError) as error:
        empty_bucket(s3, bucket)
    errors = pickle.loads(pickle.dumps(error.value)).errors
    return {name: x.response['Error']['Code'] for name, x in errors.items()}


@pytest.mark.parametrize('prefix', ['p', 'p/'])
def test_a_folder_is_a_folder_with_or_without_its_slash(s3, mine, prefix):
    for key in ('p', 'p/a', 'p/b/c', 'p-old/b', 'q'):
        put(s3, key)
    s3.create_multipart_upload(Bucket='bucket', Key='p/c')
    assert delete_folder(mine, 'bucket', prefix) == 2
    assert keys(s3) == ['p', 'p-old/b', 'q']
    assert len(s3.list_multipart_uploads(Bucket='bucket')['Uploads']) == 1


def test_a_listing_is_tried_again_for_a_while(s3, mine):
    put(s3, 'p/a')
    mine.faults.come(ListObjectVersions=[slow_down] * 9)
    assert delete_folder(mine, 'bucket', 'p') == 1


def test_an_empty_prefix_is_not_the_whole_bucket(s3, mine):
    put(s3, 'key')
    with pytest.raises(ValueError, match='empty_bucket'):
        delete_folder(mine, 'bucket', '')
    assert mine.faults.sent == []


def test_all_versions_and_delete_markers_go(s3, mine, monkeypatch):
    for number in range(9):
        put(s3, f'b{number % 4}')
    s3.delete_object(Bucket='bucket', Key='b0')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    assert empty_bucket(mine, 'bucket') == 10
    assert count(s3) == 0


def test_what_is_not_there_is_no_error(mine):
    assert delete_folder(mine, 'bucket', 'p') == 0
    assert empty_bucket(mine, 'bucket') == 0


def test_an_absent_bucket_is_an_error(mine):
    with pytest.raises(SomeFailedError, match=r'p/: .*NoSuchBucket') as error:
        delete_folder(mine, 'absent', 'p')
    assert error.value.stopped


def test_what_is_held_is_named_and_all_else_goes(s3, mine, monkeypatch):
    held = [f'a{number}' for number in range(5)]
    for key in held:
        put(s3, key)
        s3.put_object_legal_hold(
            Bucket='bucket', Key=key, LegalHold={'Status': 'ON'}
        )
    for number in range(9):
        put(s3, f'b{number}')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '3')
    assert refusals(mine) == dict.fromkeys(held, 'AccessDenied')
    monkeypatch.undo()
    assert count(s3) == 5


def test_an_error_has_what_is_gone_and_the_version_that_is_not(s3, mine):
    gone = put(s3, 'a')
    put(s3, 'key')
    version = '<Code>AccessDenied</Code><VersionId>1</VersionId>'
    held = ERROR.format('').replace('<Code></Code>', version)
    after = says(200, BATCH.format(held))

    def first(request, work):
        s3.delete_object(Bucket='bucket', Key='a', VersionId=gone[3:-1])
        deleted = f'<Key>a</Key><VersionId>{gone[3:-1]}</VersionId>'
        both = f'<Deleted>{deleted}</Deleted>{held}'
        return says(200, BATCH.format(both))(request, work)

    mine.faults.come(DeleteObjects=[first, after])
    with pytest.raises(SomeFailedError, match='1 failed, 1 done') as error:
        empty_bucket(mine, 'bucket')
    assert error.value.done == [gone]
    assert [*error.value.errors] == ['key (1)']


def test_what_is_listed_after_each_deletion_is_not_gone(s3, mine):
    """SeaweedFS lists keys that XML cannot name as others."""
    name = put(s3, 'key')
    version = name[5:-1]
    deleted = f'<Key>key</Key><VersionId>{version}</VersionId>'
    confirms = says(200, BATCH.format(f'<Deleted>{deleted}</Deleted>'))
    mine.faults.come(DeleteObjects=repeat(confirms))
    with pytest.raises(SomeFailedError, match='lists it after') as error:
        empty_bucket(mine, 'bucket')
    assert [*error.value.errors] == [name]
    assert error.value.done == []
    assert mine.faults.sent.count('DeleteObjects') == 5


def test_all_is_listed_before_any_is_deleted(s3, mine, monkeypatch):
    """Some servers skip entries behind one that is gone."""
    for key in ('a', 'b', 'c'):
        put(s3, key)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    empty_bucket(mine, 'bucket')
    sent = mine.faults.sent
    listings = ['ListObjectVersions'] * 4  # the first asks whether one may
    assert sent[:7] == listings + ['DeleteObjects'] * 3


def test_what_is_throttled_is_deleted_at_last(s3, mine):
    put(s3, 'key')
    put(s3, 'a<&>"b')
    mine.faults.come(DeleteObjects=[faults.throttled] * 4)
    assert empty_bucket(mine, 'bucket') == 2
    assert count(s3) == 0


def test_what_is_throttled_for_ever_is_named_with_its_reason(s3, mine, waits):
    put(s3, 'key', 'plain')
    mine.faults.come(DeleteObjects=repeat(faults.throttled))
    assert refusals(mine, 'plain') == {'key': 'SlowDown'}
    assert 10 < sum(waits) < 60


def test_a_request_that_gets_no_response_is_sent_again(s3, mine):
    put(s3, 'key')
    mine.faults.come(DeleteObjects=[faults.lost] * 9)
    assert empty_bucket(mine, 'bucket') == 1
    assert count(s3) == 0


def test_a_request_that_is_refused_names_each_of_its_keys(s3, mine):
    names = [put(s3, 'a'), put(s3, 'b')]
    mine.faults.come(DeleteObjects=repeat(denied))
    assert refusals(mine) == dict.fromkeys(names, 'AccessDenied')


def test_a_key_that_xml_cannot_name_is_deleted_alone(s3, mine):
    put(s3, 'a', 'plain')
    put(s3, 'b\x01', 'plain')
    mine.faults.come(ListObjectVersions=repeat(UNKNOWN))
    assert empty_bucket(mine, 'plain') == 2
    sent = [x for x in mine.faults.sent if x.startswith('Delete')]
    assert sorted(sent) == ['DeleteObject', 'DeleteObjects']
    assert 'Contents' not in s3.list_objects_v2(Bucket='plain')


@pytest.mark.parametrize('fault', [UNKNOWN, denied])
def test_where_versions_are_not_listed_the_objects_go(s3, mine, fault):
    put(s3, 'p/a', 'plain')
    put(s3, 'b', 'plain')
    mine.faults.come(ListObjectVersions=repeat(fault))
    assert delete_folder(mine, 'plain', 'p') == 1
    assert empty_bucket(mine, 'plain') == 1
    assert mine.faults.sent.count('ListObjectVersions') == 2


@pytest.mark.parametrize('key', ['a', 'b\x01'])
def test_old_versions_that_may_not_be_listed_are_told(s3, mine, key):
    put(s3, key)
    mine.faults.come(ListObjectVersions=repeat(denied))
    with pytest.raises(SomeFailedError, match=r'Old versions .*AccessDenied'):
        empty_bucket(mine, 'bucket')
    assert keys(s3) == []


def test_a_delete_marker_that_goes_hides_nothing(s3, mine):
    """S3 marks these in its response; moto does not."""
    put(s3, 'a')
    s3.delete_object(Bucket='bucket', Key='a')

    def mark(parsed, **_):
        for found in parsed['Deleted']:
            found['DeleteMarker'] = True

    mine.meta.events.register('after-call.s3.DeleteObjects', mark)
    assert empty_bucket(mine, 'bucket') == 2


def test_what_concerns_all_keys_ends_it(s3, mine):
    put(s3, 'a')
    expired = says(400, ERROR.format('ExpiredToken'))
    mine.faults.come(DeleteObjects=repeat(expired))
    with pytest.raises(SomeFailedError, match='ExpiredToken') as error:
        empty_bucket(mine, 'bucket')
    assert error.value.stopped
    assert mine.faults.sent.count('DeleteObjects') == 1


def test_an_outage_that_lasts_is_not_waited_for_five_times(s3, mine, waits):
    put(s3, 'a')
    mine.faults.come(DeleteObjects=repeat(faults.slow_down))
    with pytest.raises(SomeFailedError, match='SlowDown') as error:
        empty_bucket(mine, 'bucket')
    assert error.value.stopped
    assert sum(waits) < 2 * 60
