"""Test your own code that uses S3, with pytest and moto.

Run it: uv run pytest recipes/test_your_code.py

The demo at the end is the ordinary test: what runs in `with mock_aws()` finds
an S3 that is empty, and is gone after it. The rest is for what goes wrong
with that in a program: clients made too early, other endpoints and profiles.

Copy it as two files, `conftest.py` and `test_app.py`: the lines below say
where each begins. Both need the imports. Then look at the two lists at the
top of `conftest.py`:

- ENDPOINTS: if your code has an `endpoint_url`, put it there, or the mock
  does not take it for S3. Buckets stand in the path there, as boto3 has it
  for such an endpoint unless you ask for the style `virtual`.
- PROFILES: if your code names profiles, put their names there. Those of this
  machine are hidden, so any other one is a `ProfileNotFound`.

What the mock does not know is not sent, whatever your code or this machine
has set: it is a RuntimeError that says what to do.

Code often makes its client as it is imported, with `s3 = boto3.client('s3')`
at the top of app.py. A fixture comes too late for that. So `conftest.py`,
which pytest reads first, hides the settings of this machine, sets fake
credentials, and imports moto. It removes all settings that begin with AWS_,
even your own: set those there. Import your code in the tests, not in
`conftest.py`, where that would come first. pytest-django imports it even
before `conftest.py`: there, begin the settings of the tests with
`import conftest` and `conftest.pytest_configure()`.

In a fixture, use `with mock_aws()`. As a decorator, it ends before the test
starts.

The mock works inside this process, for boto3 and for presigned URLs that
`requests` opens. What is built on aiobotocore, such as s3fs and pandas,
needs moto as a server, or ends with "can't be used in 'await' expression" or
"'coroutine' object has no attribute". Pass the URL of the fixture `server`
as the endpoint: `s3fs.S3FileSystem(endpoint_url=server, key='fake',
secret='fake')`. Server and mock have the same buckets, and each test with
`s3` empties them.

Two things may still send: other processes, such as the AWS CLI, and what
sends by itself, such as httpx, PyArrow, DuckDB and Polars. They find fake
credentials, which no real store accepts, unless your code has others in it.
pytest-socket stops all of Python, and `--allow-hosts=127.0.0.1` lets it
reach the server; with `--disable-socket` alone, `server` is an error.

Without uv: pip install "moto[s3,server]" pytest
Here, without pytest-xdist: pytest -o addopts= recipes/test_your_code.py

The server needs moto 5.0.13.
https://docs.getmoto.org/en/latest/docs/getting_started.html
https://docs.getmoto.org/en/latest/docs/services/s3.html
https://docs.getmoto.org/en/latest/docs/server_mode.html
https://docs.pytest.org/en/stable/reference/reference.html#pytest.hookspec.pytest_configure
https://github.com/getmoto/moto/issues/2993
https://github.com/getmoto/moto/issues/5941
https://github.com/getmoto/moto/issues/6836
https://github.com/miketheman/pytest-socket
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator
from unittest import mock
from urllib.parse import urlsplit

import boto3
import boto3.s3.transfer
import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# ---- conftest.py

ENDPOINTS = ['https://s3.example.com']  # without a slash at the end
PROFILES = ['default', 'my-profile']

FOLDER = tempfile.TemporaryDirectory()
SERVERS: set[str] = set()  # those of these tests, as 127.0.0.1:34567


def pytest_configure() -> None:
    """Pytest calls this of conftest.py before it imports tests and app."""
    for name in list(os.environ):
        if name.startswith(('AWS_', 'MOTO_', 'TEST_SERVER_MODE')):
            del os.environ[name]
    keys = 'aws_access_key_id = fake\naws_secret_access_key = fake\n'
    config = Path(FOLDER.name, 'config')
    config.write_text(''.join(f'[profile {x}]\n{keys}' for x in PROFILES))
    os.environ.update(
        AWS_ACCESS_KEY_ID='fake',
        AWS_SECRET_ACCESS_KEY='fake',
        AWS_DEFAULT_REGION='us-east-1',
        AWS_CONFIG_FILE=str(config),
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        MOTO_S3_CUSTOM_ENDPOINTS=','.join(ENDPOINTS),
        no_proxy='127.0.0.1',
    )
    # These send what the mock has not answered.
    guard('botocore.httpsession', 'URLLib3Session')  # of boto3
    guard('aiobotocore.httpsession', 'AIOHTTPSession')  # of s3fs
    guard('aiobotocore.httpxsession', 'HttpxSession')
    guard('requests.adapters', 'HTTPAdapter', 'Signature=')  # presigned
    # With awscrt, boto3 may ask no mock. After None, it sends as usual.
    vars(boto3.s3.transfer).update(create_crt_transfer_manager=lambda *_: None)
    # It mocks clients that are made after it is imported.
    importlib.import_module('moto')


def guard(module: str, session: str, part: str = '') -> None:
    """Have it refuse URLs with this part, unless they are of SERVERS."""
    try:
        sender = getattr(importlib.import_module(module), session)
    except ImportError:  # not installed, or too old to have it
        return
    send = sender.send

    def send_to_servers(
        self: Any, request: Any, *more: Any, **named: Any
    ) -> Any:
        url = urlsplit(request.url)
        if part in request.url and url.netloc not in SERVERS:
            raise RuntimeError(
                f'Not sent, because nothing mocks {url.scheme}://{url.netloc} '
                'here. A test of boto3 needs the fixture `s3`, and clients '
                'that are made after conftest.py is read; one of s3fs needs '
                'the fixture `server`. Is it an S3 endpoint of your own? '
                'Then add it to ENDPOINTS in conftest.py.'
            )
        return send(self, request, *more, **named)

    if send.__name__ != 'send_to_servers':  # not yet
        sender.send = send_to_servers


@pytest.fixture(autouse=True)
def fake_settings() -> Iterator[None]:
    """Set them again for each test, as another may have changed them."""
    with mock.patch.dict(os.environ):
        pytest_configure()
        s3fs: Any = sys.modules.get('s3fs')
        if s3fs:  # it keeps file systems, and what they have listed
            s3fs.S3FileSystem.clear_instance_cache()
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

    # Where sockets are forbidden, this is an error, and start() would hang.
    socket.create_server(('127.0.0.1', 0)).close()
    # By default it listens on all addresses of the machine.
    server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    SERVERS.add(f'{host}:{port}')
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


def test_no_store_of_my_own_is_reached(s3: S3Client) -> None:
    client = boto3.client('s3', endpoint_url='http://localhost:9000')
    with pytest.raises(RuntimeError, match='Not sent'):
        save_report(client, 'my-test-bucket', 'All is well')


# fmt: off
def demo() -> None:
    from moto import mock_aws

    # The ordinary test, all in one; `save_report` stands for your own code.
    def test_a_report_is_saved() -> None:
        with mock_aws():
            s3 = boto3.client('s3', region_name='us-east-1')
            s3.create_bucket(Bucket='my-test-bucket')
            save_report(s3, 'my-test-bucket', 'All is well')
            response = s3.get_object(Bucket='my-test-bucket', Key='report.txt')
            assert response['Body'].read() == b'All is well'

    # By itself, pytest would call it.
    test_a_report_is_saved()

    # With fixtures for many tests, and with nothing that is really sent:
    print('uv run pytest recipes/test_your_code.py')
    #> uv run pytest recipes/test_your_code.py


if __name__ == '__main__':
    print('See it run: uv run python -m recipes test_your_code')
