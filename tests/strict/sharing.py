"""Presigned URLs and forms: a real S3 server takes only what was signed."""

import hashlib
import io
import json
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest
import requests

import presigned_form
import presigned_parts
import presigned_url
import public_buckets

TEXT = {'Content-Type': 'text/plain'}


def put(url, body, **headers):
    response = requests.put(url, body, headers=headers, timeout=10)
    return response.status_code


def post(form, body, **fields):
    fields = {**form['fields'], **fields}
    files = {'file': body}
    response = requests.post(form['url'], fields, files=files, timeout=10)
    return response.status_code


def test_s3_takes_only_what_was_signed(s3):
    s3.create_bucket(Bucket='signed')
    url = presigned_url.upload_url(s3, 'signed', 'a', 'text/plain', size=5)
    assert put(url, b'1234', **TEXT) == 403
    assert put(url, b'123456', **TEXT) == 403
    assert put(url, b'12345', **{'Content-Type': 'text/html'}) == 403
    assert put(url, b'12345', **TEXT) == 200
    url = presigned_url.upload_url(s3, 'signed', 'b', 'text/plain', size=0)
    assert put(url, b'1', **TEXT) == 403
    assert put(url, b'', **TEXT) == 200


def test_a_url_is_for_one_operation(s3, bucket):
    s3.put_object(Bucket=bucket, Key='a', Body=b'body', ContentType='a/b')
    url = presigned_url.download_url(s3, bucket, 'a')
    assert requests.get(url, timeout=10).content == b'body'
    assert requests.head(url, timeout=10).status_code == 403
    assert put(url, b'other') == 403
    at = {'Bucket': bucket, 'Key': 'a'}
    url = presigned_url.sign(s3, 'head_object', at, seconds=9)
    response = requests.head(url, timeout=10)
    assert response.headers['Content-Type'] == 'a/b'
    assert requests.get(url, timeout=10).status_code == 403


def test_a_url_is_for_the_host_that_was_signed(s3, bucket):
    s3.put_object(Bucket=bucket, Key='a')
    url = presigned_url.download_url(s3, bucket, 'a')
    other = url.replace('127.0.0.1', 'localhost')
    assert requests.get(url, timeout=10).status_code == 200
    assert requests.get(other, timeout=10).status_code == 403


def test_a_file_object_that_is_empty_is_not_what_was_signed(s3, bucket):
    """S3 itself refuses chunks in any case."""
    url = presigned_url.upload_url(s3, bucket, 'a', 'text/plain', size=0)
    assert put(url, io.BytesIO(), **TEXT) == 403
    assert put(url, b'', **TEXT) == 200


def test_a_form_in_place_of_the_file_is_stored_as_it_is(s3, bucket):
    url = presigned_url.upload_url(s3, bucket, 'a', 'text/plain')
    files = {'file': b'body'}
    requests.put(url, files=files, headers=TEXT, timeout=10)
    stored = s3.get_object(Bucket=bucket, Key='a')['Body'].read()
    assert stored.startswith(b'--')
    assert b'Content-Disposition: form-data' in stored


@pytest.mark.skipif(not shutil.which('curl'), reason='no curl here')
@pytest.mark.parametrize('body', [b'%PDF', b''])
def test_curl_sends_a_file_as_the_docstring_says(s3, bucket, body, tmp_path):
    Path(tmp_path, 'report.pdf').write_bytes(body)
    url = presigned_url.upload_url(s3, bucket, 'a', 'application/pdf')
    command = re.search('curl .*', presigned_url.__doc__)[0]
    script = f'url={url!r}; {command}'
    subprocess.run(['sh', '-c', script], cwd=tmp_path, check=True)
    response = s3.get_object(Bucket=bucket, Key='a')
    assert response['Body'].read() == body
    assert response['ContentType'] == 'application/pdf'


