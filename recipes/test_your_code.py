"""Test your own code that uses S3, with pytest and moto.

Run it: uv run pytest recipes/test_your_code.py

Copy it as two files, `conftest.py` and `test_app.py`: the lines below say
where each begins. Both need the imports.

Code often makes its client as it is imported, with `s3 = boto3.client('s3')`
at the top of app.py. A fixture comes too late for that: the client has found
no credentials, `NoCredentialsError`, or your own, or an endpoint that leads
past the mock. If moto is imported after it, it sends real requests. So
`conftest.py`, which pytest reads first, hides what is set on this machine,
sets fake credentials, and then imports moto. All settings that begin with
AWS_ go, your own, too: set those there. Import your code in the tests, not in
`conftest.py`, where that would come first.

On a fixture, use `with mock_aws()`, not the decorator, which ends before
the test starts.

The mock patches botocore in this process. It does not reach other
processes, nor s3fs, pandas and all else that is built on aiobotocore. For
these, run moto as a server and pass its URL as the endpoint:
`s3fs.S3FileSystem(endpoint_url=url, key='fake', secret='fake')`. Server and
mock have the same buckets, and each test with `s3` empties them. The server
needs the packages flask and flask-cors, and moto 5.0.13.
https://docs.getmoto.org/en/latest/docs/getting_started.html
https://docs.getmoto.org/en/latest/docs/server_mode.html
https://docs.pytest.org/en/stable/reference/reference.html#pytest.hookspec.pytest_configure
https://github.com/getmoto/moto/issues/5941
https://github.com/getmoto/moto/issues/6836
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Iterator
from unittest import mock

import boto3
import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# ---- conftest.py


def pytest_configure() -> None:
    """Pytest calls this of conftest.py before it imports tests and app."""
    for name in list(os.environ):
        if name.startswith(('AWS_', 'MOTO_', 'TEST_SERVER_MODE')):
            del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID='fake',
        AWS_SECRET_ACCESS_KEY='fake',
        AWS_DEFAULT_REGION='us-east-1',
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        no_proxy='127.0.0.1',
    )
    # It reads settings as it is imported, and mocks clients made after that.
    importlib.import_module('moto')


@pytest.fixture(autouse=True)
def fake_settings() -> Iterator[None]:
    """Set them again for each test, as another may have changed them."""
    with mock.patch.dict(os.environ):
        pytest_configure()
        yield


@pytest.fixture
def s3() -> Iterator[S3Client]:
    """A client in the mock, where `my-test-bucket` is empty."""
    from moto import mock_aws

    with mock_aws():
        client = boto3.client('s3', region_name='us-east-1')
        client.create_bucket(Bucket='my-test-bucket')
        yield client


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


# ---- test_app.py


# Here, import your own code instead: from app import save_report
def save_report(s3: S3Client, bucket: str, text: str) -> None:
    s3.put_object(
        Bucket=bucket, Key='report.txt', Body=text, ContentType='text/plain'
    )


def test_a_report_is_saved_as_text(s3: S3Client) -> None:
    save_report(s3, 'my-test-bucket', 'All is well')

    response = s3.get_object(Bucket='my-test-bucket', Key='report.txt')
    assert response['Body'].read() == b'All is well'
    assert response['ContentType'] == 'text/plain'


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


if __name__ == '__main__':
    print('See it run: uv run python -m recipes test_your_code')
