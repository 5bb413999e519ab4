"""Tests of recipes/upload_and_download.py."""

import os
import threading
from itertools import repeat

import pytest
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, FlexibleChecksumError
from s3transfer.exceptions import RetriesExceededError, S3DownloadFailedError

import faults
import upload_and_download
from faults import after, denied
from resume_upload import resume_upload
from support import read
from upload_and_download import crc32_of_file, download, upload

PART = 8 * 1024  # bytes
SMALL, LARGE = 1024, PART + 1  # one request, and two parts


@pytest.fixture
def path(tmp_path, small):
    path = tmp_path / 'file'
    path.write_bytes(b'1' * LARGE)
    return path


def put(s3, body):
    s3.put_object(Bucket='bucket', Key='key', Body=body)


def unfinished(s3):
    """The uploads in parts that nobody has completed, by their ids."""
    page = s3.list_multipart_uploads(Bucket='bucket')
    return {x['UploadId']: x['Key'] for x in page.get('Uploads', [])}


def send(s3, path):
    upload(s3, path, 'bucket', 'key', 'text/plain')


def resume(s3, path):
    return resume_upload(s3, path, 'bucket', 'key', 'text/plain')


@pytest.mark.parametrize('store', [send, resume])
def test_a_lost_response_of_joining_is_no_error(s3, mine, path, store):
    def joined(request, work):
        work()
        return faults.gone(request, work)

    mine.faults.come(CompleteMultipartUpload=[joined])
    store(mine, path)
    assert read(s3) == b'1' * LARGE


@pytest.mark.parametrize('store', [send, resume])
def test_an_upload_that_is_gone_is_an_error(s3, mine, path, store):
    put(s3, b'older')
    mine.faults.come(CompleteMultipartUpload=[faults.gone])
    with pytest.raises(Exception, match='NoSuchUpload'):
        store(mine, path)
    assert read(s3) == b'older'


@pytest.mark.parametrize('store', [send, resume])
def test_a_new_object_has_its_content_type(s3, mine, path, store):
    store(mine, path)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert head['ContentType'] == 'text/plain'


@pytest.mark.parametrize(
    ('size', 'operation'),
    [(SMALL, 'PutObject'), (LARGE, 'CompleteMultipartUpload')],
)
def test_s3_is_given_the_crc32_of_the_file_to_compare(
    mine, path, size, operation
):
    path.write_bytes(b'2' * size)
    crc32, seen = crc32_of_file(path), []

    def keep(params, **_):
        seen.append((params['ChecksumCRC32'], params.get('ChecksumType')))

    mine.meta.events.register(f'provide-client-params.s3.{operation}', keep)
    change = after(lambda: path.write_bytes(b'3' * size))
    mine.faults.come(CreateMultipartUpload=[change])
    send(mine, path)
    assert seen == [(crc32, None if size == SMALL else 'FULL_OBJECT')]


def test_a_refusal_is_told_even_if_the_same_file_is_there(mine, path):
    send(mine, path)
    mine.faults.come(CreateMultipartUpload=[denied])
    with pytest.raises(S3UploadFailedError, match='AccessDenied'):
        send(mine, path)


def test_an_upload_that_is_gone_is_told_where_nothing_is_there(mine, path):
    mine.faults.come(CompleteMultipartUpload=[faults.gone])
    with pytest.raises(S3UploadFailedError, match='NoSuchUpload'):
        send(mine, path)


@pytest.mark.parametrize(
    'older', [{'ContentType': 'text/old'}, {'CacheControl': 'no-store'}]
)
def test_an_upload_that_is_gone_is_told_where_another_is_there(
    mine, path, older
):
    extra = {'CacheControl': 'no-cache'}
    upload(mine, path, 'bucket', 'key', 'text/new', extra={**extra, **older})
    mine.faults.come(CompleteMultipartUpload=[faults.gone])
    with pytest.raises(S3UploadFailedError, match='NoSuchUpload'):
        upload(mine, path, 'bucket', 'key', 'text/new', extra=extra)


