"""Tests of recipes/move_objects.py."""

from itertools import repeat

import pytest
from botocore.exceptions import ClientError

import faults
import move_objects
from faults import after, denied, lost, says, slow_down
from move_objects import copy_folder, move_folder, rename
from read_write_many import SomeFailedError
from support import keys, read

PART = 8 * 1024  # bytes, where `small` is used: more are copied in parts
taken = says(412, faults.ERROR.format('PreconditionFailed'))


def rename_p(s3):
    rename(s3, 'bucket', 'p/a', 'q/a')


def move_p(s3):
    move_folder(s3, 'bucket', 'p', 'q')


@pytest.fixture
def params(mine):
    """The parameters of each request, by its operation."""
    seen = {}

    def keep(params, model, **_):
        seen[model.name] = dict(params)

    mine.meta.events.register('provide-client-params.s3', keep)
    return seen


def put(s3, *keys, **kwargs):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        s3.put_object(
            **{'Bucket': 'bucket', 'Key': key, 'Body': key.encode(), **kwargs}
        )


def kept(s3, key):
    """Return what a copy should keep."""
    head = s3.head_object(Bucket='bucket', Key=key)
    tags = s3.get_object_tagging(Bucket='bucket', Key=key)['TagSet']
    return head['Metadata'], head['StorageClass'], head['ContentType'], tags


KEPT = {
    'Metadata': {'x': '1'},
    'Tagging': 'y=2',
    'StorageClass': 'STANDARD_IA',
    'ContentType': 'text/kept',
}


@pytest.mark.parametrize('move', [rename_p, move_p])
def test_what_is_moved_keeps_class_metadata_and_tags(s3, mine, move):
    put(s3, 'p/a', **KEPT)
    before = kept(s3, 'p/a')
    move(mine)
    assert keys(s3) == ['q/a']
    assert kept(s3, 'q/a') == before


def test_rename_moves_no_other_key(s3, mine):
    put(s3, 'a', 'a.bak', 'a/old')
    rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a.bak', 'a/old', 'b']


def test_rename_of_a_missing_key_is_an_error(s3, mine):
    put(s3, 'a.bak')
    with pytest.raises(ClientError, match='404'):
        rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a.bak']


def test_rename_to_the_same_key_deletes_nothing(s3, mine):
    put(s3, 'a')
    with pytest.raises(ClientError, match='InvalidRequest'):
        rename(mine, 'bucket', 'a', 'a')
    assert keys(s3) == ['a']


def test_rename_asks_for_a_free_key_and_the_object_that_it_saw(
    s3, mine, params
):
    put(s3, 'a')
    etag = s3.head_object(Bucket='bucket', Key='a')['ETag']
    rename(mine, 'bucket', 'a', 'b')
    assert params['CopyObject']['IfNoneMatch'] == '*'
    assert params['CopyObject']['CopySourceIfMatch'] == etag
    assert params['DeleteObject']['IfMatch'] == etag


def test_rename_knows_its_own_copy_after_a_lost_response(s3, mine):
    put(s3, 'a')
    mine.faults.come(CopyObject=[lost, taken], DeleteObject=[lost])
    rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['b']
    assert read(s3, 'b') == b'a'


def test_rename_onto_somebody_elses_object_deletes_nothing(s3, mine):
    put(s3, 'a', 'b')
    mine.faults.come(CopyObject=[slow_down, taken])
    with pytest.raises(ClientError, match='412'):
        rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a', 'b']


def test_rename_onto_an_equal_object_deletes_nothing(s3, mine):
    put(s3, 'a', 'b', Body=b'equal')  # but metadata may differ
    mine.faults.come(CopyObject=[taken])
    with pytest.raises(ClientError, match='PreconditionFailed'):
        rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a', 'b']


def test_rename_tells_the_error_of_the_copy_itself(s3, mine):
    put(s3, 'a')
    mine.faults.come(CopyObject=repeat(slow_down))
    with pytest.raises(ClientError, match=r'SlowDown.* CopyObject'):
        rename(mine, 'bucket', 'a', 'b')


@pytest.mark.parametrize('move', [rename_p, move_p])
def test_what_somebody_stores_meanwhile_is_not_deleted(s3, mine, move):
    put(s3, 'p/a')
    store = after(lambda: put(s3, 'p/a', Body=b'theirs'))
    mine.faults.come(DeleteObject=[store])
    with pytest.raises(Exception, match='PreconditionFailed'):
        move(mine)
    assert read(s3, 'p/a') == b'theirs'


@pytest.mark.parametrize('move', [rename_p, move_p])
@pytest.mark.parametrize('fault', [denied, lost, faults.conflict])
def test_what_is_not_copied_is_not_deleted(s3, mine, move, fault):
    put(s3, 'p/a')
    mine.faults.come(CopyObject=repeat(fault))
    with pytest.raises(Exception, match=r'Denied|closed|Conflict'):
        move(mine)
    assert 'p/a' in keys(s3)


