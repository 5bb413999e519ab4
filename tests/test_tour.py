"""The tour as a reader runs it, and the requests that it makes."""

import ast
import os
import time
from datetime import datetime, timedelta, timezone
from types import MappingProxyType, SimpleNamespace
from typing import Mapping, NamedTuple, Optional
from urllib.parse import parse_qs, unquote

import boto3
import pytest
from support import (
    PINNED,
    ROOT,
    SCRIPT,
    TRANSCRIPT,
    chosen,
    content,
    handler,
    mask,
    run_python,
    signing,
)

DEMO = 'https://my-demo-bucket-2024.s3.amazonaws.com'
SECOND = 'https://my-second-bucket-2024.s3.amazonaws.com'
S3 = 'https://s3.amazonaws.com'
BATCH = (
    '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    '<Object><Key>data/hello.txt</Key></Object>'
    '<Object><Key>data/config.json</Key></Object>'
    '<Object><Key>images/sample.png</Key></Object>'
    '</Delete>'
)
PNG = bytes.fromhex('89504E47 0D0A1A0A 0000000D 49484452')


class Request(NamedTuple):
    """One request, or one signing, and what the tour chose of it."""

    interface: str
    operation: str
    method: str
    url: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b''
    signed_for: Optional[int] = None  # seconds


REQUESTS = [
    Request('client', 'CreateBucket', 'PUT', f'{DEMO}/'),
    Request('resource', 'CreateBucket', 'PUT', f'{SECOND}/'),
    Request('client', 'ListBuckets', 'GET', f'{S3}/'),
    Request(
        'client',
        'PutObject',
        'PUT',
        f'{DEMO}/data/hello.txt',
        {'content-type': 'text/plain'},
        b'Hello from S3!',
    ),
    Request(
        'client',
        'PutObject',
        'PUT',
        f'{DEMO}/data/config.json',
        {
            'content-type': 'application/json',
            'x-amz-meta-author': 'demo-user',
            'x-amz-meta-purpose': 'illustration',
        },
        b'{"name": "boto3", "version": "1.34", "service": "s3"}',
    ),
    Request(
        'client',
        'PutObject',
        'PUT',
        f'{DEMO}/images/sample.png',
        {'content-type': 'image/png'},
        PNG,
    ),
    Request(
        'resource',
        'PutObject',
        'PUT',
        f'{DEMO}/documents/readme.md',
        body=b'# AWS S3 Demo\n\nThis is a demo file.',
    ),
    Request('client', 'ListObjectsV2', 'GET', f'{DEMO}/?list-type=2'),
    Request(
        'client', 'ListObjectsV2', 'GET', f'{DEMO}/?list-type=2&prefix=data/'
    ),
    Request('client', 'GetObject', 'GET', f'{DEMO}/data/hello.txt'),
    Request('client', 'GetObject', 'GET', f'{DEMO}/data/config.json'),
    Request('resource', 'GetObject', 'GET', f'{DEMO}/documents/readme.md'),
    Request('client', 'HeadObject', 'HEAD', f'{DEMO}/data/config.json'),
    Request(
        'client', 'GetObject', 'GET', f'{DEMO}/data/hello.txt', signed_for=3600
    ),
    Request(
        'client',
        'PutObject',
        'PUT',
        f'{DEMO}/uploads/new-file.txt',
        signed_for=3600,
    ),
    Request(
        'client',
        'CopyObject',
        'PUT',
        f'{DEMO}/backup/hello-copy.txt',
        {'x-amz-copy-source': 'my-demo-bucket-2024/data/hello.txt'},
    ),
    Request(
        'client', 'DeleteObject', 'DELETE', f'{DEMO}/backup/hello-copy.txt'
    ),
    Request(
        'client',
        'DeleteObjects',
        'POST',
        f'{DEMO}/?delete',
        body=BATCH.encode(),
    ),
    Request('client', 'ListObjectsV2', 'GET', f'{DEMO}/?list-type=2'),
    Request('client', 'DeleteObject', 'DELETE', f'{DEMO}/documents/readme.md'),
    Request('client', 'DeleteBucket', 'DELETE', f'{DEMO}/'),
    Request('client', 'DeleteBucket', 'DELETE', f'{SECOND}/'),
    Request('client', 'ListBuckets', 'GET', f'{S3}/'),
]


@pytest.fixture
def requests():
    """What the tour sends and signs, in order; `requests.urls` as signed."""
    seen = SimpleNamespace(rows=[], urls=[])

    def record(request, event_name, **_):
        agent = request.headers['User-Agent']
        seen.rows.append(
            Request(
                'resource' if b'Resource' in agent else 'client',
                event_name.rpartition('.')[2],
                request.method,
                # Every listing asks for encoded keys; boto3 decodes them.
                unquote(request.url).replace('&encoding-type=url', ''),
                chosen(request),
                content(request),
            )
        )

    def record_signing(operation, request, url, expires_in):
        address, _, query = url.partition('?')
        expires = int(parse_qs(query)['Expires'][0])
        assert 0 <= time.time() + expires_in - expires < 5
        seen.urls.append(url)
        seen.rows.append(
            Request(
                'client',
                operation,
                request['method'],
                address,
                signed_for=expires_in,
            )
        )

    with handler('before-send.s3', record), signing(record_signing):
        yield seen


def refuse(**_):
    raise RuntimeError('refused')


