"""Tests of recipes/handle_errors.py."""

from itertools import repeat

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, ParamValidationError

from faults import ERROR, says
from handle_errors import code_of, exists


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def test_an_object_exists_or_is_absent(s3, mine):
    put(s3, b'')
    assert exists(mine, 'bucket', 'key')
    assert mine.faults.sent == ['HeadObject']
    assert not exists(mine, 'bucket', 'absent')


def test_a_deleted_object_is_absent(s3, mine):
    enabled = {'Status': 'Enabled'}
    s3.put_bucket_versioning(Bucket='bucket', VersioningConfiguration=enabled)
    put(s3, b'')
    s3.delete_object(Bucket='bucket', Key='key')
    assert not exists(mine, 'bucket', 'key')


def test_an_absent_bucket_is_an_error(mine):
    with pytest.raises(ClientError, match='NoSuchBucket'):
        exists(mine, 'absent', 'key')


@pytest.mark.parametrize('status', [400, 403, 503])
def test_what_a_get_says_counts_where_a_head_says_nothing(s3, mine, status):
    put(s3, b'')
    mine.faults.come(HeadObject=repeat(says(status, '')))
    assert exists(mine, 'bucket', 'key')
    assert not exists(mine, 'bucket', 'absent')


@pytest.mark.parametrize(
    ('status', 'code'),
    [(400, 'ExpiredToken'), (403, 'AccessDenied'), (503, 'SlowDown')],
)
def test_the_reason_why_a_head_is_refused_is_told(s3, mine, status, code):
    mine.faults.come(
        HeadObject=repeat(says(status, '')),
        GetObject=repeat(says(status, ERROR.format(code))),
    )
    with pytest.raises(ClientError, match=code):
        exists(mine, 'bucket', 'key')


def test_a_code_is_found_behind_what_boto3_raises(s3, tmp_path):
    path = tmp_path / 'file'
    path.write_text('Hello')
    with pytest.raises(S3UploadFailedError) as error:
        s3.upload_file(str(path), 'absent', 'key')
    assert code_of(error.value) == 'NoSuchBucket'


def test_without_a_response_the_class_is_the_code(s3):
    with pytest.raises(ParamValidationError) as error:
        s3.get_object(Bucket='bucket', Key='')
    assert code_of(error.value) == 'ParamValidationError'
    assert code_of(OSError()) == 'OSError'


def test_an_error_has_the_code_of_its_own_causes_alone(s3):
    with pytest.raises(ClientError) as refused:
        s3.list_objects_v2(Bucket='no-such-bucket')
    unrelated = KeyError()
    unrelated.__context__ = refused.value  # as in a handler of that error
    assert code_of(unrelated) == 'KeyError'
    unrelated.__cause__ = refused.value
    assert code_of(unrelated) == 'NoSuchBucket'
