"""Tests of recipes/download_folder.py."""

import os
import re
import sys
import time
from itertools import repeat

import pytest
from moto.core.botocore_stubber import MockRawResponse

import download_folder as downloads
import faults
import sync_folder
from download_folder import download_folder, path_of
from faults import after, denied
from read_write_many import SomeFailedError
from support import RECIPES, printed_as

LARGE = 9 * 1024 * 1024


def put(s3, *keys, body=None):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        content = key.encode() if body is None else body
        s3.put_object(Bucket='bucket', Key=key, Body=content)


def files(folder):
    """Return what the files below a folder have in them, by their names."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob('*')
        if path.is_file()
    }


def set_time(path, seconds):
    """Set a file's time, as seconds from now."""
    os.utime(path, (0, time.time() + seconds))


def deny_b(request, work):
    """S3 refuses whatever ends in /b."""
    return (denied if request.url.endswith('/b') else after(int))(
        request, work
    )


@pytest.mark.parametrize('name', ['read_write_many', 'download_folder'])
def test_a_body_that_breaks_off_is_read_again_and_then_told(
    name, session, monkeypatch, waits
):
    demo = faults.Demo(name, session, monkeypatch)
    demo.come(GetObject=repeat(faults.broken(2)))
    assert printed_as(RECIPES[name].partition('\ndef demo(')[2]).fullmatch(
        demo.tell()
    )
    demo.come(GetObject=repeat(faults.broken(10**6)))
    assert re.search('IncompleteRead|expected', demo.tell())


def test_a_failed_key_stops_no_other(s3, mine, tmp_path):
    put(s3, 'p/a', 'p/b', 'p/c', 'p/../x', 'p/d/', 'p-old/f')
    put(s3, 'p/empty/', body=b'')
    mine.faults.come(GetObject=repeat(deny_b))
    with pytest.raises(SomeFailedError) as error:
        download_folder(mine, 'bucket', 'p', tmp_path)
    assert set(error.value.errors) == {'p/../x', 'p/b', 'p/d/'}
    assert error.value.done == ['p/a', 'p/c']
    assert files(tmp_path) == {'a': 'p/a', 'c': 'p/c'}


def test_a_listing_that_fails_is_told_as_the_prefix(mine, tmp_path):
    mine.faults.come(ListObjectsV2=repeat(denied))
    with pytest.raises(SomeFailedError, match=r'p/: .*AccessDenied'):
        download_folder(mine, 'bucket', 'p', tmp_path)


def test_a_prefix_without_objects_is_no_error(mine, tmp_path):
    assert download_folder(mine, 'bucket', 'p', tmp_path / 'new') == []


@pytest.mark.parametrize('name', ['a//b', '/a', 'a/', './a', 'a/../b', '..'])
def test_a_key_without_a_file_of_its_own_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match='no file has this name'):
        path_of(tmp_path.resolve(), name)


def test_two_keys_for_one_file_are_told(s3, mine, tmp_path):
    (tmp_path / 'real').mkdir()
    (tmp_path / 'link').symlink_to('real')
    put(s3, 'p/real/a', 'p/link/a')
    with pytest.raises(
        SomeFailedError, match=r'^1 .*another key has its file'
    ):
        download_folder(mine, 'bucket', 'p', tmp_path)
    (content,) = files(tmp_path / 'real').values()
    assert content in ('p/real/a', 'p/link/a')


def test_a_second_download_replaces_the_files_of_the_first(s3, mine, tmp_path):
    for body in (b'1', b'2'):
        put(s3, 'p/a', body=body)
        download_folder(mine, 'bucket', 'p', tmp_path)
    assert files(tmp_path) == {'a': '2'}


@pytest.mark.skipif(os.name == 'nt', reason='no such modes')
def test_a_replaced_file_keeps_its_mode(s3, mine, tmp_path):
    put(s3, 'p/a')
    (tmp_path / 'a').touch(mode=0o600)
    download_folder(mine, 'bucket', 'p', tmp_path)
    assert (tmp_path / 'a').stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_through_a_link_to_elsewhere(s3, mine, tmp_path):
    inside, outside = tmp_path / 'inside', tmp_path / 'outside'
    inside.mkdir()
    outside.mkdir()
    (outside / 'a').write_text('kept')
    (inside / 'a').symlink_to(outside / 'a')
    (inside / 'folder').symlink_to(outside)
    put(s3, 'p/a', 'p/folder/a')
    with pytest.raises(SomeFailedError, match=r'^1 .*leads out of the folder'):
        download_folder(mine, 'bucket', 'p', inside)
    assert (inside / 'a').read_text() == 'p/a'
    assert files(outside) == {'a': 'kept'}


