"""Whatever the machine's settings say, the tour is the same and alone."""

import json
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import botocore.utils
import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from moto.core.config import default_user_config
from support import ROOT, SCRIPT, handler, mask, run_python, spying

import main_aws_s3

SETTINGS = (ROOT / 'tests' / 'settings.txt').read_text(encoding='utf-8')
CASES = [
    dict(word.split('=', 1) for word in line.split())
    for line in SETTINGS.partition('## ')[0].splitlines()
    if '=' in line
]
HOMES = dict(part.split('\n', 1) for part in SETTINGS.split('## ')[1:])
REAL_KEYS = {
    'AWS_ACCESS_KEY_ID': 'AKIAREAL',
    'AWS_SECRET_ACCESS_KEY': 'real-secret',
    'AWS_SESSION_TOKEN': 'real-token',
    'AWS_ACCOUNT_ID': '999999999999',
}

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


@pytest.fixture
def make_home(listener, tmp_path, monkeypatch):
    """Give this process a home, on Windows too, with these `HOMES`."""

    def make(*names):
        aws = tmp_path / 'home' / '.aws'
        aws.mkdir(parents=True)
        for name in names:
            text = HOMES[name].replace('LISTENER', listener)
            file = 'credentials' if 'aws_access' in text else 'config'
            text = text.replace('\\xff', '\xff')  # which is no UTF-8
            (aws / file).write_text(text, 'latin-1')
        home = {'HOME': str(aws.parent), 'USERPROFILE': str(aws.parent)}
        for name, value in home.items():
            monkeypatch.setenv(name, value)
        return aws

    return make


def write_models(folder):
    """Fill `folder` with an S3 that has no operation."""
    model = folder / 's3' / '2006-03-01' / 'service-2.json'
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps({'metadata': {}, 'operations': {}}))


@pytest.mark.parametrize('env', CASES, ids=[next(iter(x)) for x in CASES])
def test_variables_change_nothing(tour, plain, monkeypatch, listener, env):
    for name, value in env.items():
        monkeypatch.setenv(name, value.replace('LISTENER', listener))
    assert tour() == plain


@pytest.mark.parametrize('name', HOMES)
def test_what_a_home_holds_changes_nothing(
    tour, plain, make_home, monkeypatch, name
):
    aws = make_home(name)
    monkeypatch.chdir(aws)
    assert tour() == plain
    assert not (aws / 'ran').exists()


def test_the_home_of_the_account_changes_nothing(
    tour, plain, make_home, monkeypatch
):
    """Where HOME is not set, `~` is what the user database says."""
    pwd = pytest.importorskip('pwd', reason='Windows has no user database')
    aws = make_home('an endpoint', 'garbage for keys')
    monkeypatch.delenv('HOME')
    user = SimpleNamespace(pw_dir=str(aws.parent))
    monkeypatch.setattr(pwd, 'getpwuid', lambda _: user)
    assert tour() == plain


def test_models_under_the_home_change_nothing(
    tour, plain, monkeypatch, tmp_path
):
    """botocore looks into ~/.aws/models before its own folder."""
    write_models(tmp_path)
    monkeypatch.setattr(Loader, 'CUSTOMER_DATA_PATH', str(tmp_path))
    assert tour() == plain
    assert str(tmp_path) == Loader.CUSTOMER_DATA_PATH


def test_real_keys_are_neither_used_nor_printed(capsys, monkeypatch):
    for name, value in REAL_KEYS.items():
        monkeypatch.setenv(name, value)
    sent = []

    def record(request, **_):
        sent.append(f'{request.url} {dict(request.headers.items())}')

    with handler('before-send.s3', record):
        main_aws_s3.main()

    assert len(sent) > 20
    for value in REAL_KEYS.values():
        assert value not in capsys.readouterr().out + ''.join(sent)


def test_a_request_that_moto_leaves_alone_is_not_sent(tour, monkeypatch):
    core, passes = default_user_config['core'], {'services': ['s3']}
    monkeypatch.setitem(core, 'passthrough', {**passes, 'urls': []})
    send = URLLib3Session.send
    with pytest.raises(RuntimeError) as error:
        tour()
    told = 'Not sent, as moto cannot answer it: upgrade moto'
    assert str(error.value) == told
    assert URLLib3Session.send is send


def test_no_proxy_is_looked_for(tour):
    """Or macOS and Windows would ask the system, and may resolve the host."""
    found = []
    with spying(botocore.utils, 'proxy_bypass', lambda x, _: found.append(x)):
        tour()
    assert set(found) == {True}


@pytest.mark.parametrize('which', ['none', 'all'])
def test_none_or_all_of_it_opens_no_connection(
    plain, make_home, listener, tmp_path, which
):
    """In a process of its own, so that it holds while importing too, and in
    an empty folder that cannot be written to."""
    home = make_home('a services section', 'garbage for keys').parent
    write_models(home / '.aws' / 'models')
    # The last four moto reads once, as it is imported.
    everything = {
        **{k: v for case in CASES for k, v in case.items()},
        **REAL_KEYS,
        **{'HOME': str(home), 'USERPROFILE': str(home)},
        'TEST_SERVER_MODE': 'true',
        'INITIAL_NO_AUTH_ACTION_COUNT': '0',
        'MOTO_ENABLE_RECORDING': 'true',
        'MOTO_ACM_VALIDATION_WAIT': 'nonsense',
    }
    env = {} if which == 'none' else everything
    env = {k: v.replace('LISTENER', listener) for k, v in env.items()}
    folder = tmp_path / 'empty'
    folder.mkdir(mode=0o555)
    run = run_python('-c', ALONE, env=env, cwd=folder)

    assert (run.stderr, run.returncode) == ('', 0)
    assert mask(run.stdout) == plain
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(time, 'tzset'), reason='needs tzset')
def test_the_time_zone_of_the_reader_stays(capsys, monkeypatch):
    """Also where C's localtime() looks at TZ again on each call."""
    monkeypatch.setenv('TZ', 'XYZ-05:45')
    time.tzset()
    try:
        with handler('before-send.s3', lambda **_: time.tzset()):
            main_aws_s3.main()
    finally:
        monkeypatch.undo()
        time.tzset()

    now = datetime.now(timezone(timedelta(hours=5, minutes=45)))
    recent = {
        f'{now - timedelta(seconds=age):%H:%M:%S}' for age in range(-1, 30)
    }
    lines = capsys.readouterr().out.splitlines()
    stamps = {line[1:9] for line in lines if line[:1] == '['}
    assert stamps
    assert stamps <= recent
