"""Fixtures, and an environment in which the tests say what is set."""

import io
import os
import re
import socket
from contextlib import redirect_stdout
from functools import lru_cache

import pytest

for _name in list(os.environ):
    if re.match('AWS_|BOTO|MOTO_|PYTHON|TEST_|INITIAL_NO_', _name):
        del os.environ[_name]

import boto3  # noqa: E402
import botocore.session  # noqa: E402
import moto  # noqa: E402, F401  (it reads settings as it is imported)
from support import ROOT, mask  # noqa: E402

import main_aws_s3  # noqa: E402

# Most of a tour's time goes into botocore's own JSON: load it once.
botocore.session.create_loader = lru_cache(botocore.session.create_loader)


def pytest_addoption(parser):
    about = "bring README.md's quotes and outputs up to date; test nothing"
    parser.addoption('--update-examples', action='store_true', help=about)


def pytest_configure(config):
    if config.option.update_examples:
        config.option.keyword = 'test_the_page_is_up_to_date'


@pytest.fixture(scope='session')
def plain():
    """What the tour prints where nothing is set, masked."""
    with redirect_stdout(io.StringIO()) as stdout:
        main_aws_s3.main()
    return mask(stdout.getvalue())


@pytest.fixture
def s3():
    """A client in the closed world, in us-east-1."""
    with main_aws_s3.closed_world():
        yield boto3.client('s3', region_name='us-east-1')


@pytest.fixture
def hostile(tmp_path):
    """What a machine may have set, which leads to a server on this machine
    that must hear nothing."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        url = f'http://127.0.0.1:{server.getsockname()[1]}'
        text = (ROOT / 'tests' / 'hostile.txt').read_text('utf-8')
        words, config = text.replace('LISTENER', url).split('\n\n')
        models = tmp_path / '.aws' / 'models' / 's3' / '2006-03-01'
        models.mkdir(parents=True)
        (models / 'service-2.json').write_text('{"operations": {}}')
        (tmp_path / '.aws' / 'config').write_text(config)
        home = dict.fromkeys(['HOME', 'USERPROFILE'], str(tmp_path))
        yield {**dict(re.findall(r'(\w+)=(\S+)', words)), **home}
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # or somebody has connected
            server.accept()