def test_s3_takes_only_the_content_that_was_signed(s3, bucket):
    sha256 = b64encode(hashlib.sha256(b'body').digest()).decode()
    url = presigned_url.upload_url(
        s3, bucket, 'a', 'text/plain', sha256=sha256
    )
    signed = {**TEXT, 'x-amz-checksum-sha256': sha256}
    other = b64encode(hashlib.sha256(b'test').digest()).decode()
    assert put(url, b'body', **TEXT) == 403
    assert put(url, b'test', **{**signed, 'x-amz-checksum-sha256': other}) == (
        403
    )
    assert put(url, b'test', **signed) == 400
    assert put(url, b'body', **signed) == 200
    head = s3.head_object(Bucket=bucket, Key='a', ChecksumMode='ENABLED')
    assert head['ChecksumSHA256'] == sha256


def test_a_part_is_as_long_as_was_signed(s3, bucket):
    upload_id = presigned_parts.start(s3, bucket, 'a', 'text/plain')
    urls = presigned_parts.part_urls(s3, bucket, 'a', upload_id, 4, 4)
    assert put(urls[0], b'12345') == 403
    assert put(urls[0], b'123') == 403
    etag = requests.put(urls[0], b'1234', timeout=10).headers['ETag']
    presigned_parts.finish(s3, bucket, 'a', upload_id, [etag], 4)
    body = s3.get_object(Bucket=bucket, Key='a')['Body'].read()
    assert body == b'1234'


def test_an_empty_file_is_one_empty_part(s3, bucket):
    upload_id = presigned_parts.start(s3, bucket, 'a', 'text/plain')
    [url] = presigned_parts.part_urls(s3, bucket, 'a', upload_id, 0, 9)
    assert put(url, b'1') == 403
    etag = requests.put(url, b'', timeout=10).headers['ETag']
    presigned_parts.finish(s3, bucket, 'a', upload_id, [etag], 0)
    assert s3.head_object(Bucket=bucket, Key='a')['ContentLength'] == 0


@pytest.mark.parametrize('key', ['a b/ü+?#&%41~.csv', "!*'();:@$,[]"])
def test_the_address_of_a_public_object_leads_there(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b'body')
    url = public_buckets.public_url(s3, bucket, key)
    assert requests.get(url, timeout=10).status_code == 403
    statement = {
        'Effect': 'Allow',
        'Principal': '*',
        'Action': 's3:GetObject',
        'Resource': f'arn:aws:s3:::{bucket}/*',
    }
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert requests.get(url, timeout=10).content == b'body'


def test_s3_takes_an_upload_once(s3):
    s3.create_bucket(Bucket='once')
    url = presigned_url.upload_url(s3, 'once', 'a', 'text/plain', once=True)
    headers = {'Content-Type': 'text/plain'}
    assert put(url, b'1', **headers) == 403
    headers['If-None-Match'] = '*'
    assert put(url, b'1', **headers) == 200
    assert put(url, b'1', **headers) == 412


def test_s3_takes_no_url_for_more_than_7_days(s3):
    s3.create_bucket(Bucket='week')
    s3.put_object(Bucket='week', Key='a')
    url = presigned_url.download_url(s3, 'week', 'a', seconds=604_800)
    assert requests.get(url, timeout=10).status_code == 200
    url = presigned_url.download_url(s3, 'week', 'a', seconds=604_801)
    response = requests.get(url, timeout=10)
    assert response.status_code == 400
    assert '<Code>AuthorizationQueryParametersError</Code>' in response.text


def test_s3_takes_a_form_only_within_its_limits(s3):
    s3.create_bucket(Bucket='form')
    form = presigned_form.upload_form(s3, 'form', 'a', 'a/b', max_bytes=5)
    assert post(form, b'') == 400
    assert post(form, b'123456') == 400
    assert post(form, b'12345', key='b') == 403
    assert post(form, b'12345', **{'Content-Type': 'c/d'}) == 403
    assert post(form, b'12345') == 204
    assert s3.head_object(Bucket='form', Key='a')['ContentType'] == 'a/b'
