"""What recipes promise besides where S3 misbehaves.

Nothing is lost, nothing is done twice, nothing of others is touched, it
ends, and an error names the key.
"""

import os
import time
from itertools import repeat
from unittest import mock

import boto3
import faults
import pytest
from faults import after, conflict, denied, lost

from recipes import copy_or_move as moves
from recipes import errors, folder, resume_upload, safe_writes, versions
from recipes.empty_bucket import delete, empty
from recipes.metadata_and_tags import change_metadata
from recipes.read_part import open_object
from recipes.streams import upload_chunks
from recipes.sync_folder import sync_folder
from recipes.upload_and_download import download, upload

B = {'Bucket': 'bucket'}
HERE = {'Bucket': 'bucket', 'Key': 'key'}
AT = ('bucket', 'key')
LARGE = 9 * 1024 * 1024


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How long recipe and boto3 would have waited, in seconds."""
    waited = []
    monkeypatch.setattr(time, 'sleep', waited.append)
    return waited


@pytest.fixture
def mine(s3):
    """The client of a recipe, and a bucket; `s3` is somebody else's."""
    s3.create_bucket(ObjectLockEnabledForBucket=True, **B)
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = faults.Faults()
    client.faults.watch(client)
    return client


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


def test_all_that_metadata_has_is_kept(s3, mine):
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
    put(s3, 'key', Metadata={'a': '1', 'b': '1'}, Tagging='c=1', **kept)
    before = s3.head_object(**HERE)
    assert change_metadata(mine, *AT, {'b': '2'}) == {'a': '1', 'b': '2'}
    there = s3.head_object(**HERE)
    assert {x: there.get(x) for x in kept} == {x: before.get(x) for x in kept}
    change_metadata(mine, *AT, {}, content_type='text/plain')
    assert s3.head_object(**HERE)['ContentType'] == 'text/plain'
    assert len(s3.get_object_tagging(**HERE)['TagSet']) == 1


def test_conflicts_are_tried_again_and_end(mine, waits):
    for act, result in (
        (lambda: safe_writes.create_once(mine, *AT, b'0'), True),
        (lambda: safe_writes.update(mine, *AT, add_one), b'1'),
    ):
        mine.faults.come(PutObject=[conflict] * 5)
        assert act() == result
        mine.faults.come(PutObject=repeat(conflict))
        with pytest.raises(RuntimeError, match=r'bucket/key: .* Try later'):
            act()
        assert len(set(waits)) == 5 + safe_writes.TRIES, 'pauses differ'
        waits.clear()


def test_others_are_neither_lost_nor_counted_twice(s3, mine):
    first = after(lambda: put(s3, 'key', Body=b'theirs'))
    mine.faults.come(PutObject=[first])
    assert safe_writes.create_once(mine, *AT, b'mine') is False
    # It is there, and somebody deletes it before we look: it is free again.
    deleted = after(lambda: s3.delete_object(**HERE))
    mine.faults.come(HeadObject=[deleted])
    assert safe_writes.create_once(mine, *AT, b'mine') is True
    kept = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(s3, 'key', Body=b'0', **kept)
    others = after(lambda: safe_writes.update(s3, *AT, add_one))
    mine.faults.come(PutObject=[others] * 8)
    assert safe_writes.update(mine, *AT, add_one) == b'9'
    # Ours is stored, its response gets lost, and others go on from there
    # before we look: the first GET is that of the update itself.
    mine.faults.come(PutObject=[lost], GetObject=[None, others])
    assert safe_writes.update(mine, *AT, add_one) == b'10'
    assert read(s3) == b'11'
    for _ in range(20):
        safe_writes.update(s3, *AT, add_one)
    there = s3.head_object(**HERE)
    marks = there['Metadata'].pop(safe_writes.MARKS).split()
    assert len(marks) == 16, 'or the metadata would be full one day'
    assert {name: there[name] for name in kept} == kept
    mine.faults.come(PutObject=repeat(others))
    with pytest.raises(RuntimeError, match='bucket/key: others were first'):
        safe_writes.update(mine, *AT, add_one)


def emptied(client, prefix=''):
    return [(x['Key'], x['Code']) for x in empty(client, 'bucket', prefix)]


def test_emptying_goes_on_behind_what_is_refused(s3, mine, monkeypatch):
    """18 of 68 are held; a page of 20 stands for one of 1,000."""
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '20')
    held = sorted(f'a{number}' for number in range(18))
    put(s3, *held)
    for key in held:
        s3.put_object_legal_hold(LegalHold={'Status': 'ON'}, Key=key, **B)
    put(s3, *['b'] * 30, *[f'c{number}' for number in range(20)])
    assert emptied(mine) == [(key, 'AccessDenied') for key in held]
    assert mine.faults.sent.count('DeleteObjects') <= 8
    assert count(s3) == 18


