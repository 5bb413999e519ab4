"""Credentials, other stores, watching, public buckets, tests of your own."""

import base64
import hashlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from unittest import mock

import boto3
import pytest
from botocore import exceptions as errors
from botocore.awsrequest import AWSResponse
from faults import Faults, lost, slow_down
from support import RECIPES, ROOT, made_env

from main_aws_s3 import closed_world
from recipes import other_stores, public_buckets
from recipes.credentials import who_am_i
from recipes.see_requests import watch

SETTINGS = 'AWS_|BOTO|MOTO_|TEST_|HTTP|NO_PROXY|HOME|USERPROFILE'
APP = """
import boto3
s3, sqs = boto3.client('s3'), boto3.client('sqs')
def save(key): s3.put_object(Bucket='my-test-bucket', Key=key, Body='x')
"""
TEST_OF_THE_APP = """
def test_clients_made_at_import_are_mocked(s3):
    app.save('a')
    app.save('b')
    assert s3.list_objects_v2(Bucket='my-test-bucket')['KeyCount'] == 2
"""
LOOPBACK_ALONE = """
import sys
def refuse(event, args):
    at = {'socket.getaddrinfo': 0, 'socket.connect': 1}.get(event)
    if at is not None and '127.0.0.1' not in args[at]:
        raise RuntimeError(f'{event} {args}')
sys.addaudithook(refuse)
"""


def pytest_says(folder, settings, *words):
    """Return what pytest prints in a folder, with these settings alone."""
    return subprocess.run(
        [sys.executable, '-m', 'pytest', '-q', *words],
        cwd=folder,
        env=made_env(**settings),
        stdout=subprocess.PIPE,
        encoding='utf-8',
        timeout=60,
        check=False,
    ).stdout


@pytest.fixture
def misleading(hostile, tmp_path):
    """The settings that a test of one's own can be led astray by."""
    shutil.rmtree(tmp_path / '.aws' / 'models')  # nothing shuts these off
    (tmp_path / '.aws' / 'credentials').write_text('[broken')
    return {k: v for k, v in hostile.items() if re.match(SETTINGS, k)}


def test_the_file_of_tests_passes_whatever_is_set(misleading):
    # In one file alone, moto's own settings are read before any fixture.
    settings = {
        name: value
        for name, value in misleading.items()
        if not name.startswith(('MOTO_', 'TEST_'))
    }
    printed = pytest_says(ROOT, settings, '-n0', 'recipes')
    assert '2 passed' in printed, printed


def test_its_two_files_mock_a_client_made_at_import(misleading, tmp_path):
    source = RECIPES['test_your_code'].split('"""', 2)[2]
    imports, conftest, tests = re.split(r'\n# ---- .*\n', source)
    tests = f'{imports}\nimport app\n{tests}{TEST_OF_THE_APP}'
    files = {'conftest': imports + conftest, 'test_app': tests, 'app': APP}
    for name, text in {**files, 'loopback_alone': LOOPBACK_ALONE}.items():
        (tmp_path / f'{name}.py').write_text(text, 'utf-8')
    settings = {**misleading, 'PYTHONPATH': str(tmp_path)}
    printed = pytest_says(tmp_path, settings, '-p', 'loopback_alone')
    assert '3 passed' in printed, printed


SSO = 'sso_account_id = 1\nsso_role_name = x\nsso_region = us-east-1\n'
ROLE = 'role_arn = arn:aws:iam::123456789012:role/x'
PROCESS = f'credential_process = "{sys.executable}"'
# Without botocore[crt], or with it.
NO_LOGIN = (errors.MissingDependencyException, errors.LoginTokenLoadError)


