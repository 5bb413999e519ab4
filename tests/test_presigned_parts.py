"""Tests of recipes/presigned_parts.py."""

import time

import pytest
import requests
from botocore.exceptions import ClientError

from faults import ERROR, Faults, denied, gone, lost, says
from presigned_parts import abort, finish, part_urls, start
from presigned_url import signing_client


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket='bucket')
    return 'bucket'


@pytest.fixture
def faults(s3, monkeypatch):
    """What happens to the requests of `s3`, which does not wait."""
    monkeypatch.setattr(time, 'sleep', lambda seconds: None)
    faults = Faults()
    faults.watch(s3)
    return faults


@pytest.fixture
def upload_id(s3, bucket):
    return start(s3, bucket, 'key', 'text/plain')


def send_part(upload_id):
    """Send a part as a browser would, and return its ETag."""
    v4 = signing_client('us-east-1')
    (url,) = part_urls(v4, 'bucket', 'key', upload_id, parts=1)
    return requests.put(url, b'part', timeout=10).headers['ETag']


def code_of(error):
    return error.value.response['Error']['Code']


def test_completing_tells_s3_the_size_and_its_refusal(
    s3, bucket, upload_id, faults
):
    def other_size(request, work):
        assert request.headers['x-amz-mp-object-size'] == b'5'
        return says(400, ERROR.format('InvalidRequest'))(request, work)

    etag = send_part(upload_id)
    faults.come(CompleteMultipartUpload=[other_size])
    with pytest.raises(ClientError) as error:
        finish(s3, bucket, 'key', upload_id, [etag], size=5)
    assert code_of(error) == 'InvalidRequest'


def test_a_head_finds_what_a_lost_response_has_completed(
    s3, bucket, upload_id, faults
):
    etag = send_part(upload_id)
    faults.come(CompleteMultipartUpload=[lost, gone])
    with pytest.raises(ClientError) as error:
        finish(s3, bucket, 'key', upload_id, [etag], size=4)
    assert code_of(error) == 'NoSuchUpload'
    head = s3.head_object(Bucket=bucket, Key='key')
    assert (head['ContentType'], head['ContentLength']) == ('text/plain', 4)


def test_aborting_what_is_gone_is_no_error(s3, bucket, upload_id, faults):
    faults.come(AbortMultipartUpload=[lost])
    abort(s3, bucket, 'key', upload_id)
    assert len(faults.sent) == 2
    faults.come(AbortMultipartUpload=[denied])
    with pytest.raises(ClientError) as error:
        abort(s3, bucket, 'key', upload_id)
    assert code_of(error) == 'AccessDenied'
