"""Presigned URLs and forms: a real S3 server takes only what was signed."""

import requests

import presigned_form
import presigned_url


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
    text = {'Content-Type': 'text/plain'}
    assert put(url, b'1234', **text) == 403
    assert put(url, b'123456', **text) == 403
    assert put(url, b'12345', **{'Content-Type': 'text/html'}) == 403
    assert put(url, b'12345', **text) == 200
    assert requests.get(url, timeout=10).status_code == 403
    url = presigned_url.upload_url(s3, 'signed', 'b', 'text/plain', size=0)
    assert put(url, b'1', **text) == 403
    assert put(url, b'', **text) == 200


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
