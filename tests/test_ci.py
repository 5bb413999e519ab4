"""`.ci/run` tries what it says: the newest packages, and each way to test."""

import os
import shutil
import subprocess
import sys

import pytest

from support import ROOT, made_env

FAKE_UV = """#!/bin/sh
echo "AS_IS=$TESTS_AS_IS $*" >>"$0.log"
case "$*" in *{}*) exit 1;; esac
"""


@pytest.fixture
def ci_run(tmp_path):
    """Run .ci/run with a uv that does nothing but note it."""

    def run(*options, fails='nothing'):
        """Return status, output, and what uv was asked to do."""
        uv = tmp_path / 'uv'
        uv.write_text(FAKE_UV.format(fails))
        uv.chmod(0o755)
        done = subprocess.run(
            [bash, str(ROOT / '.ci' / 'run'), *options],
            env=made_env(PATH=f'{tmp_path}:{os.environ["PATH"]}'),
            stdout=subprocess.PIPE,
            encoding='utf-8',
            timeout=60,
            check=False,
        )
        asked = (tmp_path / 'uv.log').read_text('utf-8').splitlines()
        return done.returncode, done.stdout, asked

    bash = shutil.which('bash')
    if os.name == 'nt' or bash is None:
        pytest.skip('needs bash')
    return run


def test_it_upgrades_the_lock_before_it_runs_anything(ci_run):
    """uv.lock is not in git: it keeps what was newest on some day."""
    status, _, asked = ci_run()
    assert status == 0
    assert asked[0].startswith('AS_IS= lock --upgrade')
    assert all(' lock' not in line for line in asked[1:])


def test_it_runs_the_tests_in_each_way(ci_run):
    _, _, asked = ci_run()
    tests = [x for x in asked if x.startswith('AS_IS= run pytest')]
    assert len(tests) == 1, 'as a newcomer runs them'
    for way in [
        'AS_IS=1 run pytest',
        '--with pytest-randomly python -m pytest',
        '--with pandas --with pyarrow python -m pytest',
        *['--group strict pytest'] * (sys.platform == 'linux'),
        ' ruff check',
        ' mypy',
        ' actionlint',
    ]:
        assert any(way in line for line in asked), way


def test_one_failure_fails_it_and_the_others_still_run(ci_run):
    status, printed, asked = ci_run(fails='mypy')
    assert status == 1
    assert printed.count('FAILED  ') == 1
    assert 'FAILED  mypy\n' in printed
    assert 'pytest' in asked[-1]
