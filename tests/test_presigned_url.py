"""Tests of recipes/presigned_url.py."""

import time
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import presigned_form
import presigned_parts
import presigned_url
from faults import Faults, denied, lost, slow_down
from presigned_parts import part_urls
from presigned_url import allow_page, signing_client, upload_url

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


def code_of(error):
    return error.value.response['Error']['Code']


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
    v4 = signing_client('us-east-1')
    url = upload_url(v4, 'bucket', 'key', 'text/plain', **limits)
    query = parse_qs(urlsplit(url).query)
    assert query['X-Amz-SignedHeaders'] == [signed]


def test_the_seconds_are_signed(s3):
    v4 = signing_client('us-east-1')
    urls = [
        presigned_url.download_url(v4, 'bucket', 'key', seconds=7),
        upload_url(v4, 'bucket', 'key', 'text/plain', seconds=7),
        *part_urls(v4, 'bucket', 'key', 'id', parts=2, seconds=7),
    ]
    assert all('X-Amz-Expires=7&' in url for url in urls)


def test_a_page_may_download_upload_and_read_etags(s3, bucket):
    allow_page(s3, bucket, 'https://a.example/')
    url = upload_url(signing_client('us-east-1'), bucket, 'key', 'text/plain')
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