def test_an_upload_that_is_gone_before_it_is_joined_is_told(mine, path):
    send(mine, path)
    mine.faults.come(UploadPart=repeat(faults.gone))
    with pytest.raises(S3UploadFailedError, match='NoSuchUpload'):
        send(mine, path)


def test_a_refused_upload_names_the_key_and_leaves_no_parts(s3, mine, path):
    mine.faults.come(UploadPart=repeat(denied))
    with pytest.raises(S3UploadFailedError, match=r'bucket/key: .*Denied'):
        send(mine, path)
    assert unfinished(s3) == {}


def damaged(request, work):
    response = work()
    response.raw.__init__(b'?' + response.raw.read()[1:])
    return response


def fetch(s3, path):
    return download(s3, 'bucket', 'key', path)


@pytest.mark.parametrize(
    ('fault', 'error'),
    [
        (damaged, RuntimeError),
        (faults.broken(99), RetriesExceededError),
        (denied, ClientError),
    ],
)
def test_a_failed_download_leaves_the_file_that_is_there(
    mine, path, fault, error
):
    send(mine, path)
    path.write_bytes(b'old')
    mine.faults.come(GetObject=repeat(fault))
    with pytest.raises(error):
        fetch(mine, path)
    assert path.read_bytes() == b'old'
    assert list(path.parent.iterdir()) == [path]


def test_a_small_object_that_is_damaged_is_boto3s_own_error(s3, mine, path):
    put(s3, b'small')
    mine.faults.come(GetObject=repeat(damaged))
    with pytest.raises(FlexibleChecksumError):
        fetch(mine, path)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ('operation', 'error'),
    [('GetObject', S3DownloadFailedError), ('HeadObject', RuntimeError)],
)
def test_an_object_that_is_replaced_meanwhile_is_not_taken(
    s3, mine, path, operation, error
):
    send(mine, path)
    replace = after(lambda: put(s3, b'2' * LARGE))
    mine.faults.come(**{operation: [None, replace]})
    with pytest.raises(error):
        fetch(mine, path)
    assert path.read_bytes() == b'1' * LARGE


@pytest.mark.parametrize('size', [SMALL, LARGE, 5 * PART])
def test_a_download_goes_on_where_responses_break_off(s3, mine, path, size):
    body = os.urandom(size)
    path.write_bytes(body)
    send(mine, path)
    path.write_bytes(b'old')
    mine.faults.come(GetObject=repeat(faults.broken(1)))
    fetch(mine, path)
    assert path.read_bytes() == body


def test_a_response_that_breaks_off_is_not_written_twice(s3, mine, path):
    put(s3, bytes(range(256)) * 4)
    config = TransferConfig(io_chunksize=128)  # some are written before
    mine.faults.come(GetObject=repeat(faults.broken(1)))
    download(mine, 'bucket', 'key', path, config=config)
    assert path.read_bytes() == bytes(range(256)) * 4


def test_an_object_without_crc32_of_the_whole_is_downloaded(mine, path):
    resume(mine, path)
    path.write_bytes(b'old')
    fetch(mine, path)
    assert path.read_bytes() == b'1' * LARGE


def test_extra_arguments_reach_s3(s3, mine, path):
    extra = {'CacheControl': 'max-age=60', 'Metadata': {'a': '1'}}
    upload(mine, path, 'bucket', 'key', 'text/plain', extra=extra)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert head['ContentType'] == 'text/plain'
    assert {name: head[name] for name in extra} == extra


def test_an_older_version_is_downloaded(s3, mine, path):
    s3.put_bucket_versioning(
        Bucket='bucket', VersioningConfiguration={'Status': 'Enabled'}
    )
    old = s3.put_object(Bucket='bucket', Key='key', Body=b'old')
    put(s3, b'new')
    extra = {'VersionId': old['VersionId']}
    download(mine, 'bucket', 'key', path, extra=extra)
    assert path.read_bytes() == b'old'


