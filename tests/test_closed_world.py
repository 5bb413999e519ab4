"""Whatever the machine's settings say, the tour is the same and alone."""

import json
import os
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import boto3
import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from moto.core.config import default_user_config
from support import SCRIPT, TRANSCRIPT, handler, mask, run_python

# 'LISTENER' stands for the URL of a server that must hear nothing.
VARIABLES = {
    'profiles that are not there': {
        'AWS_PROFILE': 'nobody',
        'AWS_DEFAULT_PROFILE': 'nobody',
    },
    'profiles of no name': {'AWS_PROFILE': '', 'AWS_DEFAULT_PROFILE': ''},
    'endpoints': {
        'AWS_ENDPOINT_URL': 'LISTENER',
        'AWS_ENDPOINT_URL_S3': 'LISTENER',
        'AWS_ENDPOINT_URL_STS': 'LISTENER',
    },
    'endpoints that are none': {
        'AWS_ENDPOINT_URL': 'not a URL',
        'AWS_ENDPOINT_URL_S3': '',
        'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS': 'perhaps',
    },
    'regions': {
        'AWS_REGION': 'eu-central-1',
        'AWS_DEFAULT_REGION': 'cn-north-1',
        'AWS_STS_REGIONAL_ENDPOINTS': 'legacy',
        'AWS_S3_US_EAST_1_REGIONAL_ENDPOINT': 'regional',
        'AWS_S3_USE_ARN_REGION': 'true',
        'AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS': 'true',
    },
    'regions that are none': {
        'AWS_REGION': '',
        'AWS_DEFAULT_REGION': 'the moon',
        'AWS_STS_REGIONAL_ENDPOINTS': 'nonsense',
        'AWS_S3_US_EAST_1_REGIONAL_ENDPOINT': 'nonsense',
        'AWS_S3_USE_ARN_REGION': 'nonsense',
    },
    'FIPS and dual-stack': {
        'AWS_USE_FIPS_ENDPOINT': 'true',
        'AWS_USE_DUALSTACK_ENDPOINT': 'true',
    },
    'modes': {
        'AWS_RETRY_MODE': 'adaptive',
        'AWS_MAX_ATTEMPTS': '9',
        'AWS_REQUEST_CHECKSUM_CALCULATION': 'when_required',
        'AWS_RESPONSE_CHECKSUM_VALIDATION': 'when_required',
        'AWS_DEFAULTS_MODE': 'mobile',
    },
    'modes that are none': {
        'AWS_USE_FIPS_ENDPOINT': 'perhaps',
        'AWS_USE_DUALSTACK_ENDPOINT': 'perhaps',
        'AWS_RETRY_MODE': 'nonsense',
        'AWS_MAX_ATTEMPTS': 'many',
        'AWS_REQUEST_CHECKSUM_CALCULATION': 'nonsense',
        'AWS_RESPONSE_CHECKSUM_VALIDATION': 'nonsense',
        'AWS_DEFAULTS_MODE': 'nonsense',
        'AWS_ACCOUNT_ID_ENDPOINT_MODE': 'nonsense',
        'AWS_AUTH_SCHEME_PREFERENCE': 'nonsense',
        'AWS_SIGV4A_SIGNING_REGION_SET': 'nonsense',
        'AWS_DISABLE_REQUEST_COMPRESSION': 'nonsense',
        'AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES': 'nonsense',
        'AWS_METADATA_SERVICE_TIMEOUT': 'nonsense',
        'AWS_METADATA_SERVICE_NUM_ATTEMPTS': 'nonsense',
        'AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE': 'nonsense',
        'AWS_SDK_UA_APP_ID': 'n' * 99,
    },
    'a defaults mode that asks the network': {
        'AWS_DEFAULTS_MODE': 'auto',
        'AWS_EC2_METADATA_SERVICE_ENDPOINT': 'LISTENER',
    },
    'CA bundles that are not there': {
        'AWS_CA_BUNDLE': '/nowhere/ca.pem',
        'REQUESTS_CA_BUNDLE': '/nowhere/ca.pem',
        'SSL_CERT_FILE': '/nowhere/ca.pem',
        'SSLKEYLOGFILE': '/nowhere/keys',
    },
    'a CA bundle of no name': {'AWS_CA_BUNDLE': ''},
    'proxies': {
        'HTTP_PROXY': 'LISTENER',
        'HTTPS_PROXY': 'LISTENER',
        'ALL_PROXY': 'LISTENER',
        'http_proxy': 'LISTENER',
        'https_proxy': 'LISTENER',
        'NO_PROXY': '',
    },
    'proxies that are none': {
        'HTTP_PROXY': 'not a URL',
        'HTTPS_PROXY': '://',
        'NO_PROXY': '[::/,,*',
    },
    'credentials of a container': {
        'AWS_CONTAINER_CREDENTIALS_FULL_URI': 'LISTENER/credentials',
        'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI': '/credentials',
        'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE': '/nowhere/token',
        'AWS_EC2_METADATA_SERVICE_ENDPOINT': 'LISTENER',
    },
    'a web identity': {
        'AWS_WEB_IDENTITY_TOKEN_FILE': '/nowhere/token',
        'AWS_ROLE_ARN': 'arn:aws:iam::123456789012:role/mine',
        'AWS_ROLE_SESSION_NAME': 'me',
        'AWS_ENDPOINT_URL_STS': 'LISTENER',
    },
    'half a key': {'AWS_ACCESS_KEY_ID': 'AKIAREAL'},
    'keys that have expired': {
        'AWS_ACCESS_KEY_ID': 'AKIAREAL',
        'AWS_SECRET_ACCESS_KEY': 'real-secret',
        'AWS_SESSION_TOKEN': 'real-token',
        'AWS_CREDENTIAL_EXPIRATION': '2001-01-01T00:00:00Z',
    },
    'plugins and models': {
        'BOTOCORE_EXPERIMENTAL__PLUGINS': 'x=nowhere',
        'AWS_DATA_PATH': '/nowhere',
    },
    "moto's own settings": {
        'TEST_PROXY_MODE': 'true',
        'MOTO_S3_CUSTOM_ENDPOINTS': 'LISTENER',
        'MOTO_S3_DEFAULT_MAX_KEYS': '1',
        'MOTO_S3_DEFAULT_KEY_BUFFER_SIZE': 'nonsense',
    },
}

