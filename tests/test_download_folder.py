"""Tests of recipes/download_folder.py."""

import os
import sys
import threading
import time
from itertools import chain, repeat
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from moto.core.botocore_stubber import MockRawResponse

import download_folder as downloads
import faults
import read_write_many
import sync_folder
from download_folder import download_folder, path_of
from faults import after, denied, slow_down
from read_write_many import SomeFailedError

LARGE = 9 * 1024  # bytes; comes in parts, where a MB is a KB


def put(s3, *keys, body=None):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        content = key.encode() if body is None else body
        s3.put_object(Bucket='bucket', Key=key, Body=content)


def download(s3, folder, **options):
    return download_folder(s3, 'bucket', 'p', folder, **options)


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


@pytest.mark.parametrize('size', [3, LARGE])
def test_a_body_that_breaks_off_is_read_again(s3, mine, small, tmp_path, size):
    told = []
    put(s3, 'p/a', body=b'x' * size)
    mine.faults.come(GetObject=repeat(faults.broken(2)))
    assert download(mine, tmp_path, progress=told.append) == ['p/a']
    assert files(tmp_path) == {'a': 'x' * size}
    assert sum(told) == size


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
    with pytest.raises(SomeFailedError, match=r'p/: .*AccessDenied') as error:
        download(mine, tmp_path / 'new')
    assert error.value.stopped
    assert not (tmp_path / 'new').exists()


def test_an_outage_in_the_midst_of_it_loses_nothing(
    s3, mine, tmp_path, monkeypatch, waits
):
    def outage(request, work):
        if sum(waits) < 10:
            raise EndpointConnectionError(endpoint_url=request.url)
        return work()

    put(s3, *(f'p/{number}' for number in range(9)))
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '4')
    mine.faults.come(
        ListObjectsV2=chain([None], repeat(outage)),
        GetObject=chain([None] * 2, repeat(outage)),
    )
    assert len(download(mine, tmp_path)) == len(files(tmp_path)) == 9


@pytest.mark.parametrize('prefix', ['/p', 's3://bucket/p', 'P', 'p/a'])
def test_a_prefix_without_keys_is_named(s3, mine, tmp_path, prefix):
    put(s3, 'p/a')
    with pytest.raises(FileNotFoundError, match=f"bucket, .*'{prefix}/'"):
        download_folder(mine, 'bucket', prefix, tmp_path / 'new')
    assert not (tmp_path / 'new').exists()


def test_an_empty_folder_of_the_console_is_no_typo(s3, mine, tmp_path):
    put(s3, 'p/', 'p/sub/', body=b'')
    assert download(mine, tmp_path) == []


def test_what_is_skipped_does_not_come(s3, mine, tmp_path):
    put(s3, 'p/a', 'p/b.log', 'p/logs/c', 'p/x/y/d')
    assert download(mine, tmp_path, skip=['*.log', 'logs', 'x/y']) == ['p/a']
    assert files(tmp_path) == {'a': 'p/a'}


@pytest.mark.parametrize('size', [3, LARGE])
def test_extra_is_sent_with_each_request(s3, mine, small, tmp_path, size):
    def look(request, work):
        payers.append(request.headers.get('x-amz-request-payer'))
        return work()

    payers = []
    put(s3, 'p/a', body=bytes(size))
    looks = repeat(look)
    mine.faults.come(ListObjectsV2=looks, GetObject=looks, HeadObject=looks)
    download(mine, tmp_path, extra={'RequestPayer': 'requester'})
    assert len(payers) > 1
    assert {*payers} == {b'requester'}


def test_a_second_download_takes_what_is_new(s3, mine, tmp_path):
    put(s3, 'p/a', 'p/b', 'p/c', 'p/d')
    download(mine, tmp_path)
    put(s3, 'p/b', body=b'newer')
    (tmp_path / 'c').write_text('c')  # another size
    set_time(tmp_path / 'd', 60)
    mine.faults.come()
    told = []
    keys = download(mine, tmp_path, progress=told.append)
    assert keys == ['p/a', 'p/b', 'p/c', 'p/d']
    assert mine.faults.sent.count('GetObject') == 3
    assert sum(told) == 11
    assert files(tmp_path) == {
        'a': 'p/a',
        'b': 'newer',
        'c': 'p/c',
        'd': 'p/d',
    }


@pytest.mark.parametrize('name', ['a//b', '/a', 'a/', './a', 'a/../b', '..'])
def test_a_key_without_a_file_of_its_own_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match='no file has this name'):
        path_of(tmp_path.resolve(), name)


def test_two_keys_for_one_file_are_told(s3, mine, tmp_path, link):
    (tmp_path / 'real').mkdir()
    link(tmp_path / 'link', 'real')
    put(s3, 'p/real/a', 'p/link/a')
    with pytest.raises(
        SomeFailedError, match=r'^1 .*another key has its file'
    ):
        download_folder(mine, 'bucket', 'p', tmp_path)
    (content,) = files(tmp_path / 'real').values()
    assert content in ('p/real/a', 'p/link/a')


