"""Test code of your own that uses S3, with pytest and the mock.

Run it: uv run pytest recipes/test_your_code.py

The fixture gives each test fake credentials, the mock, a client and an
empty bucket. Without fake ones, a call that the mock misses would be signed
with yours. An endpoint in the environment or in ~/.aws/config would lead
past the mock, so both are shut off. A client that was made before moto was
imported sends real requests: make it in the fixture.

On a fixture, use `with mock_aws()`, not the decorator, which ends before
the test starts.
https://docs.getmoto.org/en/latest/docs/getting_started.html
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator

import boto3
import pytest
from moto import mock_aws

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def save_report(s3: S3Client, bucket: str, text: str) -> None:
    """Stand in for the code of yours that is to be tested."""
    s3.put_object(
        Bucket=bucket, Key='report.txt', Body=text, ContentType='text/plain'
    )


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    for name in list(os.environ):
        if name.startswith('AWS_'):
            monkeypatch.delenv(name)
    monkeypatch.setenv('AWS_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', os.devnull)
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'fake')
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'fake')
    with mock_aws():
        client = boto3.client('s3', region_name='us-east-1')
        client.create_bucket(Bucket='my-test-bucket')
        yield client


def test_a_report_is_saved_as_text(s3: S3Client) -> None:
    save_report(s3, 'my-test-bucket', 'All is well')

    response = s3.get_object(Bucket='my-test-bucket', Key='report.txt')
    assert response['Body'].read() == b'All is well'
    assert response['ContentType'] == 'text/plain'


# fmt: off
def demo() -> None:
    print('uv run pytest recipes/test_your_code.py')
    #> uv run pytest recipes/test_your_code.py
