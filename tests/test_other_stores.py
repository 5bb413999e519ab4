"""Tests of recipes/other_stores.py."""

import base64
import hashlib
import re
from unittest import mock

import pytest
from botocore.awsrequest import AWSResponse

import other_stores


@pytest.fixture
def sent(events):
    """The requests of all clients of this test; each gets an empty answer."""
    requests = []

    def answer(request, **_):
        requests.append(request)
        return AWSResponse(request.url, 200, {}, mock.Mock(stream=list))

    events.register_first('before-send.s3', answer)
    return requests


@pytest.mark.parametrize(
    ('style', 'start'),
    [
        ('path', 'https://example.com/bucket/key?X-Amz-Algorithm=AWS4'),
        ('virtual', 'https://bucket.example.com/key?X-Amz-Algorithm=AWS4'),
    ],
)
def test_a_client_of_other_stores_signs_for_path_or_host(style, start, s3):
    at = {'Bucket': 'bucket', 'Key': 'key'}
    store = other_stores.client_for_store(
        'https://example.com', addressing_style=style
    )
    url = store.generate_presigned_url('get_object', Params=at)
    assert url.startswith(start)


def test_a_client_of_other_stores_asks_for_no_checksum(sent):
    store = other_stores.client_for_store('https://s3.example.com')
    store.get_object(Bucket='bucket', Key='key')
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    store.upload_part(
        Bucket='bucket', Key='key', UploadId='x', PartNumber=1, Body=b'x'
    )
    names = {name.lower() for request in sent for name in request.headers}
    assert not re.search('checksum|trailer|md5|encoding', str(names))


def test_send_md5_replaces_the_crc32_that_s3_requires(sent):
    store = other_stores.client_for_store('https://s3.example.com')
    other_stores.send_md5(store)
    store.put_bucket_policy(Bucket='bucket', Policy='{"ü": 1}')
    store.put_bucket_tagging(Bucket='bucket', Tagging={'TagSet': []})
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    for request in sent[:2]:
        md5 = base64.b64encode(hashlib.md5(request.body).digest())
        assert request.headers['Content-MD5'] == md5
        assert b'content-md5' in request.headers['Authorization']
        assert 'checksum' not in str(request.headers).lower()
    assert 'Content-MD5' not in sent[2].headers
