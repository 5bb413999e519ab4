"""Tests of recipes/handle_errors.py."""

from itertools import repeat

import pytest
from botocore.exceptions import ClientError

from faults import (
    gone,
    says,
)
from handle_errors import code_of, exists
from upload_chunks import upload_chunks

MB = 1024 * 1024


PART = 5 * MB  # the smallest that S3 takes


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def upload(s3, chunks):
    upload_chunks(s3, 'bucket', 'key', chunks, 'text/csv', part_size=PART)


def joined(request, work):
    """S3 has joined the parts before; that response got lost."""
    work()
    return gone(request, work)


def test_parts_that_were_joined_before_are_no_error(s3, mine):
    mine.faults.come(CompleteMultipartUpload=[joined])
    upload(mine, [bytes(PART + 1)])
    assert exists(s3, 'bucket', 'key')


def test_an_object_exists_or_is_absent(s3, mine):
    put(s3, b'')
    assert exists(mine, 'bucket', 'key')
    assert not exists(mine, 'bucket', 'absent')


@pytest.mark.parametrize('status', [400, 403, 500])
def test_a_head_that_is_refused_is_no_answer(s3, mine, status):
    put(s3, b'')
    mine.faults.come(HeadObject=repeat(says(status, '')))
    with pytest.raises(ClientError, match=str(status)):
        exists(mine, 'bucket', 'key')


@pytest.mark.parametrize('status', [400, 403])
def test_the_reason_why_a_head_is_refused_is_told(s3, mine, status):
    reason = '<Error><Code>Reason</Code><Message>so</Message></Error>'
    mine.faults.come(
        HeadObject=repeat(says(status, '')),
        GetObject=repeat(says(status, reason)),
    )
    with pytest.raises(ClientError, match='Reason'):
        exists(mine, 'bucket', 'key')


def test_an_error_has_the_code_of_its_own_causes_alone(s3):
    with pytest.raises(ClientError) as refused:
        s3.list_objects_v2(Bucket='no-such-bucket')
    unrelated = KeyError()
    unrelated.__context__ = refused.value  # as in a handler of that error
    assert code_of(unrelated) == 'KeyError'
    unrelated.__cause__ = refused.value
    assert code_of(unrelated) == 'NoSuchBucket'
