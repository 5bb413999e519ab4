"""The tour, the recipes and facts against a real S3 server, SeaweedFS.

Run by .ci/run: uv run --isolated --group strict pytest tests/strict.py
It enforces authorization, signatures, conditions, checksums and versions,
which moto does not. It cannot judge Version 2 of signatures against new
buckets, SSE-KMS, events, `ExpectedBucketOwner`, the size of metadata, the
order of a listing with `/` in it, or keys with `..` and `//` in them.
"""

import importlib
import json
import os
import socket
import subprocess
import sysconfig
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from inspect import unwrap
from pathlib import Path

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from support import RECIPES, ROOT, made_env, mask, printed_as

import main_aws_s3
from recipes import (
    empty_bucket,
    folder,
    many_objects,
    metadata_and_tags,
    safe_writes,
)

KEYS = {'accessKey': 'strict', 'secretKey': 'strict-secret'}
# What this server cannot do, and what it does otherwise.
CANNOT = {
    'create_bucket': 'no regions',
    'credentials': 'no roles',
    'encryption': 'no KMS',
    'events': 'no queues',
    'folder': 'no key with ..',
    'production': 'no transitions',
    'restore_archived': 'no archive',
}
OTHERWISE = {
    'presigned_url': 'no host of its own for a bucket',
    'see_requests': 'another host',
}


@pytest.fixture(scope='session')
def server(tmp_path_factory):
    """The URL of a server on 127.0.0.1 that ends with the tests."""
    top = tmp_path_factory.mktemp('weed')
    actions = ['Admin', 'Read', 'List', 'Tagging', 'Write']
    admin = {'name': 'a', 'credentials': [KEYS], 'actions': actions}
    (top / 'keys.json').write_text(json.dumps({'identities': [admin]}))
    held = [socket.create_server(('127.0.0.1', 0)) for _ in range(8)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    options = (ROOT / 'tests' / 'weed.txt').read_text('utf-8')
    command = [os.path.join(sysconfig.get_path('scripts'), 'weed')]
    command += options.format(*ports, top=top).split()
    own = {'HOME': str(top), 'TMPDIR': str(top), 'WEED_S3_SSE_KEY': 'any'}
    env = made_env(WEED_MASTER_VOLUME_GROWTH_COPY_1='1', **own)
    silent = dict.fromkeys(['stdin', 'stdout', 'stderr'], subprocess.DEVNULL)
    with subprocess.Popen(command, cwd=top, env=env, **silent) as process:
        try:
            url = f'http://127.0.0.1:{ports[6]}'
            until(process, f'{url}/healthz')
            yield url
        finally:
            process.kill()
            for port in ports:  # it puts sockets there, wherever TMPDIR is
                for path in Path('/tmp').glob(f'seaweedfs-*-{port}.sock'):
                    path.unlink()


def until(process, url):
    """Wait until the server responds."""
    for _ in range(300):
        if process.poll() is not None:
            pytest.fail(f'weed ended with {process.returncode}')
        try:
            return urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.1)
    return pytest.fail('weed does not respond')


@pytest.fixture(autouse=True)
def _settings(server, monkeypatch):
    """What leads boto3 there, as a reader would set it."""
    for name in ('HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv('AWS_ENDPOINT_URL', server)
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', KEYS['accessKey'])
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', KEYS['secretKey'])
    monkeypatch.setenv('AWS_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', os.devnull)
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)


@pytest.fixture
def s3():
    v4 = Config(signature_version='s3v4', max_pool_connections=20)
    return boto3.client('s3', region_name='us-east-1', config=v4)


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


def test_the_tour_prints_the_same(plain, capsys):
    unwrap(main_aws_s3.main)()
    assert mask(capsys.readouterr().out) == plain


@pytest.mark.parametrize('name', sorted(set(RECIPES) - set(CANNOT)))
def test_a_demo_prints_the_same(name, capsys):
    importlib.import_module(f'recipes.{name}').demo()
    printed = capsys.readouterr().out
    assert printed_as(RECIPES[name]).fullmatch(printed) or name in OTHERWISE


def test_8_threads_create_once_and_count_without_loss(s3):
    s3.create_bucket(Bucket='counter')
    at = ('counter', 'visits')

    def count(_):
        did = safe_writes.create_once(s3, *at, b'0')
        for _ in range(25):
            safe_writes.update(s3, *at, lambda x: b'%d' % (int(x) + 1))
        return did

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(count, range(8))) == 1
    body = s3.get_object(Bucket='counter', Key='visits')['Body'].read()
    assert body == b'200'


