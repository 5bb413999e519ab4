"""Recipes that change or delete what is stored, where S3 misbehaves."""

import pickle
import time
from itertools import repeat

import boto3
import faults
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from faults import ERROR, after, conflict, denied, lost, says
from moto.core.botocore_stubber import MockRawResponse
from support import keys, read

from recipes.empty_bucket import delete, empty
from recipes.many_objects import SomeFailedError
from recipes.metadata_and_tags import add_tags, change_metadata
from recipes.restore_archived import ask, is_ready, wait
from recipes.safe_writes import MARKS, create_once, delete_if_match, update
from recipes.versions import restore_version, undelete, undelete_prefix

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


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(Bucket='bucket')
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


# metadata_and_tags


def test_new_metadata_keep_headers_class_encryption_and_tags(s3, mine):
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
    before = head(s3)
    merged = change_metadata(mine, 'bucket', 'key', {'B': '2'})
    assert merged == head(s3)['Metadata'] == {'a': '1', 'b': '2'}
    assert {x: head(s3)[x] for x in kept} == {x: before[x] for x in kept}
    tagging = s3.get_object_tagging(Bucket='bucket', Key='key')
    assert tagging['TagSet'] == [{'Key': 'c', 'Value': '1'}]


def test_a_new_content_type_replaces_the_old_one(s3, mine):
    put(s3, 'key', ContentType='text/csv')
    change_metadata(mine, 'bucket', 'key', {}, content_type='text/plain')
    assert head(s3)['ContentType'] == 'text/plain'


@pytest.mark.parametrize('header', ['If-Match', 'x-amz-copy-source-if-match'])
def test_metadata_of_what_others_replace_are_read_again(s3, mine, header):
    def replace(request, work):
        """Somebody is first, and S3 looks at one of the conditions."""
        put(s3, 'key', b'theirs', Metadata={'c': '1'})
        return changed(request, work) if header in request.headers else work()

    put(s3, 'key', b'old', Metadata={'a': '1'})
    mine.faults.come(CopyObject=[replace])
    merged = change_metadata(mine, 'bucket', 'key', {'b': '2'})
    assert merged == head(s3)['Metadata'] == {'b': '2', 'c': '1'}
    assert read(s3) == b'theirs'


def test_metadata_conflicts_are_tried_again_and_end(s3, mine):
    put(s3, 'key')
    mine.faults.come(CopyObject=[conflict] * 4)
    assert change_metadata(mine, 'bucket', 'key', {'a': '1'}) == {'a': '1'}
    mine.faults.come(CopyObject=repeat(conflict))
    with pytest.raises(RuntimeError, match='bucket/key changed 5 times'):
        change_metadata(mine, 'bucket', 'key', {'a': '1'})


def test_tags_go_to_the_version_that_was_read(s3, mine):
    version_id = put(s3, 'key', Tagging='a=1')
    mine.faults.come(PutObjectTagging=[after(lambda: put(s3, 'key'))])
    assert add_tags(mine, 'bucket', 'key', {'b': '2'}) == {'a': '1', 'b': '2'}
    tagging = s3.get_object_tagging(Bucket='bucket', Key='key')
    assert tagging['TagSet'] == []
    tagging = s3.get_object_tagging(
        Bucket='bucket', Key='key', VersionId=version_id
    )
    assert len(tagging['TagSet']) == 2


# versions


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


# safe_writes


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


# empty_bucket


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


# restore_archived


def has(**headers):
    """S3 says this of an object."""

    def fault(request, work):
        named = {f'x-amz-{k.replace("_", "-")}': headers[k] for k in headers}
        return AWSResponse(request.url, 200, named, MockRawResponse(b''))

    return fault


ONGOING = {'restore': 'ongoing-request="true"'}
READY = {'restore': 'ongoing-request="false", expiry-date="…"'}


@pytest.mark.parametrize(
    ('headers', 'ready'),
    [
        ({}, True),
        ({'storage_class': 'GLACIER_IR'}, True),
        ({'storage_class': 'GLACIER', **ONGOING}, False),
        ({'storage_class': 'DEEP_ARCHIVE', **READY}, True),
        ({'storage_class': 'INTELLIGENT_TIERING'}, True),
        ({'archive_status': 'ARCHIVE_ACCESS', **ONGOING}, False),
    ],
)
def test_an_object_is_ready_if_s3_can_read_it(mine, headers, ready):
    mine.faults.come(HeadObject=[has(**headers)])
    assert is_ready(mine, 'bucket', 'key') is ready


@pytest.mark.parametrize(
    'headers',
    [
        {'storage_class': 'DEEP_ARCHIVE'},
        {'archive_status': 'DEEP_ARCHIVE_ACCESS'},
    ],
)
def test_nobody_waits_for_what_was_not_asked_for(mine, headers):
    mine.faults.come(HeadObject=[has(**headers)])
    with pytest.raises(LookupError, match='bucket/key is archived: ask'):
        wait(mine, 'bucket', 'key', hours=1)


def test_waiting_ends(mine, waits, monkeypatch):
    ongoing = has(storage_class='GLACIER', **ONGOING)
    mine.faults.come(HeadObject=repeat(ongoing))
    monkeypatch.setattr(time, 'monotonic', lambda: sum(waits))
    with pytest.raises(TimeoutError, match='bucket/key is still being rest'):
        wait(mine, 'bucket', 'key', hours=1, pause=1000)
    assert waits[:4] == [1000, 1000, 1000, 600]


@pytest.mark.parametrize('days', [3, None])
def test_days_are_sent_only_if_given(mine, days):
    def accept(request, work):
        assert (b'<Days>3</Days>' in request.body) == (days == 3)
        assert b'<Tier>Bulk</Tier>' in request.body
        return says(202, '')(request, work)

    mine.faults.come(RestoreObject=[accept])
    ask(mine, 'bucket', 'key', days, 'Bulk')
    assert mine.faults.met


def test_asking_twice_is_no_error_but_asking_in_vain_is(s3, mine):
    ongoing = says(409, ERROR.format('RestoreAlreadyInProgress'))
    mine.faults.come(RestoreObject=[ongoing])
    ask(mine, 'bucket', 'key', days=1)
    put(s3, 'key')
    with pytest.raises(ClientError, match='InvalidObjectState'):
        ask(mine, 'bucket', 'key', days=1)