@pytest.mark.parametrize('move', [rename_p, move_p])
def test_an_empty_response_is_no_copy(s3, mine, move):
    """S3 has been seen to respond 200 with nothing, and to copy nothing."""
    put(s3, 'p/a')
    mine.faults.come(CopyObject=repeat(says(200, '')))
    with pytest.raises(Exception, match='no proof that it copied p/a'):
        move(mine)
    assert keys(s3) == ['p/a']


@pytest.mark.parametrize('prefix', ['p', 'p/'])
@pytest.mark.parametrize('new_prefix', ['new', 'new/'])
def test_a_folder_is_a_folder_with_or_without_its_slash(
    s3, mine, prefix, new_prefix
):
    put(s3, 'p', 'p/a', 'p/odd\x01', 'p-old/b', 'q')
    moved = move_folder(mine, 'bucket', prefix, new_prefix)
    assert moved == ['p/a', 'p/odd\x01']
    assert keys(s3) == ['new/a', 'new/odd\x01', 'p', 'p-old/b', 'q']


def test_a_copy_goes_to_another_bucket_and_leaves_the_original(s3, mine):
    s3.create_bucket(Bucket='other')
    put(s3, 'p/a', 'b')
    assert copy_folder(mine, 'bucket', '', '', 'other') == ['b', 'p/a']
    assert keys(s3) == ['b', 'p/a']
    s3.head_object(Bucket='other', Key='p/a')


@pytest.mark.parametrize('new_prefix', ['', 'q'])
def test_a_folder_marker_of_the_console_moves_along(s3, mine, new_prefix):
    s3.create_bucket(Bucket='other')
    put(s3, 'p/', Body=b'')
    put(s3, 'p/a')
    move_folder(mine, 'bucket', 'p', new_prefix, 'other')
    assert keys(s3) == []
    page = s3.list_objects_v2(Bucket='other')
    copied = [entry['Key'] for entry in page['Contents']]
    assert copied == (['q/', 'q/a'] if new_prefix else ['a'])


def test_what_is_no_empty_marker_is_not_lost(s3, mine):
    put(s3, 'p/', Body=b'content')
    with pytest.raises(SomeFailedError, match='p/: Parameter validation'):
        move_folder(mine, 'bucket', 'p', '', 'other')
    assert keys(s3) == ['p/']


def test_a_move_goes_on_and_then_names_what_failed(s3, mine):
    put(s3, 'p/a', 'p/b', 'p/c')

    def deny_b(request, work):
        denies = request.url.endswith('/b')
        return denied(request, work) if denies else work()

    mine.faults.come(CopyObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match=r'p/b: .*AccessDenied') as error:
        move_folder(mine, 'bucket', 'p/', 'q/')
    assert list(error.value.errors) == ['p/b']
    assert error.value.done == ['p/a', 'p/c']
    assert keys(s3) == ['p/b', 'q/a', 'q/c']


def test_a_move_whose_delete_is_sent_again_and_again_is_done(s3, mine):
    """boto3 gives up, and the whole move is tried again."""
    put(s3, 'p/a')
    mine.faults.come(DeleteObject=[lost] * 7)
    assert move_folder(mine, 'bucket', 'p', 'q') == ['p/a']
    assert mine.faults.sent.count('CopyObject') == 1
    assert keys(s3) == ['q/a']


def test_a_lost_delete_is_done_where_its_repetition_is_refused(s3, mine):
    """SeaweedFS says PreconditionFailed of a key that is gone."""
    put(s3, 'p/a')
    mine.faults.come(DeleteObject=[lost, taken])
    assert move_folder(mine, 'bucket', 'p', 'q') == ['p/a']
    assert keys(s3) == ['q/a']


def test_an_outage_of_a_while_loses_nothing(s3, mine):
    names = [f'p/{number}' for number in range(8)]
    put(s3, *names)

    def no_network(request, work):
        raise faults.ConnectionClosedError(endpoint_url=request.url)

    down = [no_network] * 15  # fewer than one object is tried
    mine.faults.come(CopyObject=down, DeleteObject=down)
    assert move_folder(mine, 'bucket', 'p', 'q') == names
    assert keys(s3) == [name.replace('p', 'q') for name in names]


def test_a_listing_that_fails_is_told_and_deletes_nothing_unseen(
    s3, mine, monkeypatch
):
    put(s3, 'p/a', 'p/b')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    mine.faults.come(ListObjectsV2=[None, denied])
    with pytest.raises(SomeFailedError, match=r'p/: .*AccessDenied') as error:
        move_folder(mine, 'bucket', 'p/', 'q/')
    monkeypatch.undo()
    assert 'p/b' in keys(s3)
    assert mine.faults.sent.count('DeleteObject') == len(error.value.done)