def test_a_missing_folder_is_told_by_its_own_name(mine, tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        fetch(mine, tmp_path / 'missing' / 'file')
    assert error.value.filename == str(tmp_path / 'missing') or (
        error.value.filename == tmp_path / 'missing'
    )
    assert mine.faults.sent == []


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such modes')
def test_a_download_keeps_the_mode_and_what_links_to_it(s3, mine, path):
    put(s3, b'new')
    path.chmod(0o600)
    link = path.parent / 'link'
    link.symlink_to('file')
    fetch(mine, link)
    assert link.is_symlink()
    assert path.read_bytes() == b'new'
    assert path.stat().st_mode & 0o777 == 0o600


def test_progress_is_told_of_each_byte(mine, path):
    up, down = [], []
    upload(mine, path, 'bucket', 'key', 'text/plain', up.append)
    download(mine, 'bucket', 'key', path, down.append)
    assert sum(up) == sum(down) == LARGE


class StopError(Exception):
    """Somebody pressed a Cancel button."""


# boto3 tells of less than 256 KB once they are stored.
@pytest.mark.parametrize(
    ('move', 'size'), [(upload, LARGE), (download, SMALL), (download, LARGE)]
)
@pytest.mark.parametrize('kind', [StopError, OSError, KeyboardInterrupt])
def test_what_progress_raises_ends_it_and_leaves_nothing(
    s3, mine, path, move, size, kind
):
    put(s3, b'2' * size)
    path.write_bytes(b'1' * size)
    calls = []

    def progress(size):
        calls.append(size)
        raise kind

    places = {'path': path, 'bucket': 'bucket', 'key': 'key'}
    if move is upload:
        places['content_type'] = 'text/plain'
    with pytest.raises(kind):
        move(mine, progress=progress, **places)
    assert len(calls) == 1, 'it was asked again'
    assert read(s3) == b'2' * size
    assert unfinished(s3) == {}
    assert path.read_bytes() == b'1' * size
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ('move', 'size'), [(send, LARGE), (fetch, SMALL), (fetch, LARGE)]
)
def test_ctrl_c_ends_it_and_leaves_nothing(
    s3, mine, path, monkeypatch, move, size
):
    """Also where it does not reach what waits for boto3, as on Windows."""
    put(s3, b'2' * size)
    path.write_bytes(b'1' * size)
    pressed, met = threading.Event(), threading.Event()

    def slow(request, work):
        met.set()
        assert pressed.wait(9)
        return work()

    def press(*_, timeout):
        assert timeout <= 1
        assert met.wait(9)
        pressed.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(upload_and_download, 'wait', press)
    mine.faults.come(UploadPart=[slow], GetObject=[slow])
    with pytest.raises(KeyboardInterrupt):
        move(mine, path)
    assert read(s3) == b'2' * size
    assert unfinished(s3) == {}
    assert path.read_bytes() == b'1' * size
    assert list(path.parent.iterdir()) == [path]


def test_boto3_is_given_the_size_of_parts(mine, path):
    config = TransferConfig(multipart_chunksize=6 * 1024)
    path.write_bytes(b'1' * 3 * PART)
    upload(mine, path, 'bucket', 'key', 'text/plain', config=config)
    assert mine.faults.sent.count('UploadPart') == 4
    download(mine, 'bucket', 'key', path, config=config)
    assert mine.faults.sent.count('GetObject') == 4


def test_a_file_that_is_read_only_is_named_and_stays(mine, path, monkeypatch):
    send(mine, path)
    path.write_bytes(b'mine')
    mine.faults.come()
    # Root may write to it all the same.
    monkeypatch.setattr(os, 'access', lambda path, mode: mode != os.W_OK)
    with pytest.raises(PermissionError) as error:
        fetch(mine, path)
    assert error.value.filename == str(path)
    assert mine.faults.sent == []
    assert path.read_bytes() == b'mine'
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such file')
def test_a_download_replaces_no_device(s3, mine, tmp_path):
    put(s3, b'new')
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(OSError, match='pipe is no file'):
        download(mine, 'bucket', 'key', tmp_path / 'pipe')