REAL_KEYS = {
    'AWS_ACCESS_KEY_ID': 'AKIAREAL',
    'AWS_SECRET_ACCESS_KEY': 'real-secret',
    'AWS_SESSION_TOKEN': 'real-token',
    'AWS_ACCOUNT_ID': '999999999999',
}

# What ~/.aws/config may hold; 'DIR' stands for that folder.
CONFIGS = {
    'an endpoint': '[default]\nendpoint_url = LISTENER\n',
    'a services section': (
        '[default]\nservices = mine\n'
        '[services mine]\ns3 =\n  endpoint_url = LISTENER\n'
    ),
    'S3 addressing and acceleration': (
        '[default]\ns3 =\n'
        '  addressing_style = path\n'
        '  use_accelerate_endpoint = true\n'
        '  use_dualstack_endpoint = true\n'
        '  payload_signing_enabled = true\n'
    ),
    'an addressing style that is none': (
        '[default]\ns3 =\n  addressing_style = sideways\n'
    ),
    'signature and modes': (
        '[default]\nsignature_version = s3v4\nregion = eu-central-1\n'
        'retry_mode = nonsense\ndefaults_mode = nonsense\n'
        'request_checksum_calculation = nonsense\nca_bundle = /nowhere\n'
        'cli_timestamp_format = nonsense\nmax_attempts = many\n'
    ),
    'a failing credential process': (
        '[default]\ncredential_process = touch DIR/ran && false\n'
    ),
    'a role to assume': (
        '[default]\nrole_arn = arn:aws:iam::123456789012:role/mine\n'
        'source_profile = default\n'
    ),
    'single sign-on': (
        '[default]\nsso_session = mine\nsso_account_id = 123456789012\n'
        'sso_role_name = mine\n[sso-session mine]\n'
        'sso_region = us-east-1\nsso_start_url = LISTENER\n'
    ),
    'garbage': 'this is no configuration\n[[[\n= =\n',
    'bytes that are no text': '\udcff\udcfe\n[default\n',
}
CREDENTIALS = {
    'real keys': (
        '[default]\naws_access_key_id = AKIAREAL\n'
        'aws_secret_access_key = real-secret\n'
        'aws_session_token = real-token\n'
    ),
    'half a key': '[default]\naws_access_key_id = AKIAREAL\n',
    'garbage': 'neither = here\n[nor there\n',
}

