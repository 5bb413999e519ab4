"""Tests of recipes/upload_folder.py."""

import os
import sys
import time
from itertools import repeat

import pytest

import faults
import sync_folder
import upload_folder
from faults import after, denied
from read_write_many import SomeFailedError
from support import ROOT, keys, read

LARGE = 9 * 1024 * 1024


def set_time(path, seconds):
    """Set a file's time, as seconds from now."""
    os.utime(path, (0, time.time() + seconds))


def deny_b(request, work):
    """S3 refuses whatever ends in /b."""
    return (denied if request.url.endswith('/b') else after(int))(
        request, work
    )


def test_a_failed_file_stops_no_other(s3, mine, tmp_path):
    for name in 'abc':
        (tmp_path / name).write_text(name)
    mine.faults.come(PutObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match=r'^1 .* p/b: .*Denied') as error:
        upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert error.value.done == keys(s3) == ['p/a', 'p/c']


def test_a_gz_file_is_stored_as_it_is(s3, mine, tmp_path):
    (tmp_path / 'x.tar.gz').write_bytes(b'1')
    upload_folder.upload_folder(mine, tmp_path, 'bucket', '')
    head = s3.head_object(Bucket='bucket', Key='x.tar.gz')
    assert head['ContentType'] == 'application/gzip'
    assert 'ContentEncoding' not in head


def test_a_file_that_changes_meanwhile_is_uploaded_again(s3, mine, tmp_path):
    def change():
        (tmp_path / 'a').write_text('new')
        set_time(tmp_path / 'a', 60)

    (tmp_path / 'a').write_text('old')
    mine.faults.come(PutObject=[after(change)])
    upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert read(s3, 'p/a') == b'new'


def test_a_file_that_goes_on_changing_is_an_error(mine, tmp_path):
    sizes = iter(range(1, 9))
    (tmp_path / 'a').write_text('')
    grows = after(lambda: (tmp_path / 'a').write_text('x' * next(sizes)))
    mine.faults.come(PutObject=repeat(grows))
    with pytest.raises(SomeFailedError, match='p/a: it changed each time'):
        upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')


def test_a_large_file_is_joined_once(s3, mine, tmp_path):
    def joined(request, work):
        """S3 has joined the parts before: that response got lost."""
        work()
        return faults.gone(request, work)

    (tmp_path / 'a').write_bytes(bytes(LARGE))
    mine.faults.come(CompleteMultipartUpload=[joined])
    upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert read(s3, 'p/a') == bytes(LARGE)


def test_links_and_parts_of_killed_downloads_stay_behind(s3, mine, tmp_path):
    (tmp_path / 'link').symlink_to(__file__)
    (tmp_path / 'linked').symlink_to(ROOT)
    parts = tmp_path / '.s3-download-abcd_123.part'
    parts.mkdir()
    (parts / 'a').write_text('half')
    (tmp_path / f'.{"0f" * 16}.part').write_text('half')
    (tmp_path / '.my.part').write_text('mine')
    sent = upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert sent == keys(s3) == ['p/.my.part']


@pytest.mark.skipif(sys.platform != 'linux', reason='no such names')
def test_a_name_that_is_no_text_is_told(s3, mine, tmp_path):
    open(os.fsencode(tmp_path) + b'/\xff', 'w').close()
    (tmp_path / 'a').write_text('a')
    with pytest.raises(SomeFailedError, match=r'p/\\udcff: .*surrogates'):
        upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert keys(s3) == ['p/a']


@pytest.fixture
def hidden(tmp_path, monkeypatch):
    """A folder with a file `a`, and what nobody may look at: a folder."""
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith('hidden'):
            raise PermissionError(13, 'refused', str(path))
        return scandir(path)

    (tmp_path / 'a').write_text('a')
    (tmp_path / 'hidden').mkdir()
    monkeypatch.setattr(os, 'scandir', refuse)
    return tmp_path


def test_a_folder_that_cannot_be_read_is_told(s3, mine, hidden):
    with pytest.raises(SomeFailedError, match=r'hidden: .* refused'):
        upload_folder.upload_folder(mine, hidden, 'bucket', 'p')
    assert keys(s3) == ['p/a']


def test_a_file_that_vanishes_is_told(s3, mine, tmp_path, monkeypatch):
    lstat = os.lstat

    def find(path, **kwargs):
        if str(path).endswith('gone'):
            raise FileNotFoundError(2, 'vanished', str(path))
        return lstat(path, **kwargs)

    for name in ('a', 'gone'):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(os, 'lstat', find)
    with pytest.raises(SomeFailedError, match=r'gone: .* vanished'):
        upload_folder.upload_folder(mine, tmp_path, 'bucket', 'p')
    assert keys(s3) == ['p/a']


@pytest.mark.parametrize(
    'send', [upload_folder.upload_folder, sync_folder.sync_folder]
)
def test_a_folder_must_be_there(send, mine, tmp_path):
    with pytest.raises(NotADirectoryError, match='There is no folder'):
        send(mine, tmp_path / 'absent', 'bucket', 'p')
