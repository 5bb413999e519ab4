"""The tour and the recipes against a real S3 server, SeaweedFS.

Run by .ci/run: uv run --isolated --group strict pytest tests/strict.py
It enforces authorization, signatures, conditions, checksums and versions,
which moto does not. It cannot judge Version 2 of signatures against new
buckets, SSE-KMS, events, lifecycle rules, `ExpectedBucketOwner`, the size of
metadata, the order of a listing with `/` in it, or keys with `..` and `//`.
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
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from support import RECIPES, made_env, mask, printed_as

import main_aws_s3
from recipes import (
    copy_or_move,
    empty_bucket,
    folder,
    many_objects,
    metadata_and_tags,
    safe_writes,
)

# How the server is started: on ports that are free, in a folder of its own.
WEED = """
-logtostderr=true -v=-1 server -filer -s3
-ip=127.0.0.1 -ip.bind=127.0.0.1 -dir={top} -master.peers=none
-master.port={0} -master.port.grpc={1} -volume.port={2} -volume.port.grpc={3}
-filer.port={4} -filer.port.grpc={5} -s3.port={6} -s3.port.grpc={7}
-filer.localSocket={top}/f -s3.localSocket={top}/s -s3.config={top}/keys.json
-master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=500
-s3.iam=true -s3.port.iceberg=0 -s3.port.lance=0
-s3.autoCreateBucket=false -s3.allowDeleteBucketNotEmpty=false
"""
KEYS = {'accessKey': 'strict', 'secretKey': 'strict-secret'}
# It has no regions, roles, KMS, queues, keys with .., transitions, archive.
CANNOT = {'create_bucket', 'credentials', 'encryption', 'events', 'folder'}
CANNOT |= {'production', 'restore_archived'}
OTHERWISE = {'presigned_url', 'see_requests'}  # its URLs have another host


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
    weed = os.path.join(sysconfig.get_path('scripts'), 'weed')
    command = [weed, *WEED.format(*ports, top=top).split()]
    own = {'HOME': str(top), 'TMPDIR': str(top), 'WEED_S3_SSE_KEY': 'any'}
    env = made_env(WEED_MASTER_VOLUME_GROWTH_COPY_1='1', **own)
    silent = dict.fromkeys(['stdin', 'stdout', 'stderr'], subprocess.DEVNULL)
    with subprocess.Popen(command, cwd=top, env=env, **silent) as process:
        try:
            url = f'http://127.0.0.1:{ports[6]}'
            for _ in range(300):
                try:
                    urllib.request.urlopen(f'{url}/healthz', timeout=1).close()
                    break
                except OSError:
                    assert process.poll() is None, 'weed ended'
                    time.sleep(0.1)
            yield url
        finally:
            process.kill()
            for port in ports:  # it puts sockets there, wherever TMPDIR is
                for path in Path('/tmp').glob(f'seaweedfs-*-{port}.sock'):
                    path.unlink()


@pytest.fixture(autouse=True)
def _settings(server, monkeypatch):
    """What leads boto3 there, as a reader would set it."""
    settings = {
        'AWS_ENDPOINT_URL': server,
        'AWS_ACCESS_KEY_ID': KEYS['accessKey'],
        'AWS_SECRET_ACCESS_KEY': KEYS['secretKey'],
        'AWS_CONFIG_FILE': os.devnull,
        'AWS_SHARED_CREDENTIALS_FILE': os.devnull,
        'no_proxy': '*',
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3():
    v4 = Config(signature_version='s3v4', max_pool_connections=20)
    return boto3.client('s3', region_name='us-east-1', config=v4)


def test_the_tour_prints_the_same(printed, capsys):
    main_aws_s3.tour()
    assert mask(capsys.readouterr().out) == mask(printed)


@pytest.mark.parametrize('name', sorted({*RECIPES} - CANNOT))
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
    odd = [*'äAa+~🪣\'"\n\t', 'a\u0308', '%2F', ' x ', '<&>', '#?', 'a:b']
    odd += ['NUL', '.hidden', '...', 'x' * 250]
    bodies = {
        f'p/{name}/{number}': f'{name} {number}'.encode()
        for name in odd
        for number in range(60)
    }
    for key, body in bodies.items():
        path = tmp_path / 'here' / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    here, there = tmp_path / 'here' / 'p', tmp_path / 'there'
    keys = folder.upload_folder(s3, here, 'odd', 'p', threads=20)
    assert keys == sorted(bodies)
    assert folder.download_folder(s3, 'odd', 'p', there, threads=20) == keys
    came = {
        f'p/{path.relative_to(there).as_posix()}': path.read_bytes()
        for path in there.rglob('*/*')
    }
    assert came == bodies
    came, errors = many_objects.read_in_processes(
        'odd', [*keys, 'absent'], 'us-east-1'
    )
    assert came == bodies
    assert 'NoSuchKey' in str(errors['absent'])


def test_what_somebody_replaces_is_read_again_and_not_copied(s3):
    s3.create_bucket(Bucket='reports')
    here = {'Bucket': 'reports', 'Key': 'key'}
    s3.put_object(Body=b'1', Metadata={'a': '1'}, **here)
    theirs = [b'2']

    def replace(**_):
        if theirs:
            s3.put_object(Body=theirs.pop(), Metadata={'c': '1'}, **here)

    s3.meta.events.register('before-call.s3.CopyObject', replace)
    with pytest.raises(copy_or_move.NotCopiedError, match=r'key: .*Precond'):
        copy_or_move.copy(s3, 'reports', 'key', 'copy')
    theirs.append(b'3')
    metadata_and_tags.change_metadata(s3, 'reports', 'key', {'b': '2'})
    there = s3.get_object(**here)
    assert there['Metadata'] == {'b': '2', 'c': '1'}
    assert there['Body'].read() == b'3'
