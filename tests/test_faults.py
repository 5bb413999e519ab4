"""Recipes that write, delete or download, where S3 misbehaves.

Nothing is lost, nothing is done twice, nothing of others is touched, it
ends, and an error names the key.
"""

import importlib
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore.config import Config
from faults import (
    Faults,
    after,
    broken,
    confirmed_only,
    conflict,
    denied,
    failed,
    lost,
    refusing,
    response,
    slow_down,
)
from support import RECIPES, needs_new_moto, printed_as

from main_aws_s3 import closed_world
from recipes import copy_or_move as moves
from recipes import (
    empty_bucket,
    errors,
    folder,
    many_objects,
    metadata_and_tags,
    read_part,
    resume_upload,
    safe_writes,
    streams,
    sync_folder,
    upload_and_download,
    versions,
)

B = {'Bucket': 'bucket'}
HERE = {'Bucket': 'bucket', 'Key': 'key'}
AT = ('bucket', 'key')
MB = 1024 * 1024
OLD_MOTO = sys.version_info < (3, 9)
conditions = pytest.mark.skipif(OLD_MOTO, reason='moto ignores IfMatch')
checksums = pytest.mark.skipif(
    sys.version_info < (3, 10), reason='moto tells no type of checksums'
)


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How long recipe and boto3 would have waited, in seconds."""
    waited = []
    monkeypatch.setattr(time, 'sleep', waited.append)
    return waited


class Demo:
    """A recipe's demo, with faults in what its functions send.

    What the demo itself sends, to prepare, is left alone.
    """

    def __init__(self, name, monkeypatch, capsys):
        self.name, self.capsys = name, capsys
        self.module = importlib.import_module(f'recipes.{name}')
        self.operation, self.faults = '', iter([])
        self.sent, self.paths = [], []
        self.session, self.thread = None, threading.local()
        submit = ThreadPoolExecutor.submit

        def client(service, **kwargs):
            self.session = self.session or boto3.Session()
            made = self.session.client(service, **kwargs)
            if service == 's3':
                Faults(made).choose = self.choose
            return made

        def hand_over(pool, work, *args, **kwargs):
            for_demo = self.is_for_demo()

            def run():
                self.thread.for_demo = for_demo
                return work(*args, **kwargs)

            return submit(pool, run)

        monkeypatch.setattr(boto3, 'client', client)
        monkeypatch.setattr(ThreadPoolExecutor, 'submit', hand_over)

    def is_for_demo(self):
        """Whether the demo wants what is being done, and no function."""
        # Never by sys._current_frames(): with threads, it can hang Python
        # 3.11, https://github.com/python/cpython/issues/106883
        frame = sys._getframe()
        while frame:
            if frame.f_code.co_filename == self.module.__file__:
                return frame.f_code.co_name == 'demo'
            frame = frame.f_back
        return self.thread.for_demo

    def choose(self, operation, request):
        if self.is_for_demo():
            return None
        self.sent.append(operation)
        fault = None
        if operation == self.operation:
            fault = next(self.faults, None)
        if fault is None:
            return None
        self.paths.append(unquote(urlsplit(request.url).path))
        return fault

    def prints_the_same(self, operation='', faults=()):
        """Run it, with faults in the next requests of that operation."""
        self.operation, self.faults = operation, iter(faults)
        self.sent.clear()
        self.paths.clear()
        self.capsys.readouterr()
        with closed_world():
            self.module.demo()
        self.printed = self.capsys.readouterr().out
        return printed_as(RECIPES[self.name]).fullmatch(self.printed)


@pytest.fixture
def demo(monkeypatch, capsys):
    return lambda name: Demo(name, monkeypatch, capsys)


# Those that write, delete or download.
NAMES = """copy_or_move create_bucket empty_bucket folder many_objects
metadata_and_tags presigned_parts read_part restore_archived
resume_upload safe_writes streams sync_folder upload_and_download versions"""
WRITERS = [needs_new_moto(name) for name in NAMES.split()]
# S3 has no condition for it, and one more version does no harm.
TWICE = {('versions', 'CopyObject')}


@pytest.mark.parametrize('name', WRITERS)
def test_faults_change_nothing_or_are_errors_with_the_key(name, demo, waits):
    it = demo(name)
    assert it.prints_the_same()
    for operation in sorted(set(it.sent)):
        same = it.prints_the_same(operation, [slow_down, lost])
        assert same or (name, operation) in TWICE, operation
        assert len(it.paths) == 2, 'both faults were met'
        assert sum(waits) < 60
        for fault in (denied, lost):
            try:
                assert not it.prints_the_same(operation, repeat(fault))
                told = it.printed
            except Exception as error:
                told = str(error)
            keys = {path.rpartition('/')[2] for path in it.paths} - {''}
            assert not keys or any(key in told for key in keys), told
            assert len(it.sent) < 400, told
        assert sum(waits) < 600  # of all threads
        waits.clear()


@pytest.fixture
def other(s3):
    """The client of somebody else, and a bucket that keeps versions."""
    s3.create_bucket(ObjectLockEnabledForBucket=True, **B)
    # An old moto tells wrong checksums of uploads in parts.
    unchecked = Config(response_checksum_validation='when_required')
    return boto3.client('s3', region_name='us-east-1', config=unchecked)


@pytest.fixture
def faults(s3, other):
    return Faults(s3)


def put(s3, *keys, **kwargs):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        s3.put_object(Key=key, **{'Body': key.encode(), **B, **kwargs})


def read(s3, key='key'):
    return s3.get_object(Key=key, **B)['Body'].read()


def keys(s3):
    page = s3.list_objects_v2(**B)
    return [entry['Key'] for entry in page.get('Contents', [])]


def count(s3):
    """How many versions and delete markers there are."""
    page = s3.list_object_versions(**B)
    return len(page.get('Versions', [])) + len(page.get('DeleteMarkers', []))


def add_one(body):
    return b'%d' % (int(body) + 1)


def test_all_that_metadata_has_is_kept(s3, other):
    kept = {
        'CacheControl': 'no-cache',
        'ContentDisposition': 'inline',
        'ContentEncoding': 'gzip',
        'ContentLanguage': 'de',
        'ContentType': 'text/csv',
        'StorageClass': 'STANDARD_IA',
        'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'a-key',
        'BucketKeyEnabled': True,
        'WebsiteRedirectLocation': '/there',
        'Expires': 'Thu, 01 Jan 2032 00:00:00 GMT',
    }
    put(other, 'key', Metadata={'a': '1', 'b': '1'}, Tagging='c=1', **kept)
    before = other.head_object(**HERE)
    change = metadata_and_tags.change_metadata
    assert change(s3, *AT, {'b': '2'}) == {'a': '1', 'b': '2'}
    there = other.head_object(**HERE)
    assert {x: there.get(x) for x in kept} == {x: before.get(x) for x in kept}
    assert len(other.get_object_tagging(**HERE)['TagSet']) == 1
    change(s3, *AT, {}, content_type='text/plain')
    assert other.head_object(**HERE)['ContentType'] == 'text/plain'


@conditions
@pytest.mark.parametrize('fault', [lost, failed])
def test_an_update_is_made_once_and_keeps_the_rest(s3, other, faults, fault):
    kept = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(other, 'key', Body=b'0', **kept)
    faults.plan = [('PutObject', fault)]
    assert safe_writes.update(s3, *AT, add_one) == b'1'
    assert (read(other), count(other)) == (b'1', 2)
    there = other.head_object(**HERE)
    assert (there['ContentType'], there['Metadata']['a']) == (
        'text/plain',
        '1',
    )


def test_a_body_that_breaks_off_is_read_again_or_told(
    s3, other, faults, tmp_path
):
    put(other, 'key', Body=b'a,b\n1,2\n')
    put(other, 'large', Body=bytes(9 * MB))
    for act in (
        lambda: upload_and_download.download(s3, *AT, tmp_path / 'x'),
        lambda: folder.download_folder(s3, 'bucket', '', tmp_path),
        lambda: read_part.open_object(s3, *AT).read(),
        lambda: many_objects.read_many(s3, 'bucket', ['key']),
    ):
        faults.plan = [('GetObject', broken)] * 2
        act()
        assert faults.plan == []
    assert (tmp_path / 'key').read_bytes() == b'a,b\n1,2\n'
    for act in (
        lambda: list(streams.rows(s3, *AT)),
        lambda: safe_writes.update(s3, *AT, add_one),
    ):
        faults.plan = [('GetObject', broken)]
        with pytest.raises(Exception, match=r'bucket/key.* expected'):
            act()
    assert read(other) == b'a,b\n1,2\n'


def test_rows_end_at_line_breaks_alone(s3, other):
    put(other, 'key', Body='\ufeffa,b\n1,"x\u2028y\x0c\nz"\n'.encode())
    rows = list(streams.rows(s3, *AT))
    assert rows == [{'a': '1', 'b': 'x\u2028y\x0c\nz'}]


def test_only_the_prefix_itself_is_downloaded(s3, other, tmp_path):
    put(other, 'p/key', 'p/sub/b', 'p-old/c')
    put(other, 'p/empty/', Body=b'')
    got = folder.download_folder(s3, 'bucket', 'p', tmp_path)
    assert got == ['p/key', 'p/sub/b']
    files = {x.relative_to(tmp_path).as_posix() for x in tmp_path.rglob('*')}
    assert files == {'key', 'sub', 'sub/b'}


def test_nothing_of_others_is_touched(s3, other, tmp_path):
    put(other, 'p/gone', 'p/a/gone')
    put(other, 'p/folder/', 'p/link', 'p/linked/b', 'q', 'p-old/c')
    (tmp_path / 'link').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'linked').symlink_to(tmp_path / 'not-mounted')
    (tmp_path / 'a').write_text('a')
    sync_folder.sync_folder(s3, tmp_path, 'bucket', 'p', delete=True)
    moves.move(s3, 'bucket', 'p-old/', 'new/')
    kept = ['new/c', 'p/a', 'p/folder/', 'p/link', 'p/linked/b', 'q']
    assert keys(other) == kept
    put(other, 'key', 'key-2')
    other.delete_object(Key='key', **B)
    other.delete_object(Key='key-2', **B)
    assert len(versions.undelete(s3, *AT)) == 1
    assert keys(other) == ['key', *kept]
    assert resume_upload.unfinished(s3, *AT) is None
    other.create_multipart_upload(Key='key-2', **B)
    resume_upload.abort(s3, *AT)
    assert 'Uploads' in other.list_multipart_uploads(**B)
    put(other, 'p/b', 'p-old/c')
    assert empty_bucket.empty(s3, 'bucket', 'p/') == []
    assert keys(other) == ['key', 'new/c', 'p-old/c', 'q']
    other.create_bucket(Bucket='of-others')
    put(other, 'a', Bucket='of-others')
    assert empty_bucket.empty(s3, 'bucket') == []
    assert other.list_objects_v2(Bucket='of-others')['KeyCount'] == 1


@conditions
def test_a_conflict_is_tried_again_and_is_nobody(s3, faults, waits):
    faults.plan = [('PutObject', conflict)] * 5
    assert safe_writes.create_once(s3, *AT, b'0') is True
    faults.plan = [('PutObject', conflict)] * 5
    assert safe_writes.update(s3, *AT, add_one) == b'1'
    assert len(set(waits)) == 10, 'pauses differ'
    faults.always = {'PutObject': conflict}
    with pytest.raises(RuntimeError, match=r'bucket/key: .* Try later'):
        safe_writes.create_once(s3, *AT, b'0')
    with pytest.raises(RuntimeError, match=r'bucket/key: .* Try later'):
        safe_writes.update(s3, *AT, add_one)
    assert read(s3) == b'1'


@conditions
def test_others_are_neither_lost_nor_counted_twice(s3, other, faults):
    first = after(lambda: put(other, 'key', Body=b'0'))
    others = after(lambda: safe_writes.update(other, *AT, add_one))
    faults.plan = [('PutObject', first)]
    assert safe_writes.create_once(s3, *AT, b'mine') is False
    # It is there, and somebody deletes it before we look: it is free again.
    deleted = after(lambda: other.delete_object(**HERE))
    faults.plan = [('HeadObject', deleted)]
    assert safe_writes.create_once(s3, *AT, b'0') is True
    faults.plan = [('PutObject', others)] * 8
    assert safe_writes.update(s3, *AT, add_one) == b'9'
    # Ours is stored, its response gets lost, and others go on from there
    # before we look: the first GET is that of the update itself.
    none = after(lambda: None)
    faults.plan = [('PutObject', lost), ('GetObject', none)]
    faults.plan += [('GetObject', others)]
    assert safe_writes.update(s3, *AT, add_one) == b'10'
    assert read(other) == b'11'
    for _ in range(20):
        safe_writes.update(other, *AT, add_one)
    marks = other.head_object(**HERE)['Metadata'][safe_writes.MARKS]
    assert len(marks.split()) == 16, 'or the metadata would be full one day'
    faults.always = {'PutObject': others}
    with pytest.raises(RuntimeError, match='bucket/key: others were first'):
        safe_writes.update(s3, *AT, add_one)


def test_emptying_goes_on_behind_what_is_refused(s3, other, monkeypatch):
    """18 of 68 are held; a page of 20 stands for one of 1,000."""
    faults = Faults(s3)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '20')
    held = sorted(f'a{number}' for number in range(18))
    put(other, *held)
    for key in held:
        hold = {'LegalHold': {'Status': 'ON'}, 'Key': key}
        other.put_object_legal_hold(**hold, **B)
    put(other, *['b'] * 30, *[f'c{number}' for number in range(20)])
    refused = empty_bucket.empty(s3, 'bucket')
    told = [(error['Key'], error['Code']) for error in refused]
    assert told == [(key, 'AccessDenied') for key in held]
    assert faults.sent.count('DeleteObjects') <= 8
    assert count(other) == 18


@pytest.mark.parametrize('times', [1, 4, 99])
def test_emptying_tries_throttled_keys_again(s3, other, faults, times):
    put(other, 'a', 'key', 'z')
    faults.plan = [('DeleteObjects', refusing('SlowDown', 'a', 'key'))] * times
    refused = empty_bucket.empty(s3, 'bucket')
    told = [(error['Key'], error['Code']) for error in refused]
    left = [('a', 'SlowDown'), ('key', 'SlowDown')] if times == 99 else []
    assert (told, count(other)) == (left, len(left))


def test_emptying_ends_where_a_deletion_is_only_confirmed(s3, other, faults):
    put(other, 'key')
    faults.always = {'DeleteObjects': confirmed_only}
    refused = empty_bucket.empty(s3, 'bucket')
    assert [error['Code'] for error in refused] == ['StillThere']


def test_emptying_deletes_keys_that_xml_cannot_name(s3, other, faults):
    put(other, 'a\x01b', 'a<&>"b')
    entry = ('a\x01b', other.head_object(Key='a\x01b', **B)['VersionId'])
    assert empty_bucket.delete(s3, 'bucket', {entry}) == {}
    assert 'DeleteObjects' not in faults.sent
    assert empty_bucket.empty(s3, 'bucket') == []
    assert count(other) == 0


def test_undeleting_what_has_no_version_left_is_an_error(s3, other):
    put(other, 'key', 'key-2')
    version = other.head_object(**HERE)['VersionId']
    other.delete_object(**HERE)
    other.delete_object(VersionId=version, **HERE)
    with pytest.raises(LookupError, match='bucket/key: no version is left'):
        versions.undelete(s3, *AT)
    assert count(other) == 2


def test_folders_go_on_and_then_name_each_key(s3, other, faults, tmp_path):
    put(other, 'p/a', 'p/b', 'p/c', 'p/../x', 'p/d/')
    put(other, 'p/e', Body=bytes(9 * MB))

    def deny_b(request, work):
        denies = request.url.endswith('/b')
        return denied(request, work) if denies else work()

    faults.always = dict.fromkeys(['GetObject', 'PutObject'], deny_b)
    with pytest.raises(folder.NotMovedError) as error:
        folder.download_folder(s3, 'bucket', 'p/', tmp_path)
    assert set(error.value.reasons) == {'p/../x', 'p/d/', 'p/b'}
    assert all(key in str(error.value) for key in error.value.reasons)
    assert {x.name for x in tmp_path.iterdir()} == {'a', 'c', 'e'}

    (tmp_path / 'b').write_text('b')
    for send in (folder.upload_folder, sync_folder.sync_folder):
        with pytest.raises(folder.NotMovedError, match=r'q/b.*AccessDenied'):
            send(s3, tmp_path, 'bucket', 'q/')
        assert read(other, 'q/c') == b'p/c'
        with pytest.raises(NotADirectoryError, match='There is no folder'):
            send(s3, tmp_path / 'absent', 'bucket', 'q/')


def test_a_sync_that_cannot_look_deletes_nothing(s3, other, faults, tmp_path):
    sync = sync_folder.sync_folder
    put(other, 'p/key')
    with pytest.raises(NotADirectoryError):
        sync(s3, tmp_path / 'absent', 'bucket', 'p', delete=True)
    with pytest.raises(ValueError, match='has no files'):
        sync(s3, tmp_path, 'bucket', 'p', delete=True)
    (tmp_path / 'b').write_text('b')
    faults.plan = [('ListObjectsV2', denied)]
    with pytest.raises(Exception, match='AccessDenied'):
        sync(s3, tmp_path, 'bucket', 'p', delete=True)
    faults.plan = [('PutObject', denied)]
    with pytest.raises(folder.NotMovedError):
        sync(s3, tmp_path, 'bucket', 'p', delete=True)
    assert (keys(other), 'DeleteObject' in faults.sent) == (['p/key'], False)
    faults.sent.clear()
    (tmp_path / 'b').unlink()
    (tmp_path / 'key').write_text('p/key')
    os.utime(tmp_path / 'key', (0, 0))
    assert sync(s3, tmp_path, 'bucket', 'p', delete=True) == ([], [], 1)
    assert faults.sent == ['ListObjectsV2']


def test_a_file_that_cannot_be_looked_at_deletes_nothing(
    s3, other, tmp_path, monkeypatch
):
    put(other, 'p/locked')
    look = os.lstat

    def lstat(path, **kwargs):
        if str(path).endswith('locked'):
            raise PermissionError(13, 'refused', str(path))
        return look(path, **kwargs)

    monkeypatch.setattr(os, 'lstat', lstat)
    (tmp_path / 'b').write_text('b')
    (tmp_path / 'locked').write_text('locked')
    with pytest.raises(folder.NotMovedError, match=r'locked: .* refused'):
        sync_folder.sync_folder(s3, tmp_path, 'bucket', 'p', delete=True)
    assert keys(other) == ['p/b', 'p/locked']


@conditions
def test_what_others_replace_is_left(s3, other, faults, tmp_path):
    put(other, 'p/a', 'p/key')
    theirs = after(lambda: put(other, 'p/key', Body=b'theirs'))
    faults.plan = [('DeleteObject', theirs)] * 2
    with pytest.raises(moves.NotCopiedError, match=r'p/.*PreconditionFailed'):
        moves.move(s3, 'bucket', 'p/', 'new/')
    assert read(other, 'p/key') == b'theirs'
    put(other, 'p/key', 'p/gone\x01')
    (tmp_path / 'b').write_text('b')
    faults.plan = [('DeleteObject', theirs)] * 2
    with pytest.raises(folder.NotMovedError, match=r'p/.*PreconditionFailed'):
        sync_folder.sync_folder(s3, tmp_path, 'bucket', 'p', delete=True)
    assert read(other, 'p/key') == b'theirs'
    assert 'p/gone\x01' not in keys(other)
    with pytest.raises(ValueError, match='overlap'):
        moves.move(s3, 'bucket', 'p/', 'p/old/')


def test_a_part_is_never_a_mixture(s3, other):
    put(other, 'key', Body=b'0' * 100)
    with read_part.open_object(s3, *AT, buffer=10) as file:
        assert file.read(5) == b'00000'
        put(other, 'key', Body=b'1' * 100)
        with pytest.raises(OSError, match='bucket/key was replaced'):
            file.read()


def test_a_failed_source_stores_nothing_and_leaves_no_parts(s3, other):
    def chunks():
        yield b'x' * 9 * MB
        raise RuntimeError('no more')

    with pytest.raises(RuntimeError, match='no more'):
        streams.upload_chunks(s3, *AT, chunks())
    assert keys(other) == []
    assert 'Uploads' not in other.list_multipart_uploads(**B)
    streams.upload_chunks(s3, *AT, (b'0123456789' * 1000 for _ in range(900)))
    assert read(other) == b'0123456789' * 900_000


def test_what_s3_does_not_say_is_neither_there_nor_absent(s3, faults):
    faults.plan = [('HeadObject', denied)]
    with pytest.raises(Exception, match=r'bucket/key.*AccessDenied') as error:
        errors.exists(s3, *AT)
    bug = KeyError()
    bug.__context__ = error.value  # as in a handler of that error
    assert errors.code_of(error.value) == 'AccessDenied'
    assert errors.code_of(bug) == 'KeyError'


@checksums
def test_parts_of_another_file_are_sent_again(s3, other, tmp_path):
    (tmp_path / 'file').write_bytes(b'x' * 6 * MB)
    upload = other.create_multipart_upload(ChecksumAlgorithm='CRC32', **HERE)
    part = {'PartNumber': 1, 'UploadId': upload['UploadId'], **HERE}
    newer = other.create_multipart_upload(ChecksumAlgorithm='SHA1', **HERE)
    other.upload_part(Body=b'y' * 5 * MB, **part)
    resume = resume_upload.resume_upload
    assert resume(s3, tmp_path / 'file', *AT, part_size=5 * MB) == 2
    assert read(other) == b'x' * 6 * MB
    left = other.list_multipart_uploads(**B)['Uploads']
    assert [x['UploadId'] for x in left] == [newer['UploadId']]


@checksums
def test_parts_that_were_joined_already_are_no_error(
    s3, other, faults, tmp_path
):
    """S3 joins them, the response gets lost, and the upload is gone."""

    def gone(request, work):
        work()
        return response(request, 404, 'NoSuchUpload')

    path = tmp_path / 'file'
    for number in (1, 2):
        path.write_bytes(b'%d' % number * 9 * MB)
        faults.plan = [('CompleteMultipartUpload', gone)]
        if number == 1:
            upload_and_download.upload(s3, path, *AT, 'text/plain')
        else:
            assert resume_upload.resume_upload(s3, path, *AT) == 2
        assert read(other) == b'%d' % number * 9 * MB
    aborted = ('CompleteMultipartUpload', lambda r, _: gone(r, list))
    path.write_bytes(b'3' * 9 * MB)
    for send in (
        lambda: upload_and_download.upload(s3, path, *AT, 'text/plain'),
        lambda: resume_upload.resume_upload(s3, path, *AT),
    ):
        faults.plan = [aborted]
        with pytest.raises(Exception, match=r'bucket/key.*NoSuchUpload'):
            send()


@checksums
def test_a_damaged_download_leaves_the_file(s3, other, faults, tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'x' * 9 * MB)
    upload_and_download.upload(s3, path, *AT, 'text/plain')

    def flip(request, work):
        answer = work()
        answer.raw.__init__(b'y' + answer.raw.read()[1:])
        return answer

    faults.plan = [('GetObject', flip)]
    with pytest.raises(RuntimeError, match='bucket/key was damaged'):
        upload_and_download.download(s3, *AT, path)
    assert path.read_bytes() == b'x' * 9 * MB
    assert len(list(tmp_path.iterdir())) == 1
