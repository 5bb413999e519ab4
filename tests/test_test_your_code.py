"""Tests of recipes/test_your_code.py."""

import inspect
import os
import re
import shutil
import socket
import subprocess
import sys
import threading

import boto3
import pytest

import test_your_code
from support import RECIPES, made_env

SETTINGS = 'AWS_|BOTO|MOTO_|TEST_|HTTP|NO_PROXY|HOME|USERPROFILE'

# Code as people have it: clients made at import, an endpoint of its own.
APP = """
import boto3
s3, sqs = boto3.client('s3'), boto3.client('sqs')
def store(url='ELSEWHERE'):
    keys = dict.fromkeys(['aws_access_key_id', 'aws_secret_access_key'], 'x')
    return boto3.client('s3', endpoint_url=url, **keys)
other = store()
try:
    other.list_buckets()
except RuntimeError as error:
    at_import = str(error)
"""

TESTS_OF_THE_APP = r"""
import asyncio, types
import requests
from concurrent.futures import ThreadPoolExecutor

GET = {'Bucket': 'my-test-bucket', 'Key': 'a'}
KEYS = 'aws_access_key_id=x\naws_secret_access_key=x\n'
not_sent = pytest.raises(RuntimeError, match='Not sent, because nothing mo')

def test_clients_and_endpoints_are_mocked(s3):
    app.s3.put_object(Bucket='my-test-bucket', Key='a', Body='x')
    store = app.store('https://s3.example.com')
    store.upload_file(__file__, 'my-test-bucket', 'b')
    assert s3.list_objects_v2(Bucket='my-test-bucket')['KeyCount'] == 2
    assert requests.get(store.generate_presigned_url('get_object', GET)).ok

def test_an_error_says_what_to_do():
    assert 'mocks ELSEWHERE here' in app.at_import
    assert 'add it to ENDPOINTS in conftest.py' in app.at_import

def test_another_endpoint_is_not_reached(s3, monkeypatch):
    with not_sent:
        app.other.list_buckets()
    with not_sent:
        app.other.upload_file(__file__, 'my-test-bucket', 'a')
    with not_sent, ThreadPoolExecutor() as pool:
        pool.submit(app.other.list_buckets).result()
    with not_sent:
        requests.get(app.other.generate_presigned_url('get_object', GET))
    monkeypatch.setenv('AWS_ENDPOINT_URL', 'ELSEWHERE')
    with not_sent:
        boto3.Session().client('s3').list_buckets()

def test_without_the_mock_nothing_is_sent():
    with not_sent:
        app.other.list_buckets()
    with not_sent:
        app.s3.list_buckets()

def test_profiles_in_the_list_are_there_and_others_reach_nothing(
    s3, monkeypatch, tmp_path
):
    for name in ('default', 'my-profile'):
        client = boto3.Session(profile_name=name).client('s3')
        assert len(client.list_buckets()['Buckets']) == 1
    config = tmp_path / 'config'
    config.write_text(f'[profile mine]\nendpoint_url=ELSEWHERE\n{KEYS}')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(config))
    with not_sent:
        boto3.Session(profile_name='mine').client('s3').list_buckets()

def test_s3fs_reaches_the_server_alone(server):
    from aiobotocore.httpsession import AIOHTTPSession
    from aiobotocore.httpxsession import HttpxSession
    for session in (AIOHTTPSession(), HttpxSession()):
        request = types.SimpleNamespace(url=server)
        assert asyncio.run(session.send(request)) == server
        request = types.SimpleNamespace(url='ELSEWHERE')
        with not_sent:
            asyncio.run(session.send(request))

def list_with_s3fs():
    from s3fs import S3FileSystem
    assert S3FileSystem.listed == []
    S3FileSystem.listed.append('a file')

def test_s3fs_has_listed_nothing_yet():
    list_with_s3fs()

def test_s3fs_has_listed_nothing_for_another_test():
    list_with_s3fs()

def test_boto3_sends_by_no_crt():
    from boto3.s3.transfer import create_crt_transfer_manager
    assert create_crt_transfer_manager(None, None) is None
"""

