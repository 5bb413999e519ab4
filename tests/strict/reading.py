"""Reading and streaming, on a real S3 server."""

import csv
import gzip
import io
import os
import zipfile
from itertools import repeat

import boto3
import pytest
from botocore.exceptions import ClientError

from handle_errors import exists
from open_object import open_object, zip_objects
from read_rows import rows
from upload_chunks import upload_chunks

PART = 5 * 1024 * 1024


def unfinished(s3, bucket):
    return s3.list_multipart_uploads(Bucket=bucket).get('Uploads', [])


@pytest.mark.parametrize('size', [0, 1, PART, 2 * PART, 2 * PART + 1])
def test_chunks_arrive_whole_with_their_type(s3, bucket, size):
    body = bytes(range(256)) * (size // 256) + b'x' * (size % 256)
    chunks = (body[i : i + 2**20] for i in range(0, size, 2**20))
    upload_chunks(s3, bucket, 'key', chunks, 'text/csv', part_size=PART)
    response = s3.get_object(Bucket=bucket, Key='key')
    assert response['Body'].read() == body
    assert response['ContentType'] == 'text/csv'
    assert unfinished(s3, bucket) == []


def test_parts_that_were_joined_before_are_no_error(s3, bucket):
    other = boto3.client('s3', region_name='us-east-1')

    def join_before(params, **_):
        other.complete_multipart_upload(**params)
        params['UploadId'] = 'gone'

    name = 'provide-client-params.s3.CompleteMultipartUpload'
    s3.meta.events.register(name, join_before)
    upload_chunks(s3, bucket, 'key', [bytes(2 * PART)], part_size=PART)
    assert exists(s3, bucket, 'key')


def test_parts_that_somebody_removed_are_an_error(s3, bucket):
    def remove(params, **_):
        s3.abort_multipart_upload(
            Bucket=bucket, Key='key', UploadId=params['UploadId']
        )

    upload_chunks(s3, bucket, 'key', [b'x' * 2 * PART], part_size=PART)
    name = 'provide-client-params.s3.CompleteMultipartUpload'
    s3.meta.events.register(name, remove)
    with pytest.raises(ClientError, match='NoSuchUpload'):
        upload_chunks(s3, bucket, 'key', [bytes(2 * PART)], part_size=PART)


def test_ctrl_c_leaves_no_parts(s3, bucket):
    def interrupt(params, **_):
        if params['PartNumber'] == 3:
            raise KeyboardInterrupt

    s3.meta.events.register('provide-client-params.s3.UploadPart', interrupt)
    with pytest.raises(KeyboardInterrupt):
        upload_chunks(s3, bucket, 'key', repeat(bytes(PART)), part_size=PART)
    assert unfinished(s3, bucket) == []
    assert not exists(s3, bucket, 'key')


def test_too_small_parts_are_refused_and_removed(s3, bucket):
    chunks = [bytes(PART)]
    with pytest.raises(ClientError, match='EntityTooSmall'):
        upload_chunks(s3, bucket, 'key', chunks, part_size=1024 * 1024)
    assert unfinished(s3, bucket) == []


def test_a_csv_of_several_windows_is_read_plain_and_gzip(s3, bucket):
    table = io.StringIO()
    csv.writer(table).writerows(
        [('a', 'b'), *((n, 'ü' * 99) for n in range(50_000))]
    )
    for key, pack in (('plain', bytes), ('gzip', gzip.compress)):
        s3.put_object(
            Bucket=bucket, Key=key, Body=pack(table.getvalue().encode())
        )
        numbers = [int(row['a']) for row in rows(s3, bucket, key)]
        assert numbers == list(range(50_000))


@pytest.mark.parametrize(
    ('change', 'code'),
    [('put_object', 'PreconditionFailed'), ('delete_object', 'NoSuchKey')],
)
def test_an_object_that_changes_is_an_error(s3, bucket, change, code):
    s3.put_object(Bucket=bucket, Key='key', Body=b'content')
    with open_object(s3, bucket, 'key', buffer=4) as file:
        assert file.read(4) == b'cont'
        getattr(s3, change)(Bucket=bucket, Key='key')
        with pytest.raises(ClientError, match=code):
            file.read(4)


def test_a_wrong_key_is_told_and_not_taken_for_absent(s3, bucket):
    wrong = boto3.client(
        's3',
        region_name='us-east-1',
        aws_access_key_id='strict',
        aws_secret_access_key='wrong',
    )
    with pytest.raises(ClientError, match='SignatureDoesNotMatch'):
        exists(wrong, bucket, 'absent')


def test_a_zip_of_many_is_read_member_by_member(s3, bucket):
    bodies = {'a': os.urandom(1024**2), 'folder/ü': b'', 'c': b'3'}
    for key, body in bodies.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    zip_objects(s3, bucket, bodies, 'all.zip')
    with open_object(s3, bucket, 'all.zip') as file:
        archive = zipfile.ZipFile(file)
        assert {key: archive.read(key) for key in bodies} == bodies


def test_an_object_is_copied_part_by_part(s3, bucket):
    body = os.urandom(2 * PART + 1)
    s3.put_object(Bucket=bucket, Key='theirs', Body=body)
    with open_object(s3, bucket, 'theirs') as file:
        chunks = iter(lambda: file.read(PART), b'')
        upload_chunks(s3, bucket, 'key', chunks, part_size=PART)
    assert s3.get_object(Bucket=bucket, Key='key')['Body'].read() == body


def test_an_empty_object_exists_and_is_read(s3, bucket):
    s3.put_object(Bucket=bucket, Key='key')
    assert exists(s3, bucket, 'key')
    with open_object(s3, bucket, 'key') as file:
        assert file.read() == b''
    assert list(rows(s3, bucket, 'key')) == []