def test_emptying_ends_with_nothing_or_with_its_reasons(s3, mine):
    put(s3, 'key', 'a<&>"b')
    mine.faults.come(DeleteObjects=[faults.throttled] * 4)
    assert (emptied(mine), count(s3)) == ([], 0)
    put(s3, 'key')
    mine.faults.come(DeleteObjects=repeat(faults.throttled))
    assert emptied(mine) == [('key', 'SlowDown')]
    mine.faults.come(DeleteObjects=repeat(faults.confirmed_only))
    assert emptied(mine) == [('key', 'StillThere')]
    # XML cannot name this one, and moto cannot list its versions.
    put(s3, 'a\x01b')
    odd = ('a\x01b', s3.head_object(Key='a\x01b', **B)['VersionId'])
    mine.faults.come()
    assert delete(mine, 'bucket', {odd}) == {}
    assert (mine.faults.sent, count(s3)) == (['DeleteObject'], 1)


def test_undeleting_takes_no_other_key_for_it(s3, mine):
    put(s3, 'key', 'key-2')
    version = s3.head_object(**HERE)['VersionId']
    for key in ('key', 'key', 'key-2'):
        s3.delete_object(Key=key, **B)
    assert len(versions.undelete(mine, *AT)) == 2
    assert keys(s3) == ['key']
    s3.delete_object(**HERE)
    s3.delete_object(VersionId=version, **HERE)
    with pytest.raises(LookupError, match='bucket/key: no version is left'):
        versions.undelete(mine, *AT)
    assert count(s3) == 3


def test_folders_go_on_and_then_name_each_key(s3, mine, tmp_path):
    def deny_b(request, work):
        denies = request.url.endswith('/b')
        return denied(request, work) if denies else work()

    put(s3, 'p/a', 'p/b', 'p/c', 'p/../x', 'p/d/', 'p-old/f')
    put(s3, 'p/e', Body=bytes(LARGE))
    put(s3, 'p/empty/', Body=b'')
    mine.faults.come(GetObject=repeat(deny_b), PutObject=repeat(deny_b))
    with pytest.raises(folder.NotMovedError) as error:
        folder.download_folder(mine, 'bucket', 'p', tmp_path)
    assert set(error.value.reasons) == {'p/../x', 'p/d/', 'p/b'}
    assert {x.name for x in tmp_path.iterdir()} == {'a', 'c', 'e'}

    (tmp_path / 'b').write_text('b')
    for send, to in ((folder.upload_folder, 'q'), (sync_folder, 'r')):
        with pytest.raises(folder.NotMovedError, match=r'/b.*AccessDenied'):
            send(mine, tmp_path, 'bucket', to)
        assert read(s3, f'{to}/c') == b'p/c'
        with pytest.raises(NotADirectoryError, match='There is no folder'):
            send(mine, tmp_path / 'absent', 'bucket', to)


def test_a_sync_that_cannot_look_deletes_nothing(s3, mine, tmp_path):
    look = os.lstat

    def lstat(path, **kwargs):
        if str(path).endswith('key'):
            raise PermissionError(13, 'refused', str(path))
        return look(path, **kwargs)

    put(s3, 'p/key')
    with pytest.raises(ValueError, match='has no files'):
        sync_folder(mine, tmp_path, 'bucket', 'p', delete=True)
    (tmp_path / 'b').write_text('b')
    (tmp_path / 'key').write_text('key')
    with mock.patch.object(os, 'lstat', lstat), pytest.raises(
        folder.NotMovedError, match=r'key: .* refused'
    ):
        sync_folder(mine, tmp_path, 'bucket', 'p', delete=True)
    assert keys(s3) == ['p/b', 'p/key']


def test_nothing_of_others_is_touched(s3, mine, tmp_path):
    put(s3, 'p/gone', 'p/a/gone')
    put(s3, 'p/folder/', 'p/link', 'p/linked/b', 'q', 'p-old/c')
    (tmp_path / 'link').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'linked').symlink_to(tmp_path / 'not-mounted')
    (tmp_path / 'a').write_text('a')
    assert not sync_folder(mine, tmp_path, 'bucket', 'p').deleted
    (tmp_path / 'a').write_text('b')  # of the same size
    os.utime(tmp_path / 'a', (0, time.time() + 60))
    sync_folder(mine, tmp_path, 'bucket', 'p', delete=True)
    assert read(s3, 'p/a') == b'b'
    moves.move(mine, 'bucket', 'p-old/', 'new/')
    moves.copy(mine, 'bucket', 'new/', 'p-old/')
    kept = ['p/a', 'p/folder/', 'p/link', 'p/linked/b', 'q']
    assert keys(s3) == ['new/c', 'p-old/c', *kept]
    assert emptied(mine, 'p/') == []
    assert keys(s3) == ['new/c', 'p-old/c', 'q']
    for key in ('key', 'key-2', 'key'):
        s3.create_multipart_upload(Key=key, **B)
    mine.faults.come(AbortMultipartUpload=[lost])
    resume_upload.abort(mine, *AT)
    left = s3.list_multipart_uploads(**B)['Uploads']
    assert [upload['Key'] for upload in left] == ['key-2']