# What s3fs sends by, as far as the fixtures see it.
AIOBOTOCORE = """
class {}:
    async def send(self, request):
        return request.url
"""

# It hands out the same file system again, with what it has listed.
S3FS = """
class S3FileSystem:
    listed = []
    @classmethod
    def clear_instance_cache(cls):
        cls.listed.clear()
"""

LOOPBACK_ALONE = """
import sys
def refuse(event, args):
    at = {'socket.getaddrinfo': 0, 'socket.connect': 1}.get(event)
    if at is not None and '127.0.0.1' not in args[at]:
        raise RuntimeError(f'{event} {args}')
sys.addaudithook(refuse)
"""


@pytest.fixture
def misleading(hostile, tmp_path):
    """The settings that a test of one's own can be led astray by."""
    shutil.rmtree(tmp_path / '.aws' / 'models')  # nothing shuts these off
    (tmp_path / '.aws' / 'credentials').write_text('[broken')
    return {k: v for k, v in hostile.items() if re.match(SETTINGS, k)}


@pytest.fixture
def elsewhere():
    """The URL of a store on this machine that nobody may reach."""
    with socket.create_server(('127.0.0.1', 0)) as store:
        store.setblocking(False)
        yield f'http://127.0.0.1:{store.getsockname()[1]}'
        with pytest.raises(BlockingIOError):  # nobody has called
            store.accept()


def test_its_two_files_keep_tests_in_the_mock(misleading, elsewhere, tmp_path):
    source = RECIPES['test_your_code'].split('"""', 2)[2]
    imports, conftest, tests = re.split(r'\n# ---- .*\n', source)
    files = {
        'conftest': imports + conftest,
        'test_app': f'{imports}\nimport app\n{tests}{TESTS_OF_THE_APP}',
        'app': APP,
        'loopback_alone': LOOPBACK_ALONE,
        'aiobotocore/httpsession': AIOBOTOCORE.format('AIOHTTPSession'),
        'aiobotocore/httpxsession': AIOBOTOCORE.format('HttpxSession'),
        's3fs': S3FS,
    }
    (tmp_path / 'aiobotocore').mkdir()
    for name, text in files.items():
        text = text.replace('ELSEWHERE', elsewhere)
        (tmp_path / f'{name}.py').write_text(text, 'utf-8')
    words = '-m pytest -q -W error::ResourceWarning -p loopback_alone'
    printed = subprocess.run(
        [sys.executable, *words.split()],
        cwd=tmp_path,
        env=made_env(**misleading, PYTHONPATH=str(tmp_path)),
        stdout=subprocess.PIPE,
        encoding='utf-8',
        timeout=100,
        check=False,
    ).stdout
    passed = len(re.findall(r'\ndef test_', files['test_app']))
    assert f'{passed} passed' in printed, printed


def test_where_sockets_are_forbidden_the_server_does_not_hang(monkeypatch):
    """As by `pytest --disable-socket`."""

    def refuse(*_, **__):
        raise RuntimeError('no sockets here')

    monkeypatch.setattr(socket, 'socket', refuse)
    monkeypatch.setattr(threading.Thread, 'start', pytest.fail)
    with pytest.raises(RuntimeError, match='no sockets here'):
        next(inspect.unwrap(test_your_code.server)())


def test_the_closed_world_mocks_an_endpoint_of_ones_own_as_it_says(s3):
    store = boto3.client('s3', endpoint_url='http://localhost:9000')
    with pytest.raises(RuntimeError, match='MOTO_S3_CUSTOM_ENDPOINTS'):
        store.list_buckets()
    os.environ['MOTO_S3_CUSTOM_ENDPOINTS'] = 'http://localhost:9000'
    assert store.list_buckets()['Buckets'] == []
