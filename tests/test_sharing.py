"""Presigned URLs, forms and parts, and the CORS rule of all three."""

import base64
import inspect
import json
import time
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from faults import ERROR, Faults, denied, gone, lost, says, slow_down

from recipes import presigned_form, presigned_parts, presigned_url
from recipes.presigned_parts import abort, complete, part_urls, start
from recipes.presigned_url import allow_page, make_client, upload_url

RECIPES = [presigned_url, presigned_form, presigned_parts]
SIGNS = {
    'GET': lambda s3: presigned_url.download_url(s3, 'bucket', 'key'),
    'PUT': lambda s3: upload_url(s3, 'bucket', 'key', 'text/plain'),
    'POST': lambda s3: presigned_form.upload_form(s3, 'bucket', 'key', '', 1),
    'part': lambda s3: part_urls(s3, 'bucket', 'key', 'id', parts=1),
}


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
    v4 = make_client('us-east-1')
    (url,) = part_urls(v4, 'bucket', 'key', upload_id, parts=1)
    return requests.put(url, b'part', timeout=10).headers['ETag']


def code_of(error):
    return error.value.response['Error']['Code']


@pytest.mark.parametrize('name', ['make_client', 'allow_page'])
def test_each_file_has_the_same_function(name):
    sources = {inspect.getsource(getattr(each, name)) for each in RECIPES}
    assert len(sources) == 1


@pytest.mark.parametrize('sign', SIGNS.values(), ids=SIGNS)
@pytest.mark.parametrize('version', [None, 's3', UNSIGNED])
def test_a_client_without_version_4_of_signatures_is_refused(
    sign, version, s3
):
    config = Config(signature_version=version)
    client = boto3.client('s3', region_name='us-east-1', config=config)
    with pytest.raises(ValueError, match='Not signed with Version 4'):
        sign(client)


@pytest.mark.parametrize('sign', SIGNS.values(), ids=SIGNS)
def test_a_plain_client_will_do_where_it_signs_with_version_4(sign, s3):
    assert sign(boto3.client('s3', region_name='eu-central-1'))


@pytest.mark.parametrize(
    ('limits', 'signed'),
    [
        ({}, 'content-type;host'),
        ({'size': 5}, 'content-length;content-type;host'),
        ({'size': 0}, 'content-length;content-type;host'),
        ({'once': True}, 'content-type;host;if-none-match'),
    ],
)
def test_an_upload_url_signs_its_limits(limits, signed, s3):
    v4 = make_client('us-east-1')
    url = upload_url(v4, 'bucket', 'key', 'text/plain', **limits)
    query = parse_qs(urlsplit(url).query)
    assert query['X-Amz-SignedHeaders'] == [signed]


def test_the_seconds_are_signed(s3):
    v4 = make_client('us-east-1')
    urls = [
        presigned_url.download_url(v4, 'bucket', 'key', seconds=7),
        upload_url(v4, 'bucket', 'key', 'text/plain', seconds=7),
        *part_urls(v4, 'bucket', 'key', 'id', parts=2, seconds=7),
    ]
    assert all('X-Amz-Expires=7&' in url for url in urls)


def test_a_form_signs_its_limits(s3):
    form = presigned_form.upload_form(
        make_client('us-east-1'), 'bucket', 'key', 'image/png', 5, seconds=99
    )
    fields = form['fields']
    policy = json.loads(base64.b64decode(fields['policy']))
    begin = datetime.strptime(fields['x-amz-date'], '%Y%m%dT%H%M%SZ')
    end = datetime.strptime(policy['expiration'], '%Y-%m-%dT%H:%M:%SZ')
    assert (end - begin).total_seconds() == pytest.approx(99, abs=9)
    for condition in (
        {'bucket': 'bucket'},
        {'key': 'key'},
        {'Content-Type': 'image/png'},
        ['content-length-range', 1, 5],
    ):
        assert condition in policy['conditions']


@pytest.mark.parametrize('key', ['a/${filename}', '${filename}/a', '$'])
def test_a_form_does_not_choose_its_key(key, s3):
    with pytest.raises(ValueError, match='lets the sender choose'):
        presigned_form.upload_form(
            make_client('us-east-1'), 'bucket', key, 'image/png', max_bytes=5
        )


def test_a_page_may_download_upload_and_read_etags(s3, bucket):
    allow_page(s3, bucket, 'https://a.example/')
    url = upload_url(make_client('us-east-1'), bucket, 'key', 'text/plain')
    for method in ('GET', 'PUT', 'POST'):
        headers = requests.options(
            url,
            headers={
                'Origin': 'https://a.example',
                'Access-Control-Request-Method': method,
                'Access-Control-Request-Headers': 'if-none-match',
            },
            timeout=10,
        ).headers
        assert headers['Access-Control-Allow-Origin'] == 'https://a.example'
        assert method in headers['Access-Control-Allow-Methods']
        assert headers['Access-Control-Allow-Headers'] == '*'
        assert headers['Access-Control-Expose-Headers'] == 'ETag'


def test_all_rules_but_the_pages_own_stay_as_they_are(s3, bucket):
    theirs = {
        'ID': 'theirs',
        'AllowedOrigins': ['*'],
        'AllowedMethods': ['GET'],
        'AllowedHeaders': ['x-theirs'],
        'MaxAgeSeconds': 60,
    }
    nameless = {'AllowedOrigins': ['*'], 'AllowedMethods': ['HEAD']}
    s3.put_bucket_cors(
        Bucket=bucket, CORSConfiguration={'CORSRules': [theirs, nameless]}
    )
    for origin in ('https://a.example', 'https://b.example'):
        for each in RECIPES:
            each.allow_page(s3, bucket, origin)
            each.allow_page(s3, bucket, f'{origin}/')
    rules = s3.get_bucket_cors(Bucket=bucket)['CORSRules']
    assert [rule['AllowedOrigins'] for rule in rules[:2]] == [
        ['https://b.example'],
        ['https://a.example'],
    ]
    assert rules[2:] == [theirs, nameless]


def test_rules_that_cannot_be_read_are_not_replaced(s3, bucket, faults):
    faults.come(GetBucketCors=[denied])
    with pytest.raises(ClientError) as error:
        allow_page(s3, bucket, 'https://a.example')
    assert code_of(error) == 'AccessDenied'
    assert faults.sent == ['GetBucketCors']


def test_a_rule_is_there_once_after_a_lost_response(s3, bucket, faults):
    faults.come(PutBucketCors=[slow_down, lost])
    allow_page(s3, bucket, 'https://a.example')
    assert faults.sent.count('PutBucketCors') == 3
    assert len(s3.get_bucket_cors(Bucket=bucket)['CORSRules']) == 1


def test_completing_tells_s3_the_size_and_its_refusal(
    s3, bucket, upload_id, faults
):
    def other_size(request, work):
        assert request.headers['x-amz-mp-object-size'] == b'5'
        return says(400, ERROR.format('InvalidRequest'))(request, work)

    etag = send_part(upload_id)
    faults.come(CompleteMultipartUpload=[other_size])
    with pytest.raises(ClientError) as error:
        complete(s3, bucket, 'key', upload_id, [etag], size=5)
    assert code_of(error) == 'InvalidRequest'


def test_a_head_finds_what_a_lost_response_has_completed(
    s3, bucket, upload_id, faults
):
    etag = send_part(upload_id)
    faults.come(CompleteMultipartUpload=[lost, gone])
    with pytest.raises(ClientError) as error:
        complete(s3, bucket, 'key', upload_id, [etag], size=4)
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
