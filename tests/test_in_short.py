"""The lines below `In short:` of each recipe do what is wanted, as they stand.

They find `s3`, `bucket`, `key` and `prefix`, and what FILES and OBJECTS
have. What they print stands in their `#>` lines, what they leave in EFFECTS.
"""

import ast
import gzip
import importlib
import io
import json
import re
import textwrap
from contextlib import redirect_stdout, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, s3_backends

from faults import Faults, throttled
from support import HAS_TABLES, RECIPES, printed_as

NAMES = {'bucket': 'my-bucket', 'key': 'reports/may.pdf', 'prefix': 'photos/'}
FILES = ['report.pdf', 'photos/x.png', 'photos/sub/y.tar.gz', 'photos/sub/z']
CSV = b'day,price\n1,9.5\n2,8\n'
OBJECTS = {  # each stored after the one before
    'reports/may.pdf': b'%PDF',
    'photos/trip/': b'',
    'photos/trip/b.png': b'b',
    'photos/a.png': b'a',
    'photos-old/c.png': b'c',
    'sales.csv': CSV,
    'sales.csv.gz': gzip.compress(CSV),
}
# What is new (+), gone (-) or changed (+ again) on the disk, in the bucket,
# and in its settings. None: the recipe has no short answer.
EFFECTS = {
    'bucket_policy': ['+policy'],
    'delete_folder': [
        '-s3:photos/a.png',
        '-s3:photos/trip/',
        '-s3:photos/trip/b.png',
    ],
    'download_folder': ['+copies/a.png', '+copies/trip/b.png'],
    'encryption': ['+encryption'],
    'lifecycle': ['+lifecycle_configuration'],
    'metadata_and_tags': ['+s3:reports/may.pdf text/kept status=final'],
    'move_objects': ['+s3:archive/may.pdf text/kept', '-s3:reports/may.pdf'],
    'open_object': ['+s3:copy.csv text/csv'],
    'presigned_parts': ['+s3:reports/may.pdf application/pdf'],
    'real_tour': None,
    'restore_archived': ['+copy.pdf'],
    'resume_upload': ['+s3:reports/may.pdf application/pdf'],
    'safe_writes': ['+s3:visits.txt text/plain'],
    'sync_folder': [
        '+s3:photos/sub/y.tar.gz application/octet-stream',
        '+s3:photos/sub/z application/octet-stream',
        '+s3:photos/x.png image/png',
    ],
    'test_your_code': None,
    'upload_and_download': [
        '+copy.pdf',
        '+s3:reports/may.pdf application/pdf',
    ],
    'upload_folder': [
        '+s3:photos/sub/y.tar.gz application/octet-stream',
        '+s3:photos/sub/z application/octet-stream',
        '+s3:photos/x.png image/png',
    ],
    'upload_chunks': ['+s3:reports/may.pdf text/plain'],
    'versions': ['+versioning'],
}
PUBLIC = {
    'Effect': 'Allow',
    'Principal': '*',
    'Action': '*',
    'Resource': ['arn:aws:s3:::my-bucket', 'arn:aws:s3:::my-bucket/*'],
}
SETTINGS = {  # and what moto calls them
    'cors': 'cors',
    'encryption': 'encryption',
    'lifecycle_configuration': 'rules',
    'notification_configuration': 'notification_configuration',
    'policy': 'policy',
    'versioning': 'versioning_status',
}
IN_SHORT = re.compile(r'^In short:\n\n((?: {4}.*\n|\n)+)', re.MULTILINE)
BLOCKS = {
    name: textwrap.dedent(match[1])
    for name, source in RECIPES.items()
    for match in [IN_SHORT.search(source)]
    if match and (HAS_TABLES or 'import pandas' not in match[1])
}


def backend():
    """Return moto's own S3: to ask it takes no requests, and no time."""
    return s3_backends[DEFAULT_ACCOUNT_ID]['aws']


def put(key, body):
    stored = backend().put_object('my-bucket', key, body)
    stored.set_metadata({'Content-Type': 'text/kept'})


def set_times(parsed, **_):
    """Have objects stored a second apart, in the order of OBJECTS."""
    order = [*OBJECTS]
    for entry in parsed.get('Contents', []):
        seconds = [*order, entry['Key']].index(entry['Key'])
        start = datetime(2026, 1, 1, tzinfo=timezone.utc)
        entry['LastModified'] = start + timedelta(seconds=seconds)