def test_the_script_prints_the_whole_transcript_and_nothing_else():
    run = run_python(SCRIPT)

    assert run.stderr == b''
    assert mask(run.stdout.decode()) == TRANSCRIPT
    assert run.returncode == 0


def test_pinned_lines_are_where_others_cite_them():
    lines = SCRIPT.read_text(encoding='utf-8').splitlines()

    assert {n: lines[n - 1].strip() for n in PINNED} == PINNED


def test_the_tour_makes_these_requests_and_no_other(tour, requests):
    tour()

    assert requests.rows == REQUESTS


def test_the_length_told_is_that_of_the_download_url(tour, requests):
    output = tour()

    assert f'URL length: {len(requests.urls[0])} characters' in output


def test_the_date_told_is_that_of_the_upload(tour):
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    output = tour()
    after = datetime.now(timezone.utc)

    told = output.partition('Last-Modified: ')[2].splitlines()[0]
    assert before <= datetime.fromisoformat(told) <= after


def test_sizes_are_told_in_kb_of_1024_bytes(tour):
    def grow(parsed, **_):
        for entry in parsed['Contents']:
            entry['Size'] = 100 * 1024

    with handler('after-call.s3.ListObjectsV2', grow):
        output = tour()

    assert output.count('(100.00 KB)') == 4


def test_main_can_be_called_again_with_the_same_result(tour):
    assert [mask(tour()), mask(tour())] == [TRANSCRIPT, TRANSCRIPT]


def test_the_tour_leaves_the_process_as_it_found_it(tour, monkeypatch):
    monkeypatch.setenv('AWS_PROFILE', 'mine')
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'mine')
    session = object()
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', session)
    found = dict(os.environ)
    environ = os.environ

    tour()

    assert os.environ is environ
    assert dict(os.environ) == found
    assert boto3.DEFAULT_SESSION is session


def test_a_step_that_fails_stops_the_tour_and_restores_the_environment(
    tour, capsys, monkeypatch
):
    monkeypatch.setenv('AWS_PROFILE', 'mine')
    found = dict(os.environ)

    with handler('before-send.s3.CopyObject', refuse), pytest.raises(
        RuntimeError, match='refused'
    ):
        tour()

    assert dict(os.environ) == found
    assert capsys.readouterr().out.endswith(
        f'  9. Copying Objects\n{"=" * 70}\n'
    )


def test_a_step_that_fails_ends_the_script_with_a_status():
    code = (
        'import botocore.handlers, runpy\n'
        'def refuse(**_): raise RuntimeError("refused")\n'
        'botocore.handlers.BUILTIN_HANDLERS.append('
        '("before-send.s3.DeleteBucket", refuse))\n'
        f'runpy.run_path({str(SCRIPT)!r}, run_name="__main__")'
    )
    run = run_python('-c', code, env={'PYTHONPATH': str(ROOT)})

    assert run.returncode == 1
    assert run.stderr.endswith(b'RuntimeError: refused\n')
    assert b'Tour complete' not in run.stdout


def test_a_batch_that_deletes_only_a_part_stops_the_tour(tour):
    def fail_one(parsed, **_):
        failed = parsed['Deleted'].pop()
        parsed['Errors'] = [{**failed, 'Code': 'InternalError'}]

    with handler('after-call.s3.DeleteObjects', fail_one), pytest.raises(
        RuntimeError
    ) as error:
        tour()

    assert str(error.value) == (
        "Not deleted: [{'Key': 'images/sample.png', 'Code': 'InternalError'}]"
    )


def test_a_bucket_left_behind_is_found_by_asking(tour, capsys):
    def find_one(parsed, **_):
        parsed['Buckets'] = [{'Name': 'my-second-bucket-2024'}]

    with handler('after-call.s3.ListBuckets', find_one), pytest.raises(
        RuntimeError
    ) as error:
        tour()

    assert str(error.value) == (
        "Still there, to be deleted by hand: ['my-second-bucket-2024']"
    )
    assert 'Tour complete' not in capsys.readouterr().out


def test_importing_the_tour_prints_nothing_and_changes_nothing():
    code = (
        'import os, warnings, boto3, botocore.handlers\n'
        'def state(): return (dict(os.environ), os.getcwd(), '
        'warnings.filters[:], boto3.DEFAULT_SESSION, '
        'botocore.handlers.BUILTIN_HANDLERS[:])\n'
        'before = state()\n'
        'import main_aws_s3\n'
        'assert state() == before'
    )
    run = run_python(
        '-c',
        code,
        env={'AWS_PROFILE': 'mine', 'PYTHONPATH': str(ROOT)},
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, b'', b'')


def test_the_tour_imports_only_what_its_calls_need_anyway(tmp_path):
    code = (
        'import sys, boto3\n'
        'from moto import mock_aws\n'
        'with mock_aws():\n'
        '    s3 = boto3.resource("s3", region_name="us-east-1")\n'
        '    s3.create_bucket(Bucket="bucket")\n'
        'print(*sys.modules)'
    )
    run = run_python('-W', 'ignore', '-c', code, env={'HOME': str(tmp_path)})
    needed = run.stdout.decode().split()
    imported = set()
    for path in (SCRIPT, ROOT / 'logging_utils.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module)

    assert 'moto' in needed
    assert imported - set(needed) == {'logging_utils'}
