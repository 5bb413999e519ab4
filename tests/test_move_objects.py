"""Tests of recipes/move_objects.py."""

from itertools import repeat

import pytest
from botocore.exceptions import ClientError
from s3transfer.manager import TransferManager

import faults
import move_objects
from faults import after, denied, lost, slow_down
from move_objects import copy_prefix, move_prefix, rename
from read_write_many import SomeFailedError
from support import keys, read

PART = 8 * 1024 * 1024  # bytes: more than that, boto3 copies in parts


taken = faults.says(412, faults.ERROR.format('PreconditionFailed'))


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


def test_rename_takes_metadata_and_tags_along_and_no_other_key(s3, mine):
    put(s3, 'a', 'a.bak', 'a/old', Metadata={'x': '1'}, Tagging='y=2')
    rename(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a.bak', 'a/old', 'b']
    assert s3.head_object(Bucket='bucket', Key='b')['Metadata'] == {'x': '1'}
    tags = s3.get_object_tagging(Bucket='bucket', Key='b')['TagSet']
    assert tags == [{'Key': 'y', 'Value': '2'}]


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


@pytest.mark.parametrize('move', [rename, move_prefix])
def test_what_somebody_stores_meanwhile_is_not_deleted(s3, mine, move):
    put(s3, 'a')
    store = after(lambda: put(s3, 'a', Body=b'theirs'))
    mine.faults.come(DeleteObject=[store])
    with pytest.raises(Exception, match='PreconditionFailed'):
        move(mine, 'bucket', 'a', 'b')
    assert read(s3, 'a') == b'theirs'


@pytest.mark.parametrize('move', [rename, move_prefix])
@pytest.mark.parametrize('fault', [denied, lost, faults.conflict])
def test_what_is_not_copied_is_not_deleted(s3, mine, move, fault):
    put(s3, 'a')
    mine.faults.come(CopyObject=repeat(fault))
    with pytest.raises(Exception, match=r'Denied|closed|Conflict'):
        move(mine, 'bucket', 'a', 'b')
    assert 'a' in keys(s3)


def test_a_move_takes_its_prefix_alone(s3, mine):
    put(s3, 'p/a', 'p/odd\x01', 'p-old/b', 'q')
    moved = move_prefix(mine, 'bucket', 'p/', 'new/')
    assert sorted(moved) == ['p/a', 'p/odd\x01']
    assert keys(s3) == ['new/a', 'new/odd\x01', 'p-old/b', 'q']


def test_a_copy_goes_to_another_bucket_and_leaves_the_original(s3, mine):
    s3.create_bucket(Bucket='other')
    put(s3, 'p/a')
    copy_prefix(mine, 'bucket', 'p/', 'p/', 'other')
    assert keys(s3) == ['p/a']
    s3.head_object(Bucket='other', Key='p/a')


def test_a_move_goes_on_and_then_names_what_failed(s3, mine):
    put(s3, 'p/a', 'p/b', 'p/c')

    def deny_b(request, work):
        denies = request.url.endswith('/b')
        return denied(request, work) if denies else work()

    mine.faults.come(CopyObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match=r'p/b: .*AccessDenied') as error:
        move_prefix(mine, 'bucket', 'p/', 'q/')
    assert list(error.value.errors) == ['p/b']
    assert error.value.done == ['p/a', 'p/c']
    assert keys(s3) == ['p/b', 'q/a', 'q/c']


def test_a_listing_that_fails_is_told_and_deletes_nothing_unseen(
    s3, mine, monkeypatch
):
    put(s3, 'p/a', 'p/b')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    mine.faults.come(ListObjectsV2=[None, denied])
    with pytest.raises(SomeFailedError, match=r'p/: .*AccessDenied') as error:
        move_prefix(mine, 'bucket', 'p/', 'q/')
    monkeypatch.undo()
    assert 'p/b' in keys(s3)
    assert mine.faults.sent.count('DeleteObject') == len(error.value.done)


@pytest.mark.parametrize(('old', 'new'), [('p/', 'p/q/'), ('p/q/', 'p/')])
def test_prefixes_that_overlap_are_refused_in_one_bucket(mine, old, new):
    with pytest.raises(ValueError, match='overlap'):
        copy_prefix(mine, 'bucket', old, new)
    copy_prefix(mine, 'bucket', old, new, 'another')


def test_a_boto3_that_cannot_delete_by_etag_moves_nothing(
    s3, mine, monkeypatch
):
    put(s3, 'p/a')
    model = mine.meta.service_model.operation_model('DeleteObject')
    monkeypatch.delitem(model.input_shape.members, 'IfMatch')
    with pytest.raises(RuntimeError, match='needs boto3'):
        move_prefix(mine, 'bucket', 'p/', 'q/')
    assert keys(s3) == ['p/a']


def test_a_plain_copy_leaves_all_else_to_s3(s3, mine, params):
    put(s3, 'p/a')
    copy_prefix(mine, 'bucket', 'p/', 'q/')
    assert set(params['CopyObject']) == {
        'Bucket',
        'Key',
        'CopySource',
        'CopySourceIfMatch',
    }


@pytest.fixture
def large(s3, mine, monkeypatch):
    """An object that is too large for one request."""
    monkeypatch.setattr(move_objects, 'ONE_REQUEST', PART)
    put(s3, 'p/a', Body=bytes(PART + 1), Metadata={'x': '1'}, Tagging='y=2')


def test_a_large_copy_keeps_metadata_and_tags(s3, mine, large):
    move_prefix(mine, 'bucket', 'p/', 'q/')
    assert 'UploadPartCopy' in mine.faults.sent
    head = s3.head_object(Bucket='bucket', Key='q/a')
    assert (head['ContentLength'], head['Metadata']) == (PART + 1, {'x': '1'})
    tags = s3.get_object_tagging(Bucket='bucket', Key='q/a')['TagSet']
    assert tags == [{'Key': 'y', 'Value': '2'}]


def test_a_large_copy_is_refused_by_a_boto3_that_loses_tags(
    s3, mine, large, monkeypatch
):
    allowed = [*TransferManager.ALLOWED_COPY_ARGS]
    allowed.remove('AnnotationDirective')
    monkeypatch.setattr(TransferManager, 'ALLOWED_COPY_ARGS', allowed)
    with pytest.raises(SomeFailedError, match='p/a: Invalid extra_args key'):
        move_prefix(mine, 'bucket', 'p/', 'q/')
    assert keys(s3) == ['p/a']


def test_a_large_object_that_was_replaced_is_not_copied(s3, mine, large):
    mine.faults.come(HeadObject=[after(lambda: put(s3, 'p/a', Body=b'new'))])
    with pytest.raises(SomeFailedError, match=r'p/a: .*412'):
        move_prefix(mine, 'bucket', 'p/', 'q/')
    assert keys(s3) == ['p/a']


@pytest.mark.parametrize('move', [rename, move_prefix])
def test_an_empty_response_is_no_copy(s3, mine, move):
    """S3 has been seen to respond 200 with nothing, and to copy nothing."""
    put(s3, 'a')
    mine.faults.come(CopyObject=repeat(faults.says(200, '')))
    with pytest.raises((KeyError, SomeFailedError)):
        move(mine, 'bucket', 'a', 'b')
    assert keys(s3) == ['a']


def test_an_object_that_is_renamed_to_its_own_key_stays(s3, mine):
    put(s3, 'a')
    exists = faults.says(412, faults.ERROR.format('PreconditionFailed'))
    mine.faults.come(CopyObject=[slow_down, exists])
    with pytest.raises(ClientError, match='PreconditionFailed'):
        rename(mine, 'bucket', 'a', 'a')
    assert keys(s3) == ['a']
