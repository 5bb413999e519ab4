"""Tests of recipes/test_your_code.py."""

import re
import shutil
import subprocess
import sys

import pytest

from support import RECIPES, ROOT, made_env

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