# Ends the process where it asks for a network address or connects to one.
ALONE = f"""
import os, runpy, sys
def watch(event, args):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):
        os.write(2, f'{{event}} {{args}}\\n'.encode())
        os._exit(99)
sys.addaudithook(watch)
sys.path.insert(0, os.path.dirname({str(SCRIPT)!r}))
runpy.run_path({str(SCRIPT)!r}, run_name='__main__')
"""


def run_alone(**kwargs):
    """Run the script in a process that ends where it uses the network."""
    run = run_python('-c', ALONE, **kwargs)

    assert run.stderr == b''
    assert mask(run.stdout.decode()) == TRANSCRIPT
    assert run.returncode == 0


def write_home(folder, listener, config, credentials):
    """Fill `folder`/.aws as a home has it and return `folder`."""
    aws = folder / '.aws'
    aws.mkdir(parents=True)
    for name, text in (('config', config), ('credentials', credentials)):
        text = text.replace('LISTENER', listener).replace('DIR', str(aws))
        (aws / name).write_text(text, 'utf-8', 'surrogateescape')
    return folder


def write_models(folder):
    """Fill `folder` with an S3 that has no operation."""
    model = folder / 's3' / '2006-03-01' / 'service-2.json'
    model.parent.mkdir(parents=True)
    model.write_text(json.dumps({'metadata': {}, 'operations': {}}))


@pytest.mark.parametrize('settings', VARIABLES.values(), ids=VARIABLES.keys())
def test_variables_change_nothing(tour, monkeypatch, listener, settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value.replace('LISTENER', listener))

    assert mask(tour()) == TRANSCRIPT


@pytest.mark.parametrize('config', CONFIGS.values(), ids=CONFIGS.keys())
def test_a_config_file_changes_nothing(
    tour, monkeypatch, listener, tmp_path, config
):
    write_home(tmp_path, listener, config, '')
    monkeypatch.setenv('HOME', str(tmp_path))

    assert mask(tour()) == TRANSCRIPT
    assert not (tmp_path / '.aws' / 'ran').exists()