@pytest.mark.parametrize(
    ('profile', 'error'),
    [
        ('', errors.NoCredentialsError),
        ('aws_access_key_id = x', errors.PartialCredentialsError),
        (ROLE, errors.PartialCredentialsError),
        (SSO, errors.InvalidConfigError),
        ('role_arn = x\nsource_profile = nobody', errors.InvalidConfigError),
        (f'{SSO}sso_start_url = https://x', errors.SSOTokenLoadError),
        ('login_session = x', NO_LOGIN),
        (f'{PROCESS} -c exit(1)', errors.CredentialRetrievalError),
        ('credential_process = ./absent', FileNotFoundError),
        (f'{PROCESS} -c 0', ValueError),
    ],
)
def test_who_am_i_raises_what_its_docstring_says(profile, error, tmp_path):
    (tmp_path / 'config').write_text(f'[default]\n{profile}')
    settings = {
        'HOME': os.devnull,
        'AWS_CONFIG_FILE': str(tmp_path / 'config'),
        'AWS_EC2_METADATA_DISABLED': 'true',
    }
    alone = mock.patch.dict(os.environ, settings, clear=True)
    with closed_world(), alone, pytest.raises(error):
        who_am_i(boto3.Session())


def test_a_session_with_an_unknown_profile_is_refused(s3):
    with pytest.raises(errors.ProfileNotFound):
        boto3.Session(profile_name='nobody')


def test_the_errors_that_who_am_i_names_exist():
    raises = inspect.getdoc(who_am_i).partition('Raises:')[2]
    names = re.findall(r'^ {4}([A-Z].*):', raises, re.MULTILINE)
    names = {name for line in names for name in line.split(', ')}
    assert len(names) > 10
    assert names <= {
        *dir(errors),
        'FileNotFoundError',
        'ValueError',
        'EOFError',
    }


def test_watching_shows_each_try_and_no_query(s3, monkeypatch):
    lines, faults = [], Faults()
    watch(s3, lines.append)
    faults.watch(s3)
    faults.come(ListObjectsV2=[slow_down, lost, lost, lost, lost])
    monkeypatch.setattr('time.sleep', lambda _: None)
    with pytest.raises(errors.ConnectionClosedError):
        s3.list_objects_v2(Bucket='my-bucket', Prefix='secret')
    tries = ['GET https://my-bucket.s3.amazonaws.com/'] * len(faults.met)
    assert lines[:-1] == tries
    assert lines[-1].startswith('no response: Connection was closed')
    assert 'secret' not in str(lines)


@pytest.fixture
def sent(events):
    """The requests of all clients of this test; each gets an empty answer."""
    requests = []

    def answer(request, **_):
        requests.append(request)
        return AWSResponse(request.url, 200, {}, mock.Mock(stream=list))

    events.register_first('before-send.s3', answer)
    return requests


@pytest.mark.parametrize(
    ('style', 'start'),
    [
        ('path', 'https://example.com/bucket/key?X-Amz-Algorithm=AWS4'),
        ('virtual', 'https://bucket.example.com/key?X-Amz-Algorithm=AWS4'),
    ],
)
def test_a_client_of_other_stores_signs_for_path_or_host(style, start, s3):
    at = {'Bucket': 'bucket', 'Key': 'key'}
    store = other_stores.make_client(
        'https://example.com', addressing_style=style
    )
    url = store.generate_presigned_url('get_object', Params=at)
    assert url.startswith(start)


def test_a_client_of_other_stores_asks_for_no_checksum(sent):
    store = other_stores.make_client('https://s3.example.com')
    store.get_object(Bucket='bucket', Key='key')
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    store.upload_part(
        Bucket='bucket', Key='key', UploadId='x', PartNumber=1, Body=b'x'
    )
    names = {name.lower() for request in sent for name in request.headers}
    assert not re.search('checksum|trailer|md5|encoding', str(names))


def test_send_md5_replaces_the_crc32_that_s3_requires(sent):
    store = other_stores.make_client('https://s3.example.com')
    other_stores.send_md5(store)
    store.put_bucket_policy(Bucket='bucket', Policy='{"ü": 1}')
    store.put_bucket_tagging(Bucket='bucket', Tagging={'TagSet': []})
    store.put_object(Bucket='bucket', Key='key', Body=b'x')
    for request in sent[:2]:
        md5 = base64.b64encode(hashlib.md5(request.body).digest())
        assert request.headers['Content-MD5'] == md5
        assert b'content-md5' in request.headers['Authorization']
        assert 'checksum' not in str(request.headers).lower()
    assert 'Content-MD5' not in sent[2].headers


def test_a_public_bucket_is_read_without_a_signature(sent):
    s3 = public_buckets.make_client('us-east-1')
    s3.get_object(Bucket='bucket', Key='key')
    assert 'Authorization' not in sent[0].headers
