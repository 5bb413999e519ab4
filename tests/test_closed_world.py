"""Whatever the machine's settings say, the tour is the same and alone."""

import json
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import boto3
import botocore.utils
import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from moto.core.config import default_user_config
from support import ROOT, SCRIPT, handler, mask, run_python

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


@pytest.fixture
def run_alone(plain, tmp_path):
    """Run the script, in an empty folder that cannot be written to, in a
    process that ends where it uses the network."""

    def run(env):
        folder = tmp_path / 'empty'
        folder.mkdir(mode=0o555)
        done = run_python('-c', ALONE, env=env, cwd=folder)

        assert (done.stderr, done.returncode) == ('', 0)
        assert mask(done.stdout) == plain
        assert list(folder.iterdir()) == []

    return run


def write_models(folder):
    """Fill `folder` with an S3 that has no operation."""
    model = folder / 's3' / '2006-03-01' / 'service-2.json'
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps({'metadata': {}, 'operations': {}}))


@pytest.mark.parametrize('settings', CASES, ids=[next(iter(x)) for x in CASES])
def test_variables_change_nothing(
    tour, plain, monkeypatch, listener, settings
):
    for name, value in settings.items():
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


def test_files_that_variables_name_change_nothing(
    tour, plain, make_home, monkeypatch
):
    aws = make_home('an endpoint', 'garbage for keys')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(aws / 'config'))
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', str(aws / 'credentials'))

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


def test_a_default_session_made_before_is_not_used(
    tour, plain, make_home, monkeypatch
):
    make_home('an endpoint')
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', boto3.Session())

    assert tour() == plain


def test_a_request_that_moto_leaves_alone_is_not_sent(tour, monkeypatch):
    passthrough = {'services': ['s3'], 'urls': []}
    monkeypatch.setitem(
        default_user_config['core'], 'passthrough', passthrough
    )
    send = URLLib3Session.send

    with pytest.raises(RuntimeError) as error:
        tour()

    assert str(error.value) == (
        'Not sent, as moto cannot answer it: upgrade moto'
    )
    assert URLLib3Session.send is send


def test_no_proxy_is_looked_for(tour, monkeypatch):
    """Or macOS and Windows would ask the system, and may resolve the host."""
    bypasses = []

    def bypass(host, real=botocore.utils.proxy_bypass):
        bypasses.append(real(host))
        return bypasses[-1]

    monkeypatch.setattr('botocore.utils.proxy_bypass', bypass)

    tour()

    assert set(bypasses) == {True}


def test_all_of_it_at_once_opens_no_connection(run_alone, make_home, listener):
    """In a process of its own, so that it holds while importing too."""
    home = make_home('a services section', 'garbage for keys').parent
    write_models(home / '.aws' / 'models')
    settings = {
        name: value.replace('LISTENER', listener)
        for group in [*CASES, REAL_KEYS]
        for name, value in group.items()
    }
    # These moto reads once, as it is imported.
    settings['TEST_SERVER_MODE'] = 'true'
    settings['INITIAL_NO_AUTH_ACTION_COUNT'] = '0'
    settings['MOTO_ENABLE_RECORDING'] = 'true'
    settings['MOTO_ACM_VALIDATION_WAIT'] = 'nonsense'

    run_alone({**settings, 'HOME': str(home), 'USERPROFILE': str(home)})


def test_no_home_and_nothing_set(run_alone):
    run_alone({})


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
