"""Fixtures, and an environment in which the tests say what is set."""

import contextlib
import io
import os
import socket
from functools import lru_cache

import pytest
from botocore.loaders import JSONFileLoader, Loader

for _name in list(os.environ):
    if _name.startswith(
        ('AWS_', 'BOTO', 'MOTO_', 'PYTHON', 'TEST_', 'INITIAL_NO_')
    ):
        del os.environ[_name]

import boto3  # noqa: E402
import moto  # noqa: E402, F401  (it reads settings as it is imported)
from support import mask  # noqa: E402

import main_aws_s3  # noqa: E402


def pytest_addoption(parser):
    about = "bring README.md's quotes and outputs up to date; test nothing"
    parser.addoption('--update-examples', action='store_true', help=about)


def pytest_collection_modifyitems(config, items):
    if config.option.update_examples:
        items[:] = [
            x for x in items if x.name == 'test_the_page_is_up_to_date'
        ]


@pytest.fixture(scope='session', autouse=True)
def _models_are_found_and_parsed_once():
    """Most of a tour's time goes into botocore's own JSON."""
    load = lru_cache(maxsize=None)(JSONFileLoader().load_file)
    find, found = Loader.list_available_services, {}

    def find_once(loader, type_name):
        where = type_name, *loader.search_paths
        if where not in found:
            found[where] = find(loader, type_name)
        return found[where]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, 'load_file', lambda _, path: load(path))
        patch.setattr(Loader, 'list_available_services', find_once)
        yield


@pytest.fixture(scope='session')
def plain():
    """What the tour prints where nothing is set, masked."""
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout):
        main_aws_s3.main()
    return mask(stdout.getvalue())


@pytest.fixture
def tour(capsys):
    """Run main() in this process; return what it printed, masked."""

    def run() -> str:
        main_aws_s3.main()
        return mask(capsys.readouterr().out)

    return run


@pytest.fixture
def s3():
    """A client in the closed world, in us-east-1."""
    with main_aws_s3.closed_world():
        yield boto3.client('s3', region_name='us-east-1')


@pytest.fixture
def listener():
    """The URL of a server on this machine that must hear nothing."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        yield f'http://127.0.0.1:{server.getsockname()[1]}'
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # or somebody has connected
            server.accept()
