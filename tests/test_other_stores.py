"""Tests of recipes/other_stores.py."""

import base64
import hashlib
import re

import pytest

import other_stores


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


@pytest.mark.parametrize(
    'endpoint',
    [
        None,  # boto3 would take AWS
        '',
        's3.example.com',
        'https://s3.example.com/my-bucket',
        'https://s3.example.com/a/b/',
        'https://s3.example.com?bucket=a',
    ],
)
def test_an_endpoint_is_a_host_and_no_more(endpoint):
    with pytest.raises(ValueError, match='An endpoint looks like https'):
        other_stores.client_for_store(endpoint)


@pytest.mark.parametrize('style', ['path', 'virtual'])
def test_a_bucket_in_the_host_is_refused_before_anything_is_sent(sent, style):
    store = other_stores.client_for_store(
        'https://Bucket.s3.example.com/', addressing_style=style
    )
    with pytest.raises(ValueError, match='Leave the bucket out'):
        store.put_object(Bucket='bucket', Key='key', Body=b'x')
    place = {'Bucket': 'bucket', 'Key': 'key'}
    with pytest.raises(ValueError, match='Leave the bucket out'):
        store.generate_presigned_url('get_object', place)
    assert sent == []
    store.list_objects_v2(Bucket='buck')
    store.list_buckets()
    store = other_stores.client_for_store('http://minio:9000')
    store.list_objects_v2(Bucket='minio')


def test_a_bucket_with_retention_gets_the_checksum_that_is_asked_for(sent):
    store = other_stores.client_for_store('https://s3.example.com')
    store.put_object(
        Bucket='bucket', Key='key', Body=b'x', ChecksumAlgorithm='SHA256'
    )
    [request] = sent
    assert request.headers['x-amz-sdk-checksum-algorithm'] == b'SHA256'


def test_a_client_of_other_stores_asks_for_no_checksum(sent):
    store = other_stores.client_for_store('https://s3.example.com')
    store.get_object(Bucket='bucket', Key='key')
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    store.upload_part(
        Bucket='bucket', Key='key', UploadId='x', PartNumber=1, Body=b'x'
    )
    names = {name.lower() for request in sent for name in request.headers}
    assert not re.search('checksum|trailer|md5|encoding', str(names))


def test_send_md5_replaces_the_crc32_that_s3_requires(sent, fips):
    store = other_stores.client_for_store('https://s3.example.com')
    other_stores.send_md5(store)
    store.put_bucket_policy(Bucket='bucket', Policy='{"ü": 1}')
    store.put_bucket_tagging(Bucket='bucket', Tagging={'TagSet': []})
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    for request in sent[:2]:
        md5 = hashlib.md5(request.body, usedforsecurity=False).digest()
        assert request.headers['Content-MD5'] == base64.b64encode(md5)
        assert b'content-md5' in request.headers['Authorization']
        assert 'checksum' not in str(request.headers).lower()
    assert 'Content-MD5' not in sent[2].headers