def test_two_keys_for_one_file_are_told_again(s3, mine, tmp_path, link):
    """Also where the file has size and time of one of them."""
    (tmp_path / 'real').mkdir()
    link(tmp_path / 'link', 'real')
    put(s3, 'p/real/a', 'p/link/a', body=b'same')
    for _ in range(2):
        with pytest.raises(SomeFailedError, match=r'^1 .*another key has'):
            download(mine, tmp_path)


@pytest.mark.skipif(os.name == 'nt', reason='no such modes')
def test_a_replaced_file_keeps_its_mode(s3, mine, tmp_path):
    put(s3, 'p/a')
    (tmp_path / 'a').touch(mode=0o600)
    download_folder(mine, 'bucket', 'p', tmp_path)
    assert (tmp_path / 'a').stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_through_a_link_to_elsewhere(
    s3, mine, tmp_path, link
):
    inside, outside = tmp_path / 'inside', tmp_path / 'outside'
    inside.mkdir()
    outside.mkdir()
    (outside / 'a').write_text('kept')
    link(inside / 'a', outside / 'a')
    link(inside / 'folder', outside)
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
def test_a_body_that_stays_broken_leaves_nothing(
    s3, mine, small, tmp_path, size, monkeypatch
):
    monkeypatch.setattr(read_write_many, 'TRIES', 1)
    put(s3, 'p/a', body=bytes(size))
    mine.faults.come(GetObject=repeat(faults.broken(10**6)))
    with pytest.raises(SomeFailedError, match=r'p/a: .*bytes'):
        download(mine, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_leaves_no_empty_folder(s3, mine, tmp_path):
    put(s3, 'p/a', 'p/sub/b')
    mine.faults.come(GetObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match='Denied'):
        download(mine, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['a']


@pytest.fixture
def windows(monkeypatch):
    """What is read-only cannot be replaced or removed."""

    def protect(owner, name, target):
        function = getattr(owner, name)

        def call(*paths, **kwargs):
            path = paths[target]
            if os.path.exists(path) and not os.stat(path).st_mode & 0o200:
                paths = map(str, paths)
                raise PermissionError(13, 'Access is denied', *paths)
            return function(*paths, **kwargs)

        monkeypatch.setattr(owner, name, call)

    protect(os, 'replace', 1)
    protect(Path, 'unlink', 0)


def test_a_read_only_file_stays_and_is_named(s3, mine, tmp_path, windows):
    put(s3, 'p/a', 'p/b')
    (tmp_path / 'a').write_text('old')
    (tmp_path / 'a').chmod(0o400)
    with pytest.raises(SomeFailedError) as error:
        download(mine, tmp_path)
    assert error.value.errors['p/a'].filename == str(tmp_path / 'a')
    assert '.part' not in str(error.value)
    assert files(tmp_path) == {'a': 'old', 'b': 'p/b'}


def test_a_path_that_is_too_long_ends_nothing(s3, mine, tmp_path, monkeypatch):
    realpath = os.path.realpath

    def fail(path, **kwargs):
        if '260' in str(path):
            raise OSError(206, 'too long')
        return realpath(path, **kwargs)

    put(s3, 'p/a', 'p/260/b', f'p/{"c" * 300}')
    monkeypatch.setattr(os.path, 'realpath', fail)
    with pytest.raises(SomeFailedError, match=r'^2 failed') as error:
        download(mine, tmp_path)
    assert error.value.done == ['p/a']


def test_ctrl_c_ends_a_large_object_and_leaves_nothing(
    s3, mine, small, tmp_path, monkeypatch
):
    has_begun, ended = threading.Event(), threading.Event()

    def begin(request, work):
        has_begun.set()
        ended.wait(30)
        return work()

    def interrupted(request, work):
        has_begun.wait(30)
        raise KeyboardInterrupt

    put(s3, 'p/a', 'p/b', body=bytes(40 * LARGE))
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    pages = [None, interrupted]
    mine.faults.come(GetObject=repeat(begin), ListObjectsV2=pages)
    monkeypatch.setattr(downloads, 'Event', lambda: ended)
    with pytest.raises(KeyboardInterrupt):
        download(mine, tmp_path)
    assert mine.faults.sent.count('GetObject') <= 20
    assert list(tmp_path.iterdir()) == []


def test_what_s3_is_too_busy_for_comes_later(s3, mine, tmp_path):
    put(s3, 'p/a')
    mine.faults.come(GetObject=[slow_down] * 9)
    assert download(mine, tmp_path) == ['p/a']


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


def test_an_object_that_has_grown_is_not_read_whole(s3, mine, small, tmp_path):
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


def test_only_what_was_killed_a_day_ago_is_removed(s3, mine, tmp_path):
    put(s3, 'p/', body=b'')
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
def test_what_was_downloaded_is_not_sent_back(s3, mine, small, tmp_path, size):
    put(s3, 'p/a', body=bytes(size))
    download_folder(mine, 'bucket', 'p', tmp_path)
    (entry,) = s3.list_objects_v2(Bucket='bucket')['Contents']
    modified = entry['LastModified'].timestamp()
    assert (tmp_path / 'a').stat().st_mtime == modified
    mine.faults.come()
    assert sync(mine, tmp_path).unchanged == 1
    assert mine.faults.sent == ['ListObjectsV2']
