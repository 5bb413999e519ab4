"""Tests of recipes/configure_client.py."""

import socket
import threading
import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

import configure_client
import faults


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


@pytest.fixture
def sent(s3):
    """What is sent by `s3`, and the faults that it meets."""
    sent = faults.Faults()
    sent.watch(s3)
    return sent


@pytest.fixture
def slept(monkeypatch):
    """The seconds that are waited for, without waiting."""
    slept = []
    monkeypatch.setattr(time, 'sleep', slept.append)
    return slept


def test_connect_timeout_ends_an_upload_that_stalls(monkeypatch):
    monkeypatch.setenv('no_proxy', '*')
    with socket.create_server(('127.0.0.1', 0)) as server:

        def stall():
            connection, _ = server.accept()
            connection.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
            done.wait(5)
            connection.close()

        done = threading.Event()
        threading.Thread(target=stall, daemon=True).start()
        s3 = boto3.client(
            's3',
            region_name='us-east-1',
            endpoint_url=f'http://127.0.0.1:{server.getsockname()[1]}',
            aws_access_key_id='a',
            aws_secret_access_key='b',
            config=Config(
                connect_timeout=0.2, retries={'total_max_attempts': 1}
            ),
        )
        with pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket='bucket', Key='k', Body=bytes(10**7))
        done.set()


def test_a_long_stall_and_nine_failures_are_stood(s3, sent, slept):
    client = configure_client.client_for_threads('us-east-1', threads=30)
    assert client.meta.config.connect_timeout == 60
    assert client.meta.config.max_pool_connections == 30
    sent.watch(client)
    sent.come(PutObject=[faults.slow_down] * 9)
    client.put_object(Bucket='bucket', Key='key')
    assert sent.sent == ['PutObject'] * 10
