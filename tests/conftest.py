"""Fixtures, in an environment of which the tests know everything."""

import io
import os
import re
import sys
import time
from contextlib import redirect_stdout
from functools import lru_cache

import pytest

for _name in list(os.environ):
    if re.match('AWS_|BOTO|MOTO_|PYTHON|TEST_|INITIAL_NO_', _name):
        del os.environ[_name]

import boto3  # noqa: E402
import botocore.session  # noqa: E402
import moto  # noqa: E402, F401  (it reads settings as it is imported)

import main_aws_s3  # noqa: E402

# Most of a test's time goes into botocore's own JSON: load it once.
botocore.session.create_loader = lru_cache(botocore.session.create_loader)

if sys.version_info < (3, 10):
    # The newest moto for these Pythons lacks some of what recipes use.
    collect_ignore_glob = ['test_[!t]*.py']  # all but test_tour.py

NOWHERE = 'http://127.0.0.1:9'
HOSTILE_ENVIRONMENT = {
    'AWS_ACCESS_KEY_ID': 'AKIAREAL',
    'AWS_SECRET_ACCESS_KEY': 'real-secret',
    'AWS_SESSION_TOKEN': 'real-token',
    'AWS_CREDENTIAL_EXPIRATION': '2001-01-01T00:00:00Z',
    'AWS_PROFILE': 'nobody',
    'AWS_DEFAULT_REGION': 'the_moon',
    'AWS_ENDPOINT_URL': NOWHERE,
    'AWS_EC2_METADATA_SERVICE_ENDPOINT': NOWHERE,
    'AWS_S3_US_EAST_1_REGIONAL_ENDPOINT': 'nonsense',
    'AWS_USE_DUALSTACK_ENDPOINT': 'perhaps',
    'AWS_RETRY_MODE': 'nonsense',
    'AWS_REQUEST_CHECKSUM_CALCULATION': 'nonsense',
    'AWS_CA_BUNDLE': '/nowhere',
    'AWS_DATA_PATH': '/nowhere',
    'BOTOCORE_EXPERIMENTAL__PLUGINS': 'x=nowhere',
    'HTTP_PROXY': NOWHERE,
    'HTTPS_PROXY': '://',
    'NO_PROXY': '[::/,,*',
    'SSLKEYLOGFILE': '/nowhere/x',
    'MOTO_S3_DEFAULT_MAX_KEYS': '1',
    'MOTO_S3_CUSTOM_ENDPOINTS': NOWHERE,
    'MOTO_ENABLE_RECORDING': 'true',
    'TEST_SERVER_MODE': 'true',
    'INITIAL_NO_AUTH_ACTION_COUNT': '0',
}
HOSTILE_CONFIG = f"""
[default]
endpoint_url = {NOWHERE}
retry_mode = nonsense
credential_process = touch ran
s3 =
  addressing_style = sideways
"""


def pytest_addoption(parser):
    about = "bring README.md's quotes and outputs up to date; test nothing"
    parser.addoption('--update-examples', action='store_true', help=about)


def pytest_configure(config):
    if config.option.update_examples:
        config.option.keyword = 'test_the_page_is_up_to_date'


@pytest.fixture(scope='session')
def printed():
    """What the tour prints where nothing is set."""
    with redirect_stdout(io.StringIO()) as stdout:
        main_aws_s3.main()
    return stdout.getvalue()


@pytest.fixture(scope='session')
def session():
    """A session that has read nothing of this machine."""
    with main_aws_s3.closed_world():
        return boto3.Session()


@pytest.fixture
def s3(session, monkeypatch):
    """A client in the closed world, in us-east-1."""
    with main_aws_s3.closed_world():
        # moto has dropped the default one, and a new one takes its time.
        monkeypatch.setattr(boto3, 'DEFAULT_SESSION', session)
        yield boto3.client('s3', region_name='us-east-1')


@pytest.fixture
def waits(monkeypatch):
    """How long recipe and boto3 would have waited, in seconds."""
    waited = []
    monkeypatch.setattr(time, 'sleep', waited.append)
    return waited


@pytest.fixture
def mine(s3, waits):
    """The client of a recipe, which meets `mine.faults`, and a bucket.

    `s3` is somebody else's.
    """
    from faults import Faults  # not above: an old moto lacks what it needs

    s3.create_bucket(Bucket='bucket')
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = Faults()
    client.faults.watch(client)
    return client


@pytest.fixture
def events(s3, monkeypatch):
    """The events of all clients that `boto3.client` makes in this test."""
    session = boto3.Session()
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', session)
    return session.events


@pytest.fixture
def hostile(tmp_path):
    """An environment and an ~/.aws that lead boto3 and moto astray."""
    models = tmp_path / '.aws' / 'models' / 's3' / '2006-03-01'
    models.mkdir(parents=True)
    (models / 'service-2.json').write_text('{"operations": {}}')
    (tmp_path / '.aws' / 'config').write_text(HOSTILE_CONFIG)
    home = dict.fromkeys(['HOME', 'USERPROFILE'], str(tmp_path))
    return {**HOSTILE_ENVIRONMENT, **home}
