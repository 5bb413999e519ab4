"""Tests of recipes/public_buckets.py."""

import boto3
import pytest
from botocore.config import Config

import public_buckets


def test_a_public_bucket_is_read_without_a_signature(sent):
    s3 = public_buckets.unsigned_client('us-east-1')
    s3.get_object(Bucket='bucket', Key='key')
    assert 'Authorization' not in sent[0].headers


def test_an_address_names_the_region_and_quotes_the_key(s3):
    s3 = public_buckets.unsigned_client('eu-central-1')
    url = public_buckets.public_url(s3, 'bucket', 'a b/ü+?#&%41.csv')
    assert url == (
        'https://bucket.s3.eu-central-1.amazonaws.com/'
        'a%20b/%C3%BC%2B%3F%23%26%2541.csv'
    )


@pytest.mark.parametrize('version', ['s3', 's3v4'])
def test_an_address_has_no_signature_that_expires(version, s3):
    config = Config(signature_version=version)
    s3 = boto3.client('s3', region_name='us-east-1', config=config)
    url = public_buckets.public_url(s3, 'bucket', 'what?')
    assert url == 'https://bucket.s3.amazonaws.com/what%3F'


def test_a_bucket_with_dots_has_an_address_that_its_certificate_fits(s3):
    s3 = public_buckets.unsigned_client('us-east-1')
    url = public_buckets.public_url(s3, 'my.bucket', 'key')
    assert url == 'https://s3.amazonaws.com/my.bucket/key'