@pytest.mark.parametrize('text', CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_a_credentials_file_changes_nothing(
    tour, monkeypatch, listener, tmp_path, text
):
    write_home(tmp_path, listener, '', text)
    monkeypatch.setenv('HOME', str(tmp_path))

    assert mask(tour()) == TRANSCRIPT


def test_the_home_of_the_account_changes_nothing(
    tour, monkeypatch, listener, tmp_path
):
    """Where HOME is not set, `~` is what the user database says."""
    pwd = pytest.importorskip('pwd')
    write_home(tmp_path, listener, CONFIGS['an endpoint'], 'garbage')
    monkeypatch.delenv('HOME', raising=False)
    user = SimpleNamespace(pw_dir=str(tmp_path))
    monkeypatch.setattr(pwd, 'getpwuid', lambda _: user)

    assert mask(tour()) == TRANSCRIPT


def test_files_that_variables_name_change_nothing(
    tour, monkeypatch, listener, tmp_path
):
    write_home(tmp_path, listener, CONFIGS['an endpoint'], 'garbage')
    aws = tmp_path / '.aws'
    monkeypatch.setenv('AWS_CONFIG_FILE', str(aws / 'config'))
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', str(aws / 'credentials'))

    assert mask(tour()) == TRANSCRIPT


def test_models_under_the_home_change_nothing(tour, monkeypatch, tmp_path):
    """botocore looks into ~/.aws/models before its own folder."""
    write_models(tmp_path)
    monkeypatch.setattr(Loader, 'CUSTOMER_DATA_PATH', str(tmp_path))

    assert mask(tour()) == TRANSCRIPT
    assert str(tmp_path) == Loader.CUSTOMER_DATA_PATH


def test_real_keys_are_neither_used_nor_printed(tour, monkeypatch):
    for name, value in REAL_KEYS.items():
        monkeypatch.setenv(name, value)
    sent = []

    def record(request, **_):
        sent.append(f'{request.url} {dict(request.headers.items())}')

    with handler('before-send.s3', record):
        output = tour()

    assert len(sent) > 20
    for value in REAL_KEYS.values():
        assert value not in output + ''.join(sent)


def test_a_default_session_made_before_is_not_used(
    tour, monkeypatch, listener, tmp_path
):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('AWS_ENDPOINT_URL', listener)
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', boto3.Session())

    assert mask(tour()) == TRANSCRIPT


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


def test_all_of_it_at_once_opens_no_connection(listener, tmp_path):
    """In a process of its own, so that it holds while importing too."""
    config = CONFIGS['a services section'] + CONFIGS['an endpoint'].replace(
        '[default]', '[profile mine]'
    )
    home = write_home(tmp_path / 'home', listener, config, 'garbage')
    write_models(home / '.aws' / 'models')
    settings = {
        name: value.replace('LISTENER', listener)
        for group in [*VARIABLES.values(), REAL_KEYS]
        for name, value in group.items()
    }
    # These moto reads once, as it is imported.
    settings['TEST_SERVER_MODE'] = 'true'
    settings['INITIAL_NO_AUTH_ACTION_COUNT'] = '0'
    settings['MOTO_ENABLE_RECORDING'] = 'true'
    settings['MOTO_ACM_VALIDATION_WAIT'] = 'nonsense'
    folder = tmp_path / 'work'
    folder.mkdir()

    run_alone(env={**settings, 'HOME': str(home)}, cwd=folder)

    assert list(folder.iterdir()) == []


def test_valid_settings_at_once_open_no_connection(listener, tmp_path):
    """And the tour needs no place to write to."""
    home = write_home(
        tmp_path / 'home',
        listener,
        CONFIGS['S3 addressing and acceleration'],
        CREDENTIALS['real keys'],
    )
    settings = {
        'AWS_ENDPOINT_URL': listener,
        'AWS_REGION': 'eu-central-1',
        'AWS_USE_DUALSTACK_ENDPOINT': 'true',
        'AWS_RETRY_MODE': 'standard',
        'HTTPS_PROXY': listener,
    }
    folder = tmp_path / 'read-only'
    folder.mkdir(mode=0o555)

    run_alone(env={**settings, **REAL_KEYS, 'HOME': str(home)}, cwd=folder)

    assert list(folder.iterdir()) == []


def test_no_home_and_nothing_set():
    """Nor is any AWS setting: conftest.py has taken those out."""
    assert not [name for name in os.environ if name.startswith('AWS_')]

    run_alone(env=dict.fromkeys(['HOME', 'USERPROFILE', 'TMPDIR']))


@pytest.mark.skipif(not hasattr(time, 'tzset'), reason='needs tzset')
def test_the_time_zone_of_the_reader_stays(tour, monkeypatch):
    """Also where C's localtime() looks at TZ again on each call."""
    monkeypatch.setenv('TZ', 'XYZ-05:45')
    time.tzset()
    try:
        with handler('before-send.s3', lambda **_: time.tzset()):
            output = tour()
    finally:
        monkeypatch.undo()
        time.tzset()

    now = datetime.now(timezone(timedelta(hours=5, minutes=45)))
    recent = {
        f'{now - timedelta(seconds=age):%H:%M:%S}' for age in range(-1, 30)
    }
    stamps = {line[1:9] for line in output.splitlines() if line[:1] == '['}
    assert stamps
    assert stamps <= recent
