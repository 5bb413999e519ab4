"""A real S3 server, SeaweedFS, for the recipes and the tour.

uv run --isolated --group strict pytest -o python_files='*.py' tests/strict

It enforces authorization, signatures, policies, conditions, checksums and
versions, which moto does not. It cannot judge Version 2 of signatures against
new buckets, SSE-KMS, events, transitions, `ExpectedBucketOwner`, the size of
metadata, `MpuObjectSize`, keys with `..` and `//`, or the order of a listing
with `/` in it. `pytest` alone does not collect these files.
"""

import os
import uuid

import boto3
import pytest
from botocore.config import Config
from weed import KEYS, weed


@pytest.fixture(scope='session')
def server(tmp_path_factory):
    """The URL of a server that ends with the tests."""
    with weed(tmp_path_factory.mktemp('weed')) as url:
        yield url


@pytest.fixture(autouse=True)
def _settings(server, monkeypatch):
    """What leads boto3 there, as a reader would set it."""
    settings = {
        'AWS_ENDPOINT_URL': server,
        'AWS_ACCESS_KEY_ID': KEYS['accessKey'],
        'AWS_SECRET_ACCESS_KEY': KEYS['secretKey'],
        'AWS_CONFIG_FILE': os.devnull,
        'AWS_SHARED_CREDENTIALS_FILE': os.devnull,
        'no_proxy': '*',
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)


@pytest.fixture
def s3():
    v4 = Config(signature_version='s3v4', max_pool_connections=20)
    return boto3.client('s3', region_name='us-east-1', config=v4)


@pytest.fixture
def bucket(s3):
    """The name of a new bucket."""
    name = f'b-{uuid.uuid4().hex}'
    s3.create_bucket(Bucket=name)
    return name