def test_what_others_replace_is_left(s3, mine, tmp_path):
    def move():
        moves.move(mine, 'bucket', 'p/', 'new/')

    def sync():
        sync_folder(mine, tmp_path, 'bucket', 'p', delete=True)

    (tmp_path / 'b').write_text('b')
    theirs = after(lambda: put(s3, 'p/key', Body=b'theirs'))
    acts = [(move, moves.NotCopiedError), (sync, folder.NotMovedError)]
    for act, told in acts:
        put(s3, 'p/key', 'p/odd\x01')
        mine.faults.come(DeleteObject=[theirs] * 2)
        with pytest.raises(told, match=r'p/key: .*PreconditionFailed'):
            act()
        assert read(s3, 'p/key') == b'theirs'
        assert 'p/odd\x01' not in keys(s3)
    mine.faults.come(CopyObject=repeat(denied))
    with pytest.raises(moves.NotCopiedError, match=r'p/key: .*AccessDenied'):
        move()
    assert read(s3, 'p/key') == b'theirs'


def test_a_part_is_read_again(s3, mine):
    put(s3, 'key')
    mine.faults.come(GetObject=repeat(faults.broken(2)))
    assert open_object(mine, *AT).read() == b'key'


def test_a_failed_source_stores_nothing_and_leaves_no_parts(s3, mine):
    def chunks():
        yield bytes(LARGE)
        raise RuntimeError('no more')

    with pytest.raises(RuntimeError, match='no more'):
        upload_chunks(mine, *AT, chunks())
    assert keys(s3) == []
    assert 'Uploads' not in s3.list_multipart_uploads(**B)


def test_an_error_has_the_code_of_its_own_causes_alone(s3):
    with pytest.raises(Exception, match='NoSuchBucket') as error:
        s3.list_objects_v2(**B)
    bug = KeyError()
    bug.__context__ = error.value  # as in a handler of that error
    assert errors.code_of(bug) == 'KeyError'


def test_parts_of_another_file_are_sent_again(s3, mine, tmp_path):
    (tmp_path / 'file').write_bytes(bytes(LARGE))
    another = s3.create_multipart_upload(ChecksumAlgorithm='SHA1', **HERE)
    assert resume_upload.unfinished(mine, *AT) is None
    upload = s3.create_multipart_upload(ChecksumAlgorithm='CRC32', **HERE)
    part = {'PartNumber': 1, 'UploadId': upload['UploadId'], **HERE}
    s3.upload_part(Body=b'y' * 8 * 1024 * 1024, **part)
    assert resume_upload.resume_upload(mine, tmp_path / 'file', *AT) == 2
    assert read(s3) == bytes(LARGE)
    left = s3.list_multipart_uploads(**B)['Uploads']
    assert [x['UploadId'] for x in left] == [another['UploadId']]


def test_large_files_are_joined_once_and_whole(s3, mine, tmp_path):
    def joined(request, work):
        """S3 has joined the parts before: that response got lost."""
        work()
        return faults.gone(request, work)

    def damaged(request, work):
        answer = work()
        answer.raw.__init__(b'?' + answer.raw.read()[1:])
        return answer

    path = tmp_path / 'file'
    for send in (
        lambda: resume_upload.resume_upload(mine, path, *AT),
        lambda: upload(mine, path, *AT, 'text/plain'),
    ):
        path.write_bytes(b'1' * LARGE)
        mine.faults.come(CompleteMultipartUpload=[joined])
        send()
        assert read(s3) == b'1' * LARGE
        path.write_bytes(b'2' * LARGE)
        mine.faults.come(CompleteMultipartUpload=[faults.gone])
        with pytest.raises(Exception, match=r'bucket/key.*NoSuchUpload'):
            send()
    path.write_bytes(b'3' * LARGE)
    changed = after(lambda: path.write_bytes(b'4' * LARGE))
    mine.faults.come(UploadPart=[changed])
    with pytest.raises(RuntimeError, match='changed while it was uploaded'):
        resume_upload.resume_upload(mine, path, *AT)
    path.write_bytes(b'2' * LARGE)
    replaced = after(lambda: put(s3, 'key', Body=bytes(LARGE)))
    for coming in ([damaged], [None, replaced]):
        mine.faults.come(GetObject=coming)
        with pytest.raises(RuntimeError, match='bucket/key was damaged'):
            download(mine, *AT, path)
    assert path.read_bytes() == b'2' * LARGE
    assert len(list(tmp_path.iterdir())) == 1
