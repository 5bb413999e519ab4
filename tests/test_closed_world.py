"""Whatever the machine's settings say, the tour is the same and alone."""

import json
import os
import time
from datetime import datetime, timedelta, timezone

import botocore.utils
import pytest
from botocore.httpsession import URLLib3Session
from botocore.loaders import Loader
from support import SCRIPT, handler, mask, run_python, spying

import main_aws_s3
from main_aws_s3 import closed_world

# What a machine may have set: other places, other keys, and nonsense.
# LISTENER stands for the URL of a server that must hear nothing.
HOSTILE = """
AWS_PROFILE=nobody AWS_DEFAULT_PROFILE=nobody
AWS_ACCESS_KEY_ID=AKIAREAL AWS_SECRET_ACCESS_KEY=real-secret
AWS_SESSION_TOKEN=real-token AWS_CREDENTIAL_EXPIRATION=2001-01-01T00:00:00Z
AWS_ACCOUNT_ID=999999999999 AWS_ROLE_ARN=arn:aws:iam::1:role/mine
AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere
AWS_CONTAINER_CREDENTIALS_FULL_URI=LISTENER/credentials
AWS_ENDPOINT_URL=LISTENER AWS_ENDPOINT_URL_S3=LISTENER
AWS_REGION=the_moon AWS_DEFAULT_REGION=cn-north-1
AWS_S3_USE_ARN_REGION=nonsense AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=nonsense
AWS_USE_FIPS_ENDPOINT=true AWS_USE_DUALSTACK_ENDPOINT=perhaps
AWS_RETRY_MODE=nonsense AWS_MAX_ATTEMPTS=many AWS_DEFAULTS_MODE=nonsense
AWS_REQUEST_CHECKSUM_CALCULATION=nonsense AWS_DATA_PATH=/nowhere
AWS_RESPONSE_CHECKSUM_VALIDATION=nonsense
AWS_EC2_METADATA_SERVICE_ENDPOINT=LISTENER
AWS_CA_BUNDLE=/nowhere/ca.pem REQUESTS_CA_BUNDLE=/nowhere/ca.pem
SSL_CERT_FILE=/nowhere SSLKEYLOGFILE=/nowhere/x
HTTP_PROXY=LISTENER HTTPS_PROXY=:// ALL_PROXY=LISTENER NO_PROXY=[::/,,*
BOTOCORE_EXPERIMENTAL__PLUGINS=x=nowhere
TEST_PROXY_MODE=true MOTO_S3_CUSTOM_ENDPOINTS=LISTENER
MOTO_S3_DEFAULT_MAX_KEYS=1 MOTO_S3_DEFAULT_KEY_BUFFER_SIZE=nonsense
TEST_SERVER_MODE=true INITIAL_NO_AUTH_ACTION_COUNT=0
MOTO_ENABLE_RECORDING=true MOTO_ACM_VALIDATION_WAIT=nonsense
"""
CONFIG = """[default]
endpoint_url = LISTENER
signature_version = s3v4
retry_mode = nonsense
credential_process = touch ran
s3 =
  addressing_style = sideways
"""

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
    return dict(word.split('=', 1) for word in words)


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


def test_no_proxy_is_looked_for(tour):
    """Or macOS and Windows would ask the system, and may resolve the host."""
    found = []
    with spying(botocore.utils, 'proxy_bypass', lambda x, _: found.append(x)):
        tour()
    assert set(found) == {True}


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