@pytest.fixture
def world(s3, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    s3.meta.events.register('after-call.s3.ListObjectsV2', set_times)
    s3.create_bucket(Bucket='my-bucket')
    policy = {'Version': '2012-10-17', 'Statement': [PUBLIC]}
    s3.put_bucket_policy(Bucket='my-bucket', Policy=json.dumps(policy))
    for key, body in OBJECTS.items():
        put(key, body)
    return s3


def run(name, s3, **others):
    """Run a block; return what it prints."""
    for node in ast.walk(ast.parse(BLOCKS[name])):
        if isinstance(node, ast.Import) and node.names[0].name == 'pandas':
            pandas = importlib.import_module('pandas')
            table = pandas.read_csv(io.BytesIO(CSV)).to_parquet()
            put('sales.parquet', table)
    if name == 'restore_archived':
        stored = backend().get_object('my-bucket', NAMES['key'])
        stored.set_storage_class('GLACIER')
    with redirect_stdout(io.StringIO()) as stdout:
        exec(BLOCKS[name], {**NAMES, 's3': s3, **others})
    return stdout.getvalue()


def state():
    """Return what is on the disk, in the bucket, and in its settings."""
    found = {
        path.as_posix(): [path.read_bytes()]
        for path in Path().rglob('*')
        if path.is_file()
    }
    bucket = backend().buckets['my-bucket']
    for key, stored in bucket.keys.items():
        if isinstance(stored, FakeKey):  # no delete marker
            kind = [] if stored.value else ['empty']
            for name, text in stored.metadata.items():
                if name.startswith('x-amz-meta-'):
                    kind.append(f'{name[11:]}={text}')
            type_ = stored.metadata['content-type']
            found[f's3:{key}'] = [stored.value, type_, *kind]
    for name, attribute in SETTINGS.items():
        value = getattr(bucket, attribute)
        if value:
            found[name] = [json.dumps(value, default=plain)]
    if bucket.multiparts:
        found['unfinished uploads'] = [*bucket.multiparts]
    return found


def plain(value):
    return str(value) if isinstance(value, bytes) else vars(value)


LISTING = re.compile('paginat|list_objects|objects\\.')
CASES = [
    pytest.param(name, size, id=f'{name}-{size}')
    for name in BLOCKS
    for size in (['1000', '1'] if LISTING.search(BLOCKS[name]) else ['1000'])
]


@pytest.mark.parametrize(('name', 'page_size'), CASES)
def test_it_does_what_is_wanted(name, page_size, world, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', page_size)
    before = state()
    printed = run(name, world)
    after = state()
    if '#>' in BLOCKS[name]:
        assert printed_as(BLOCKS[name]).fullmatch(printed), printed
    else:
        assert printed == ''
    effects = [f'-{x}' for x in before if x not in after]
    effects += [
        ' '.join([f'+{name}', *map(str, content[1:])])
        for name, content in after.items()
        if content != before.get(name) and 'parquet' not in name
    ]
    assert sorted(effects) == EFFECTS.get(name, [])
    assert '#>' in BLOCKS[name] or effects, 'it does nothing'


def test_what_was_deleted_is_back_by_the_lines_of_versions(world):
    run('versions', world)  # turns it on
    put('reports/may.pdf.bak', b'bak')
    for key in ('reports/may.pdf', 'reports/may.pdf.bak'):
        world.delete_object(Bucket='my-bucket', Key=key)
    run('versions', world)
    assert state()['s3:reports/may.pdf'][0] == b'%PDF'
    assert 's3:reports/may.pdf.bak' not in state()


def test_to_undelete_what_was_never_there_is_no_key_error(world):
    assert run('versions', world, key='absent') == ''


def test_each_recipe_has_one_unless_it_is_said():
    without = {name for name in RECIPES if not IN_SHORT.search(RECIPES[name])}
    assert without == {name for name in EFFECTS if not EFFECTS[name]}


# These send nothing to this bucket: they sign, or ask who you are.
OFFLINE = {
    'create_bucket',
    'credentials',
    'other_stores',
    'presigned_form',
    'presigned_url',
}


@pytest.mark.parametrize('name', sorted({*BLOCKS} - OFFLINE))
def test_an_absent_bucket_does_not_pass_silently(name, world):
    with pytest.raises((ClientError, S3UploadFailedError)):
        run(name, world, bucket='absent')


@pytest.mark.parametrize(
    'name', sorted(x for x in BLOCKS if 'delete_objects(' in BLOCKS[x])
)
def test_an_error_of_a_batch_is_not_lost(name, world):
    faults = Faults()
    faults.watch(world)
    faults.come(DeleteObjects=[throttled])
    with pytest.raises(RuntimeError, match='SlowDown'):
        run(name, world)


@pytest.mark.parametrize(
    'name',
    sorted(x for x in BLOCKS if 'paginat' in BLOCKS[x] and x[:4] != 'sync'),
)
def test_a_prefix_without_keys_is_no_key_error(name, world):
    before = state()
    with suppress(ValueError):  # there is no newest
        run(name, world, prefix='no-such/')
    assert state() == before


@pytest.mark.parametrize('name', BLOCKS)
def test_it_is_short(name):
    lines = [x.strip() for x in BLOCKS[name].splitlines()]
    assert 2 <= len([x for x in lines if x and x[:2] != '#>']) <= 14
