"""Test code of your own that uses S3, with pytest and the mock.

Run it: uv run pytest recipes/test_your_code.py

The fixtures give each test fake credentials, the mock, a client and an
empty bucket. Without fake ones, a call that the mock misses would be signed
with yours. An endpoint in the environment or in ~/.aws/config would lead
past the mock, so both are shut off. A client that was made before moto was
imported sends real requests: make it in the fixture.

On a fixture, use `with mock_aws()`, not the decorator, which ends before
the test starts.

The mock patches botocore in this process. It does not reach other
processes, nor s3fs, pandas and all else that is built on aiobotocore. For
these, run moto as a server and pass its URL as the endpoint:
`s3fs.S3FileSystem(endpoint_url=url, key='fake', secret='fake')`. The server
needs the packages flask and flask-cors, and moto 5.0.13.
https://docs.getmoto.org/en/latest/docs/getting_started.html
https://docs.getmoto.org/en/latest/docs/server_mode.html
https://github.com/getmoto/moto/issues/6836
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


@pytest.fixture(autouse=True)
def fake_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith('AWS_'):
            monkeypatch.delenv(name)
    monkeypatch.setenv('AWS_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', os.devnull)
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'fake')
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'fake')
    monkeypatch.setenv('no_proxy', '127.0.0.1')


@pytest.fixture
def s3() -> Iterator[S3Client]:
    with mock_aws():
        client = boto3.client('s3', region_name='us-east-1')
        client.create_bucket(Bucket='my-test-bucket')
        yield client


def test_a_report_is_saved_as_text(s3: S3Client) -> None:
    save_report(s3, 'my-test-bucket', 'All is well')

    response = s3.get_object(Bucket='my-test-bucket', Key='report.txt')
    assert response['Body'].read() == b'All is well'
    assert response['ContentType'] == 'text/plain'


@pytest.fixture(scope='session')
def server() -> Iterator[str]:
    """The URL of moto as a server on this machine, for code in between."""
    from moto.server import ThreadedMotoServer

    # By default it listens on all addresses of the machine.
    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f'http://{host}:{port}'
    server.stop()


def test_a_report_is_saved_on_a_server(server: str) -> None:
    client = boto3.client('s3', endpoint_url=server, region_name='us-east-1')
    client.create_bucket(Bucket='my-server-bucket')
    save_report(client, 'my-server-bucket', 'All is well')

    response = client.get_object(Bucket='my-server-bucket', Key='report.txt')
    assert response['Body'].read() == b'All is well'


# fmt: off
def demo() -> None:
    print('uv run pytest recipes/test_your_code.py')
    #> uv run pytest recipes/test_your_code.py