def test_2500_versions_with_a_hold_empty_to_the_held_one(s3):
    s3.create_bucket(Bucket='versions', ObjectLockEnabledForBucket=True)

    def put(number):
        key = f'many/{number % 900}'
        return key, s3.put_object(Bucket='versions', Key=key)['VersionId']

    with ThreadPoolExecutor(20) as pool:
        key, version = list(pool.map(put, range(2500)))[7]
    held = {'Bucket': 'versions', 'Key': key, 'VersionId': version}
    s3.put_object_legal_hold(LegalHold={'Status': 'ON'}, **held)
    refused = empty_bucket.empty(s3, 'versions')
    assert [(x['Key'], x['VersionId']) for x in refused] == [(key, version)]
    page = s3.list_object_versions(Bucket='versions')
    assert [x['VersionId'] for x in page['Versions']] == [version]
    assert 'DeleteMarkers' not in page


def test_a_folder_of_1200_odd_names_comes_back_equal(s3, tmp_path):
    s3.create_bucket(Bucket='odd')
    odd = ['ä', 'a\u0308', 'A', 'a', '%2F', '+', ' x ', '~', 'NUL', 'a:b']
    odd += [
        '🪣',
        '.hidden',
        '...',
        "'",
        '"',
        '<&>',
        '\n',
        '\t',
        '#?',
        'x' * 250,
    ]
    files = [f'{name}/{number}' for name in odd for number in range(60)]
    here, there = tmp_path / 'here', tmp_path / 'there'
    for name in files:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    keys = folder.upload_folder(s3, here, 'odd', 'p', threads=20)
    assert sorted(keys) == sorted(f'p/{name}' for name in files)
    assert folder.download_folder(s3, 'odd', 'p', there, threads=20) == keys
    came = {x.relative_to(there).as_posix() for x in there.rglob('*/*')}
    assert came == set(files)
    assert all((there / name).read_text() == name for name in files)
    bodies, errors = many_objects.read_in_processes(
        'odd', [*keys, 'absent'], 'us-east-1'
    )
    assert bodies == {key: key[2:].encode() for key in keys}
    assert 'NoSuchKey' in str(errors['absent'])


def test_metadata_is_merged_where_somebody_replaces_the_content(s3):
    s3.create_bucket(Bucket='reports')
    here = {'Bucket': 'reports', 'Key': 'key'}
    s3.put_object(Body=b'1', Metadata={'a': '1'}, **here)
    other = boto3.client('s3', region_name='us-east-1')
    bodies = [b'2', b'3']

    def replace(**_):
        if bodies:
            theirs = {'theirs': '1'}
            other.put_object(Body=bodies.pop(), Metadata=theirs, **here)

    s3.meta.events.register('before-call.s3.CopyObject', replace)
    metadata_and_tags.change_metadata(s3, 'reports', 'key', {'b': '2'})
    there = s3.get_object(**here)
    assert there['Metadata'] == {'theirs': '1', 'b': '2'}
    assert there['Body'].read() == b'2'


def test_what_moto_lets_pass_is_refused(s3):
    """Rows of *Where the mock ends* that this server can judge."""
    s3.create_bucket(Bucket='strict')
    here = {'Bucket': 'strict', 'Key': 'key'}
    s3.put_object(Body=b'x', **here)
    assert code_of(s3.create_bucket, Bucket='Bad_Name') == 'InvalidBucketName'
    assert code_of(s3.put_object, ContentMD5='A' * 22 + '==', **here)
    assert code_of(s3.put_object, ChecksumSHA256='A' * 43 + '=', **here)
    assert code_of(s3.put_object, Bucket='strict', Key='k' * 1025)
    many = {'Objects': [{'Key': str(number)} for number in range(1001)]}
    assert code_of(s3.delete_objects, Bucket='strict', Delete=many)
    one = {'Objects': [{'Key': 'key', 'ETag': '"another"'}]}
    response = s3.delete_objects(Bucket='strict', Delete=one)
    refused = 'PreconditionFailed'
    assert response['Errors'][0]['Code'] == refused
    copy = {'Bucket': 'strict', 'Key': 'copy', 'CopySource': here}
    another = {'CopySourceIfMatch': '"another"'}
    assert code_of(s3.copy_object, **another, **copy) == refused
    s3.copy_object(**copy)
    assert code_of(s3.copy_object, IfNoneMatch='*', **copy) == refused
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert code_of(stranger.get_object, **here) == 'InvalidAccessKeyId'

    def status(method, url, **options):
        return requests.request(method, url, timeout=10, **options).status_code

    url = s3.generate_presigned_url('get_object', here)
    old = s3.generate_presigned_url('get_object', here, ExpiresIn=1)
    assert status('GET', url) == 200
    assert status('PUT', url, data=b'y') == 403
    assert status('GET', url.replace('Expires=3600', 'Expires=9999')) == 403
    text = {**here, 'ContentType': 'text/plain'}
    url = s3.generate_presigned_url('put_object', text)
    assert status('PUT', url, headers={'Content-Type': 'image/png'}) == 403
    limit = [['content-length-range', 1, 2]]
    form = s3.generate_presigned_post('strict', 'key', Conditions=limit)
    body = {'data': form['fields'], 'files': {'file': b'xxx'}}
    assert status('POST', form['url'], **body) == 400
    time.sleep(2)
    assert status('GET', old) == 403
