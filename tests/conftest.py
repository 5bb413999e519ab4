"""Fixtures, in an environment of which the tests know everything."""

import hashlib
import importlib
import inspect
import io
import os
import re
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

for _name in list(os.environ):
    if re.match('AWS_|BOTO|MOTO_|PYTHON|TEST_|INITIAL_NO_', _name):
        del os.environ[_name]

import boto3  # noqa: E402
import moto  # noqa: E402, F401  (it reads settings as it is imported)
from boto3.s3.transfer import TransferConfig  # noqa: E402
from botocore.awsrequest import AWSResponse  # noqa: E402
from s3transfer.utils import ChunksizeAdjuster  # noqa: E402

import main_aws_s3  # noqa: E402
from support import HAS_TABLES, RECIPES  # noqa: E402

if sys.version_info < (3, 10):
    # The newest moto for these Pythons lacks some of what recipes use.
    collect_ignore = [
        path.name
        for path in Path(__file__).parent.glob('test_*.py')
        if path.name != 'test_tour.py'
    ]
elif 'TESTS_AS_IS' not in os.environ:  # .ci/run tries both
    import faster  # noqa: F401

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


def pytest_collection_modifyitems(items):
    """Leave out what needs pandas, where it is not."""
    if not HAS_TABLES:
        items[:] = [x for x in items if 'pandas' not in x.fixturenames]


@pytest.fixture(scope='session')
def pandas():
    return importlib.import_module('pandas')


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
def fips(monkeypatch):
    """A Python that makes no MD5 to keep secrets, as FIPS has it."""
    md5_of = hashlib.md5

    def md5(body=b'', usedforsecurity=True):
        if usedforsecurity:
            raise ValueError('disabled for FIPS')
        return md5_of(body)

    monkeypatch.setattr(hashlib, 'md5', md5)


@pytest.fixture
def link():
    """`link(path, target)` makes a symbolic link, or the test is skipped.

    On Windows, who may make one depends on its settings.
    """

    def make(path, target):
        is_folder = (Path(path).parent / target).is_dir()
        try:
            os.symlink(target, path, is_folder)
        except (NotImplementedError, OSError):
            if os.name != 'nt':
                raise
            pytest.skip('links cannot be made here')

    return make


@pytest.fixture
def mine(s3, waits):
    """A second client, for the function that is tested.

    Its requests meet the faults of `mine.faults`, which also has what it
    sent. The bucket `bucket` is there. `s3` stands for somebody else, who
    prepares, interferes, and looks: it meets no faults.
    """
    from faults import Faults  # not above: an old moto lacks what it needs

    s3.create_bucket(Bucket='bucket')
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = Faults()
    client.faults.watch(client)
    return client


@pytest.fixture
def small(monkeypatch):
    """A MB is a KB here, for S3, boto3, and the recipes that are imported.

    So a body of 9 KB goes in parts of 8 KB.
    """
    from moto.s3 import models

    for name in ('multipart_threshold', 'multipart_chunksize'):
        monkeypatch.setitem(TransferConfig.DEFAULTS, name, 8 * 1024)
    limits = (5 * 1024**3, 5 * 1024, 10_000)
    monkeypatch.setattr(ChunksizeAdjuster.__init__, '__defaults__', limits)
    monkeypatch.setattr(models, 'S3_UPLOAD_PART_MIN_SIZE', 5 * 1024)
    for module in [sys.modules[x] for x in RECIPES if x in sys.modules]:
        for name in {'MB', 'LARGE'} & {*dir(module)}:
            size = getattr(module, name) // 1024
            monkeypatch.setattr(module, name, size)
        for function in [x for x in vars(module).values() if callable(x)]:
            function = inspect.unwrap(function)
            defaults = getattr(function, '__defaults__', None) or ()
            if 8 * 1024**2 in defaults:  # a size of parts
                smaller = [
                    8 * 1024 if x == 8 * 1024**2 else x for x in defaults
                ]
                monkeypatch.setattr(function, '__defaults__', tuple(smaller))


@pytest.fixture
def events(s3, monkeypatch):
    """The events of all clients that `boto3.client` makes in this test."""
    session = boto3.Session()
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', session)
    return session.events


@pytest.fixture
def sent(events):
    """The requests of all clients of this test; each gets an empty answer."""
    requests = []

    def answer(request, **_):
        requests.append(request)
        return AWSResponse(request.url, 200, {}, mock.Mock(stream=list))

    events.register_first('before-send.s3', answer)
    return requests


@pytest.fixture
def hostile(tmp_path):
    """An environment and an ~/.aws that lead boto3 and moto astray."""
    models = tmp_path / '.aws' / 'models' / 's3' / '2006-03-01'
    models.mkdir(parents=True)
    (models / 'service-2.json').write_text('{"operations": {}}')
    (tmp_path / '.aws' / 'config').write_text(HOSTILE_CONFIG)
    home = dict.fromkeys(['HOME', 'USERPROFILE'], str(tmp_path))
    return {**HOSTILE_ENVIRONMENT, **home}
