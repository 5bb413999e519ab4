"""Copies and large files, on a real S3 server."""

import os
import signal
import subprocess
import sys
import time

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

import move_objects
from move_objects import copy_folder, move_folder, rename
from read_write_many import SomeFailedError
from resume_upload import abort, resume_upload
from support import ROOT
from upload_and_download import download, upload
from upload_chunks import complete, crc32_of

PART = 8 * 1024 * 1024  # bytes


@pytest.fixture
def put(s3, bucket):
    def put(key, body, **kwargs):
        s3.put_object(Bucket=bucket, Key=key, Body=body, **kwargs)

    return put


@pytest.fixture
def bodies(s3, bucket):
    """What the bucket has, by its keys."""

    def read():
        page = s3.list_objects_v2(Bucket=bucket)
        return {
            entry['Key']: s3.get_object(Bucket=bucket, Key=entry['Key'])[
                'Body'
            ].read()
            for entry in page.get('Contents', [])
        }

    return read


def once(s3, event, action):
    """Have somebody do something before the next request of that kind."""
    actions = [action]

    def act(**_):
        if actions:
            actions.pop()()

    s3.meta.events.register(f'before-call.s3.{event}', act)


def test_rename_overwrites_nothing(s3, bucket, put, bodies):
    put('a', b'1')
    put('b', b'2')
    with pytest.raises(ClientError, match='PreconditionFailed'):
        rename(s3, bucket, 'a', 'b')
    with pytest.raises(ClientError, match='InvalidRequest'):
        rename(s3, bucket, 'a', 'a')
    assert bodies() == {'a': b'1', 'b': b'2'}


def test_rename_stands_a_copy_that_is_sent_twice(s3, bucket, put, bodies):
    def again(attempts, **_):
        return 0 if attempts == 1 else None  # seconds to wait

    put('a', b'1', Tagging='x=1')
    s3.meta.events.register_first('needs-retry.s3.CopyObject', again)
    rename(s3, bucket, 'a', 'c')
    assert bodies() == {'c': b'1'}
    tags = s3.get_object_tagging(Bucket=bucket, Key='c')['TagSet']
    assert tags == [{'Key': 'x', 'Value': '1'}]


@pytest.mark.parametrize('event', ['CopyObject', 'DeleteObject'])
@pytest.mark.parametrize('move', [rename, move_folder])
def test_what_somebody_stores_meanwhile_is_not_moved(
    s3, bucket, put, bodies, event, move
):
    old, new = ('a', 'd') if move is rename else ('a/x', 'd/x')
    put(old, b'1')
    once(s3, event, lambda: put(old, b'2'))
    with pytest.raises((ClientError, SomeFailedError), match='Precondition'):
        move(s3, bucket, old[:1], new[:1])
    copied = {new: b'1'} if event == 'DeleteObject' else {}
    assert bodies() == {old: b'2', **copied}


def test_a_copy_takes_tags_and_class_along_unasked(s3, bucket, put):
    cool = {'StorageClass': 'STANDARD_IA'}
    put('p/a', b'1', Tagging='x=1', Metadata={'y': '2'}, **cool)
    copy_folder(s3, bucket, 'p/', 'q/')
    entries = s3.list_objects_v2(Bucket=bucket)['Contents']
    assert [entry['StorageClass'] for entry in entries] == ['STANDARD_IA'] * 2
    tags = s3.get_object_tagging(Bucket=bucket, Key='q/a')['TagSet']
    assert tags == [{'Key': 'x', 'Value': '1'}]
    head = s3.head_object(Bucket=bucket, Key='q/a')
    assert head['Metadata'] == {'y': '2'}


@pytest.mark.parametrize(
    ('size', 'event'), [(9, 'PutObject'), (PART + 1, 'CreateMultipartUpload')]
)
def test_a_file_that_changes_meanwhile_is_not_stored(
    s3, bucket, bodies, tmp_path, size, event
):
    path = tmp_path / 'file'
    path.write_bytes(b'1' * size)
    once(s3, event, lambda: path.write_bytes(b'2' * size))
    with pytest.raises(S3UploadFailedError, match='BadDigest'):
        upload(s3, path, bucket, 'key', 'text/plain')
    assert bodies() == {}
    assert 'Uploads' not in s3.list_multipart_uploads(Bucket=bucket)


