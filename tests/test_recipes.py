"""What a demo does not show of its recipe."""

import re
import shutil
import subprocess
import sys

import pytest
from botocore.exceptions import ConnectionClosedError
from support import ROOT, made_env

from recipes.see_requests import watch


def test_your_code_is_tested_whatever_is_set(hostile, tmp_path):
    """The test file that people copy, on its own, without tests/conftest."""
    names = [x for x in hostile if re.match('AWS_|HTTP_|HOME|USER', x)]
    shutil.rmtree(tmp_path / '.aws' / 'models')  # nothing shuts these off
    run = subprocess.run(
        [sys.executable, '-m', 'pytest', '-q', '-n0', 'recipes'],
        cwd=ROOT,
        env=made_env(**{name: hostile[name] for name in names}),
        stdout=subprocess.PIPE,
        encoding='utf-8',
        timeout=60,
        check=False,
    )
    assert '2 passed' in run.stdout, run.stdout


def test_watching_shows_no_query(s3):
    def fail(request, **_):
        raise ConnectionClosedError(endpoint_url=request.url)

    told = []
    watch(s3, told.append)
    s3.meta.events.register_first('before-send.s3', fail)
    with pytest.raises(ConnectionClosedError):
        s3.list_objects_v2(Bucket='b', Prefix='secret')
    assert 'secret' not in str(told)
    assert told[-1].startswith('no response: Connection was closed')
