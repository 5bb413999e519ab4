"""Tests of recipes/upload_folder.py."""

import os
import sys
import threading
import time
from itertools import repeat

import pytest

import faults
import sync_folder
import upload_folder
from faults import after, denied, slow_down
from read_write_many import SomeFailedError
from support import keys, read

LARGE = 9 * 1024  # bytes; goes in parts, where a MB is a KB


def write(folder, *names):
    """Write files, each with its name in it."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def upload(s3, folder, **options):
    return upload_folder.upload_folder(s3, folder, 'bucket', 'p', **options)


def deny_b(request, work):
    """S3 refuses whatever ends in /b."""
    return (denied if request.url.endswith('/b') else after(int))(
        request, work
    )


@pytest.fixture
def links(tmp_path, link):
    """A folder with a file, and links to a file and a folder elsewhere."""
    inside, outside = tmp_path / 'inside', tmp_path / 'outside'
    write(inside, 'a')
    write(outside, 'b', 'sub/c')
    link(inside / 'link', outside / 'b')
    link(inside / 'linked', outside)
    return inside


def test_a_failed_file_stops_no_other(s3, mine, tmp_path):
    write(tmp_path, *'abc')
    mine.faults.come(PutObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match=r'^1 .* p/b: .*Denied') as error:
        upload(mine, tmp_path)
    assert error.value.done == keys(s3) == ['p/a', 'p/c']


def test_an_absent_bucket_ends_it(s3, mine, tmp_path):
    write(tmp_path, *map(str, range(30)))
    with pytest.raises(SomeFailedError, match='NoSuchBucket') as error:
        upload_folder.upload_folder(mine, tmp_path, 'absent', 'p', threads=4)
    assert error.value.stopped
    assert len(mine.faults.sent) <= 4


@pytest.mark.parametrize('size', [1, LARGE])
def test_what_s3_is_too_busy_for_is_sent_again(
    s3, mine, small, tmp_path, size
):
    told = []
    (tmp_path / 'a').write_bytes(bytes(size))
    operation = 'PutObject' if size == 1 else 'UploadPart'
    mine.faults.come(**{operation: [slow_down] * 9})
    upload(mine, tmp_path, progress=told.append)
    assert read(s3, 'p/a') == bytes(size)
    assert sum(told) == size


def test_a_gz_file_is_stored_as_it_is(s3, mine, tmp_path):
    write(tmp_path, 'x.tar.gz')
    upload(mine, tmp_path)
    head = s3.head_object(Bucket='bucket', Key='p/x.tar.gz')
    assert head['ContentType'] == 'application/gzip'
    assert 'ContentEncoding' not in head


@pytest.mark.parametrize('size', [1, LARGE])
def test_extra_is_for_every_file(s3, mine, small, tmp_path, size):
    (tmp_path / 'a.txt').write_bytes(bytes(size))
    extra = {'CacheControl': 'max-age=1', 'StorageClass': 'STANDARD_IA'}
    upload(mine, tmp_path, extra=extra)
    head = s3.head_object(Bucket='bucket', Key='p/a.txt')
    assert head['CacheControl'] == 'max-age=1'
    assert head['StorageClass'] == 'STANDARD_IA'
    assert head['ContentType'] == 'text/plain'
    upload(mine, tmp_path, extra={'ContentType': 'text/x'})
    head = s3.head_object(Bucket='bucket', Key='p/a.txt')
    assert head['ContentType'] == 'text/x'


def test_progress_is_told_each_byte_once(mine, small, tmp_path):
    told = []
    for name, size in [('a', 1), ('b', 0), ('c', LARGE)]:
        (tmp_path / name).write_bytes(bytes(size))
    upload(mine, tmp_path, progress=told.append)
    assert sum(told) == 1 + LARGE


def test_all_goes_along_but_what_is_skipped(s3, mine, tmp_path):
    names = ['.env', '.git/x', 'a.tmp', 'docs/new/x', 'docs/old/x']
    write(tmp_path, *names)
    assert upload(mine, tmp_path) == [f'p/{x}' for x in names]
    skip = ['.env', '.git', '*.tmp', 'docs/old']
    assert upload(mine, tmp_path, skip=iter(skip)) == ['p/docs/new/x']


def test_a_folder_that_is_skipped_is_not_looked_into(
    mine, tmp_path, monkeypatch
):
    scandir, looked = os.scandir, []

    def look(path):
        looked.append(os.path.basename(path))
        return scandir(path)

    write(tmp_path, '.git/objects/x', 'a')
    monkeypatch.setattr(os, 'scandir', look)
    upload(mine, tmp_path, skip=['.git'])
    assert not {'.git', 'objects'} & {*looked}


def test_a_link_is_named_not_followed(s3, mine, links):
    with pytest.raises(SomeFailedError) as error:
        upload(mine, links)
    assert {os.path.basename(x) for x in error.value.errors} == {
        'link',
        'linked',
    }
    assert 'follow_links=True' in str(error.value)
    assert error.value.done == keys(s3) == ['p/a']
    assert upload(mine, links, skip=['link*']) == ['p/a']


def test_a_link_is_followed_on_request(s3, mine, links):
    sent = upload(mine, links, follow_links=True)
    assert sent == ['p/a', 'p/link', 'p/linked/b', 'p/linked/sub/c']
    assert read(s3, 'p/linked/sub/c') == b'sub/c'


def test_a_link_that_leads_back_or_nowhere_is_named(s3, mine, link, links):
    (links / 'sub').mkdir()
    link(links / 'sub' / 'back', links)
    link(links / 'gone', links / 'no-such-file')
    with pytest.raises(SomeFailedError) as error:
        upload(mine, links, follow_links=True)
    errors = error.value.errors
    assert {os.path.basename(x) for x in errors} == {'back', 'gone'}
    assert len(error.value.done) == 4


@pytest.mark.skipif(os.name == 'nt', reason='no such files')
def test_what_is_no_file_is_named(s3, mine, tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(SomeFailedError, match='pipe: it is neither'):
        upload(mine, tmp_path)


def test_parts_of_killed_downloads_stay_behind(s3, mine, tmp_path):
    write(tmp_path, '.s3-download-abcd_123.part/a', f'.{"0f" * 16}.part')
    write(tmp_path, '.my.part')
    assert upload(mine, tmp_path) == keys(s3) == ['p/.my.part']


def test_a_name_that_leads_to_another_file_is_named(
    s3, mine, tmp_path, monkeypatch
):
    """Windows takes `a.` for `a`, and has a device `aux` in each folder."""
    abspath = os.path.abspath

    def as_windows(path):
        path = abspath(path)
        is_device = os.path.basename(path) == 'aux'
        return '//./aux' if is_device else path.rstrip('.')

    write(tmp_path, 'a', 'a.', 'aux', 'sub./b')
    monkeypatch.setattr(os.path, 'abspath', as_windows)
    with pytest.raises(SomeFailedError, match=r'^3 failed') as error:
        upload(mine, tmp_path)
    names = {os.path.basename(x) for x in error.value.errors}
    assert names == {'a.', 'aux', 'sub.'}
    assert keys(s3) == ['p/a']


def test_a_file_that_changes_meanwhile_is_uploaded_again(s3, mine, tmp_path):
    def change():
        write(tmp_path, 'a')
        os.utime(tmp_path / 'a', (0, time.time() + 60))

    told = []
    (tmp_path / 'a').write_text('old')
    mine.faults.come(PutObject=[after(change)])
    upload(mine, tmp_path, progress=told.append)
    assert read(s3, 'p/a') == b'a'
    assert sum(told) == 1


def test_a_file_that_goes_on_changing_is_an_error(mine, tmp_path):
    sizes = iter(range(1, 9))
    write(tmp_path, 'a')
    grows = after(lambda: (tmp_path / 'a').write_text('x' * next(sizes)))
    mine.faults.come(PutObject=repeat(grows))
    with pytest.raises(SomeFailedError, match='p/a: it changed each time'):
        upload(mine, tmp_path)


def test_a_large_file_is_joined_once(s3, mine, small, tmp_path):
    def joined(request, work):
        """S3 has joined the parts before: that response got lost."""
        work()
        return faults.gone(request, work)

    (tmp_path / 'a').write_bytes(bytes(LARGE))
    mine.faults.come(CompleteMultipartUpload=[joined])
    upload(mine, tmp_path)
    assert read(s3, 'p/a') == bytes(LARGE)


def test_ctrl_c_ends_a_large_file_and_leaves_no_parts(
    s3, mine, small, tmp_path, monkeypatch
):
    has_begun, ended = threading.Event(), threading.Event()
    scandir = os.scandir

    def begin(request, work):
        has_begun.set()
        ended.wait(30)
        return work()

    def interrupted(path):
        if os.path.basename(path) != 'sub':
            return scandir(path)
        has_begun.wait(30)
        raise KeyboardInterrupt

    write(tmp_path, 'sub/b')
    (tmp_path / 'a').write_bytes(bytes(40 * LARGE))
    mine.faults.come(UploadPart=repeat(begin))
    monkeypatch.setattr(upload_folder, 'Event', lambda: ended)
    monkeypatch.setattr(os, 'scandir', interrupted)
    with pytest.raises(KeyboardInterrupt):
        upload(mine, tmp_path)
    assert mine.faults.sent.count('UploadPart') <= 20
    assert keys(s3) == []
    assert 'Uploads' not in s3.list_multipart_uploads(Bucket='bucket')


@pytest.mark.parametrize('size', [1, LARGE])
@pytest.mark.parametrize('kind', [KeyboardInterrupt, SystemExit])
def test_a_progress_that_ends_the_program_is_no_success(
    s3, mine, small, tmp_path, kind, size
):
    def end(_):
        raise kind

    (tmp_path / 'a').write_bytes(bytes(size))
    with pytest.raises(kind):
        upload(mine, tmp_path, progress=end)
    assert 'Uploads' not in s3.list_multipart_uploads(Bucket='bucket')


@pytest.mark.parametrize('kind', [ValueError, KeyboardInterrupt])
def test_what_progress_raises_ends_all(s3, mine, tmp_path, kind):
    def cancel(_):
        raise kind('Cancel was pressed')

    write(tmp_path, *map(str, range(30)))
    with pytest.raises(kind, match='Cancel was pressed'):
        upload(mine, tmp_path, threads=2, progress=cancel)
    assert len(keys(s3)) <= 2


@pytest.mark.skipif(sys.platform != 'linux', reason='no such names')
def test_a_name_that_is_no_text_is_named(s3, mine, tmp_path):
    open(os.fsencode(tmp_path) + b'/\xff', 'w').close()
    write(tmp_path, 'a')
    with pytest.raises(SomeFailedError, match=r'p/\\udcff: .*surrogates'):
        upload(mine, tmp_path)
    assert keys(s3) == ['p/a']


def test_a_folder_that_cannot_be_read_is_named(
    s3, mine, tmp_path, monkeypatch
):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith('hidden'):
            raise PermissionError(13, 'refused', str(path))
        return scandir(path)

    write(tmp_path, 'a', 'hidden/b')
    monkeypatch.setattr(os, 'scandir', refuse)
    with pytest.raises(SomeFailedError, match=r'hidden: .* refused'):
        upload(mine, tmp_path)
    assert keys(s3) == ['p/a']


def test_a_file_that_vanishes_is_named(s3, mine, tmp_path, monkeypatch):
    lstat = os.lstat

    def find(path, **kwargs):
        if str(path).endswith('gone'):
            raise FileNotFoundError(2, 'vanished', str(path))
        return lstat(path, **kwargs)

    write(tmp_path, 'a', 'gone')
    monkeypatch.setattr(os, 'lstat', find)
    with pytest.raises(SomeFailedError, match=r'gone: .* vanished'):
        upload(mine, tmp_path)
    assert keys(s3) == ['p/a']


@pytest.mark.parametrize(
    'send', [upload_folder.upload_folder, sync_folder.sync_folder]
)
def test_a_folder_must_be_there(send, mine, tmp_path):
    with pytest.raises(NotADirectoryError, match='There is no folder'):
        send(mine, tmp_path / 'absent', 'bucket', 'p')