@pytest.mark.parametrize('size', [0, 9, PART + 1])
def test_what_was_uploaded_comes_back_checked(s3, bucket, tmp_path, size):
    path = tmp_path / 'file'
    path.write_bytes(b'1' * size)
    upload(s3, path, bucket, 'key', 'text/plain')
    download(s3, bucket, 'key', tmp_path / 'copy')
    assert (tmp_path / 'copy').read_bytes() == b'1' * size


def test_joined_parts_are_known_by_the_crc32_of_their_crc32s(
    s3, bucket, tmp_path
):
    path = tmp_path / 'file'
    path.write_bytes(b'1' * PART + b'2')
    assert resume_upload(s3, path, bucket, 'key') == 2
    crc32s = [crc32_of(b'1' * PART), crc32_of(b'2')]
    parts = [
        {'PartNumber': number, 'ETag': 'any', 'ChecksumCRC32': crc32}
        for number, crc32 in enumerate(crc32s, 1)
    ]
    complete(s3, bucket, 'key', 'gone', parts)
    with pytest.raises(s3.exceptions.NoSuchUpload):
        complete(s3, bucket, 'key', 'gone', parts[:1])


def test_abort_takes_all_uploads_of_a_key_and_no_other(s3, bucket):
    for key, sums in (('key', 'CRC32'), ('key', 'SHA256'), ('key2', 'CRC32')):
        s3.create_multipart_upload(
            Bucket=bucket, Key=key, ChecksumAlgorithm=sums
        )
    abort(s3, bucket, 'key')
    page = s3.list_multipart_uploads(Bucket=bucket)
    assert [upload['Key'] for upload in page['Uploads']] == ['key2']


SLOW = """
import sys, boto3
from boto3.s3.transfer import TransferConfig
from upload_and_download import download, upload

s3 = boto3.client('s3', region_name='us-east-1')
slow = TransferConfig(max_bandwidth=1_000_000)
bucket, path, what = sys.argv[1:]
print('begins', flush=True)
if what == 'upload':
    upload(s3, path, bucket, 'new', 'text/plain', config=slow)
else:
    download(s3, bucket, 'old', path, config=slow)
"""


@pytest.mark.skipif(os.name == 'nt', reason='no SIGINT for a child')
@pytest.mark.parametrize('what', ['upload', 'download'])
def test_ctrl_c_ends_a_slow_transfer_soon_and_leaves_nothing(
    s3, bucket, bodies, tmp_path, what
):
    """It would take a minute."""
    path = tmp_path / 'file'
    path.write_bytes(b'1' * 60_000_000)
    upload(s3, path, bucket, 'old', 'text/plain')
    words = [sys.executable, '-c', SLOW, bucket, str(path), what]
    paths = f'{ROOT / "recipes"}'
    with subprocess.Popen(
        words,
        env={**os.environ, 'PYTHONPATH': paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b'begins\n'
        time.sleep(3)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=60)[1]
    assert time.monotonic() - pressed < 10
    assert errors.endswith(b'KeyboardInterrupt\n')
    assert set(bodies()) == {'old'}
    assert 'Uploads' not in s3.list_multipart_uploads(Bucket=bucket)
    assert path.read_bytes() == b'1' * 60_000_000
    assert list(tmp_path.iterdir()) == [path]


def test_a_large_copy_in_parts_keeps_metadata_and_tags(
    s3, bucket, put, monkeypatch
):
    monkeypatch.setattr(move_objects, 'ONE_REQUEST', PART)
    put('p/a', b'1' * (PART + 1), Tagging='x=1', Metadata={'y': '2'})
    move_folder(s3, bucket, 'p/', 'q/')
    tags = s3.get_object_tagging(Bucket=bucket, Key='q/a')['TagSet']
    assert tags == [{'Key': 'x', 'Value': '1'}]
    head = s3.head_object(Bucket=bucket, Key='q/a')
    assert (head['Metadata'], head['ETag'][-3:]) == ({'y': '2'}, '-2"')
