"""Whatever the machine's settings say, the tour is the same and alone."""

import json
import os

import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from support import ROOT, SCRIPT, mask, run_python

from main_aws_s3 import closed_world

HOSTILE, CONFIG = (ROOT / 'tests' / 'hostile.txt').read_text().split('\n\n')

# Ends the process where it asks for a network address or connects to one.
ALONE = f"""
import os, runpy, sys
NETWORK = 'connect getaddrinfo gethostbyaddr gethostbyname sendto'.split()
def watch(event, args):
    if event in ['socket.' + name for name in NETWORK]:
        os.write(2, f'{{event}} {{args}}\\n'.encode())
        os._exit(99)
sys.addaudithook(watch)
sys.path.insert(0, os.path.dirname({str(SCRIPT)!r}))
runpy.run_path({str(SCRIPT)!r}, run_name='__main__')
"""


def hostile(listener):
    words = HOSTILE.replace('LISTENER', listener).split()
    return dict(word.split('=', 1) for word in words if '=' in word)


def test_inside_there_is_nothing_of_the_machine(monkeypatch, listener):
    for name, value in hostile(listener).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv('TZ', 'XYZ-05:45')
    before, models = dict(os.environ), Loader.CUSTOMER_DATA_PATH
    with closed_world():
        keys = {'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'}  # moto's own
        assert {k: v for k, v in os.environ.items() if k not in keys} == {
            'HOME': os.devnull,
            'USERPROFILE': os.devnull,
            'NO_PROXY': '*',
            'TZ': 'XYZ-05:45',
        }
        assert not {os.environ[k] for k in keys} & {'AKIAREAL', 'real-secret'}
        assert os.path.expanduser('~') == os.devnull
        assert os.devnull == Loader.CUSTOMER_DATA_PATH
        with pytest.raises(RuntimeError, match='Not sent, as moto has no'):
            URLLib3Session().send(None)
    assert dict(os.environ) == before
    assert models == Loader.CUSTOMER_DATA_PATH


@pytest.mark.parametrize('which', ['nothing', 'everything'])
def test_nothing_or_everything_set_opens_no_connection(
    plain, listener, tmp_path, which
):
    """In a process of its own, so that it holds while importing too, and in
    an empty folder that cannot be written to."""
    models = tmp_path / '.aws' / 'models' / 's3' / '2006-03-01'
    models.mkdir(parents=True)
    model = {'metadata': {}, 'operations': {}}
    (models / 'service-2.json').write_text(json.dumps(model))
    config = CONFIG.replace('LISTENER', listener)
    (tmp_path / '.aws' / 'config').write_text(config)
    (tmp_path / '.aws' / 'credentials').write_text('aws_access_key_id = x\n[')
    env = {'HOME': str(tmp_path), 'USERPROFILE': str(tmp_path)}
    env.update(hostile(listener))
    folder = tmp_path / 'empty'
    folder.mkdir(mode=0o555)
    env = env if which == 'everything' else {}
    run = run_python('-c', ALONE, env=env, cwd=folder)

    assert (run.stderr, run.returncode) == ('', 0)
    assert mask(run.stdout) == plain
    assert list(folder.iterdir()) == []