@pytest.mark.skipif(sys.platform != 'linux', reason='no /dev/full')
def test_a_full_disk_is_told_and_the_old_file_stays(
    s3, mine, tmp_path, monkeypatch
):
    put(s3, 'p/a')
    (tmp_path / 'a').write_text('old')

    def open_full(path, mode):
        return open('/dev/full', mode)

    monkeypatch.setattr(downloads, 'open', open_full, raising=False)
    with pytest.raises(SomeFailedError, match=r'p/a: .*No space left'):
        download_folder(mine, 'bucket', 'p', tmp_path)
    assert files(tmp_path) == {'a': 'old'}


@pytest.mark.parametrize('size', [3, LARGE])
def test_a_body_that_stays_broken_leaves_nothing(s3, mine, tmp_path, size):
    put(s3, 'p/a', body=bytes(size))
    mine.faults.come(GetObject=repeat(faults.broken(10**6)))
    with pytest.raises(SomeFailedError, match='p/a'):
        download_folder(mine, 'bucket', 'p', tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_has_failed_keeps_no_space(s3, mine, tmp_path):
    def look(request, work):
        parts.extend(tmp_path.glob('.s3-download-*/*'))
        return work()

    parts = []
    put(s3, 'p/a', 'p/b')
    mine.faults.come(GetObject=[*[faults.broken(10**6)] * 21, look])
    with pytest.raises(SomeFailedError, match=r' p/a: '):
        download_folder(mine, 'bucket', 'p', tmp_path, threads=1)
    assert parts == []


def test_an_object_that_has_grown_is_not_read_whole(s3, mine, tmp_path):
    sizes = []

    class Raw(MockRawResponse):
        def read(self, size=None):
            sizes.append(size)
            return super().read(size)

    def grown(request, work):
        response = work()
        response.raw = Raw(response.raw.read())
        return response

    put(s3, 'p/a', body=bytes(3 * downloads.MB))
    mine.faults.come(GetObject=[grown])
    download_folder(mine, 'bucket', 'p', tmp_path)
    assert set(sizes) == {downloads.MB}


def test_a_key_that_is_named_like_a_part_folder_blocks_nothing(
    s3, mine, tmp_path
):
    put(s3, 'p/.s3-download-x.part', 'p/a')
    download_folder(mine, 'bucket', 'p', tmp_path)
    set_time(tmp_path / '.s3-download-x.part', -25 * 60 * 60)
    assert len(download_folder(mine, 'bucket', 'p', tmp_path)) == 2


def test_only_what_was_killed_a_day_ago_is_removed(mine, tmp_path):
    for name in ('.s3-download-old.part', '.s3-download-new.part', '.x.part'):
        (tmp_path / name).mkdir()
        if 'new' not in name:
            set_time(tmp_path / name, -25 * 60 * 60)
    download_folder(mine, 'bucket', 'p', tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        '.s3-download-new.part',
        '.x.part',
    }


def sync(s3, folder, delete=True):
    # One thread, since moto's own deletions are not safe in several.
    return sync_folder.sync_folder(s3, folder, 'bucket', 'p', delete, 1)


@pytest.mark.parametrize('size', [3, LARGE])
def test_what_was_downloaded_is_not_sent_back(s3, mine, tmp_path, size):
    put(s3, 'p/a', body=bytes(size))
    download_folder(mine, 'bucket', 'p', tmp_path)
    (entry,) = s3.list_objects_v2(Bucket='bucket')['Contents']
    modified = entry['LastModified'].timestamp()
    assert (tmp_path / 'a').stat().st_mtime == modified
    mine.faults.come()
    assert sync(mine, tmp_path).unchanged == 1
    assert mine.faults.sent == ['ListObjectsV2']