@pytest.mark.parametrize(
    ('old', 'new'), [('p', 'p/q'), ('p/q', 'p'), ('', 'q'), ('p', 'p/')]
)
def test_a_folder_in_the_other_is_refused_in_one_bucket(s3, mine, old, new):
    put(s3, 'p/q/a')
    with pytest.raises(ValueError, match='overlap'):
        move_folder(mine, 'bucket', old, new)
    with pytest.raises(ValueError, match='overlap'):
        copy_folder(mine, 'bucket', old, new)
    assert keys(s3) == ['p/q/a']
    s3.create_bucket(Bucket='other')
    copy_folder(mine, 'bucket', old, new, 'other')


def test_a_boto3_that_cannot_delete_by_etag_moves_nothing(
    s3, mine, monkeypatch
):
    put(s3, 'p/a')
    model = mine.meta.service_model.operation_model('DeleteObject')
    monkeypatch.delitem(model.input_shape.members, 'IfMatch')
    with pytest.raises(RuntimeError, match='needs boto3'):
        move_folder(mine, 'bucket', 'p/', 'q/')
    assert keys(s3) == ['p/a']


def test_a_plain_copy_leaves_all_else_to_s3(s3, mine, params):
    put(s3, 'p/a')
    copy_folder(mine, 'bucket', 'p/', 'q/')
    assert set(params['CopyObject']) == {
        'Bucket',
        'Key',
        'CopySource',
        'CopySourceIfMatch',
    }


LIST = '<Result>{}</Result>'
NOTE = (
    '<Annotations><AnnotationEntry><AnnotationName>note</AnnotationName>'
    '</AnnotationEntry></Annotations>'
)


@pytest.fixture
def large(s3, mine, small, monkeypatch):
    """An object that is too large for one request; moto has no notes."""
    monkeypatch.setattr(move_objects, 'ONE_REQUEST', PART)
    put(s3, 'p/a', **{**KEPT, 'Body': bytes(PART + 1)})
    mine.faults.come(ListObjectAnnotations=repeat(says(200, LIST.format(''))))


def test_5_gb_is_copied_at_once():
    """As CopyObject's documentation says."""
    assert move_objects.ONE_REQUEST == 5 * 1024**3


def test_a_large_copy_keeps_class_metadata_and_tags(s3, mine, large):
    before = kept(s3, 'p/a')
    move_p(mine)
    assert 'UploadPartCopy' in mine.faults.sent
    assert keys(s3) == ['q/a']
    assert kept(s3, 'q/a') == before
    assert len(read(s3, 'q/a')) == PART + 1


def test_a_large_copy_keeps_annotations(s3, mine, large, params):
    mine.faults.come(
        ListObjectAnnotations=repeat(says(200, LIST.format(NOTE))),
        GetObjectAnnotation=repeat(says(200, 'kept')),
        PutObjectAnnotation=[says(200, '')],
    )
    move_p(mine)
    assert params['PutObjectAnnotation']['AnnotationName'] == 'note'
    assert params['PutObjectAnnotation']['AnnotationPayload'] == b'kept'
    assert keys(s3) == ['q/a']


@pytest.mark.parametrize(
    'operation',
    ['GetObjectTagging', 'ListObjectAnnotations', 'GetObjectAnnotation'],
)
def test_what_may_not_be_read_is_asked_for_before_a_large_copy(
    s3, mine, large, operation
):
    faults = {'ListObjectAnnotations': repeat(says(200, LIST.format(NOTE)))}
    mine.faults.come(**{**faults, operation: [denied]})
    with pytest.raises(SomeFailedError, match=f'p/a: .*{operation}'):
        move_p(mine)
    assert 'CreateMultipartUpload' not in mine.faults.sent
    assert keys(s3) == ['p/a']


def test_other_servers_are_not_asked_for_annotations(s3, mine, large, params):
    """They would send the object itself."""
    mine.meta._endpoint_url = 'https://account.r2.cloudflarestorage.com'
    move_p(mine)
    assert 'ListObjectAnnotations' not in params
    assert keys(s3) == ['q/a']


@pytest.mark.parametrize('event', ['HeadObject', 'UploadPartCopy'])
def test_a_large_object_that_was_replaced_is_not_moved(s3, mine, large, event):
    new = bytes(PART + 2)
    theirs = after(lambda: put(s3, 'p/a', Body=new))
    notes = repeat(says(200, LIST.format('')))
    mine.faults.come(**{event: [theirs], 'ListObjectAnnotations': notes})
    with pytest.raises(SomeFailedError, match=r'p/a: .*412|Precondition'):
        move_p(mine)
    assert read(s3, 'p/a') == new
