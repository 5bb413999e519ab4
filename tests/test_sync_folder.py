"""Tests of recipes/sync_folder.py."""

import errno
import os
import time
import tracemalloc
from contextlib import suppress
from datetime import datetime
from itertools import repeat

import pytest

import sync_folder
from faults import after, denied
from read_write_many import SomeFailedError
from support import keys, read

LARGE = 9 * 1024  # bytes; goes in parts, where a MB is a KB


def put(s3, *keys, body=None):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        content = key.encode() if body is None else body
        s3.put_object(Bucket='bucket', Key=key, Body=content)


def set_time(path, seconds):
    """Set a file's time, as seconds from now."""
    os.utime(path, (0, time.time() + seconds))


def sync(s3, folder, delete=True, **options):
    # One thread, since moto's own deletions are not safe in several.
    return sync_folder.sync_folder(
        s3, folder, 'bucket', 'p', delete, 1, **options
    )


@pytest.mark.parametrize(('content', 'age'), [('2', -60), ('22', 3600)])
def test_a_newer_file_or_another_size_is_sent(
    s3, mine, tmp_path, content, age
):
    put(s3, 'p/a', body=b'1')
    (tmp_path / 'a').write_text(content)
    set_time(tmp_path / 'a', -age)
    assert sync(mine, tmp_path).uploaded == ['p/a']
    assert read(s3, 'p/a') == content.encode()


def test_a_change_within_the_second_of_the_upload_is_sent(s3, mine, tmp_path):
    put(s3, 'p/a', body=b'1')
    stored = s3.head_object(Bucket='bucket', Key='p/a')['LastModified']
    (tmp_path / 'a').write_text('2')
    os.utime(tmp_path / 'a', (0, stored.timestamp() + 0.9))
    assert sync(mine, tmp_path).uploaded == ['p/a']


@pytest.mark.parametrize(('size', 'sent'), [(3, []), (LARGE, ['p/a'])])
def test_a_newer_equal_file_is_sent_only_if_large(
    s3, mine, small, tmp_path, size, sent
):
    put(s3, 'p/a', body=bytes(size))
    (tmp_path / 'a').write_bytes(bytes(size))
    set_time(tmp_path / 'a', 60)
    assert sync(mine, tmp_path).uploaded == sent


def test_a_folder_without_files_deletes_nothing(s3, mine, tmp_path):
    put(s3, 'p/a')
    with pytest.raises(ValueError, match='has no files'):
        sync(mine, tmp_path)
    assert keys(s3) == ['p/a']


def test_a_sync_that_cannot_list_changes_nothing(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    mine.faults.come(ListObjectsV2=repeat(denied))
    with pytest.raises(SomeFailedError, match=r'p/: .*Denied') as error:
        sync(mine, tmp_path)
    assert error.value.stopped
    assert keys(s3) == []


def test_a_sync_deletes_below_its_prefix_and_only_if_asked(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    put(s3, 'p/folder/', 'p-old/c', 'q', 'p/gone', 'p/a/gone')
    assert sync(mine, tmp_path, delete=False).deleted == []
    assert sync(mine, tmp_path).deleted == ['p/a/gone', 'p/gone']
    assert keys(s3) == ['p-old/c', 'p/a', 'p/folder/', 'q']


@pytest.mark.parametrize('options', [{}, {'skip': ['link*']}])
def test_a_sync_spares_what_has_a_link_on_its_way(
    s3, mine, tmp_path, link, options
):
    (tmp_path / 'a').write_text('a')
    link(tmp_path / 'link', 'elsewhere')
    link(tmp_path / 'linked', 'not-mounted')
    put(s3, 'p/link', 'p/linked/b')
    with suppress(SomeFailedError):
        sync(mine, tmp_path, **options)
    assert keys(s3) == ['p/a', 'p/link', 'p/linked/b']


def test_a_sync_follows_links_on_request(s3, mine, tmp_path, link):
    inside, outside = tmp_path / 'inside', tmp_path / 'outside'
    inside.mkdir()
    outside.mkdir()
    (outside / 'a').write_text('a')
    link(inside / 'linked', outside)
    put(s3, 'p/linked/gone', 'p/gone')
    done = sync(mine, inside, follow_links=True)
    assert done == (['p/linked/a'], ['p/gone', 'p/linked/gone'], 0)
    assert keys(s3) == ['p/linked/a']


def test_a_sync_leaves_alone_what_is_skipped(s3, mine, tmp_path):
    for name in ('a', '.env'):
        (tmp_path / name).write_text(name)
    put(s3, 'p/logs/x', 'p/b.log', 'p/.env', 'p/gone', body=b'other')
    done = sync(mine, tmp_path, skip=['logs', '*.log', '.env'])
    assert done == (['p/a'], ['p/gone'], 0)
    assert read(s3, 'p/.env') == b'other'


def test_a_dry_run_says_what_a_sync_then_does(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    (tmp_path / 'same').write_text('p/same')
    put(s3, 'p/same', 'p/gone')
    mine.faults.come()
    told = sync(mine, tmp_path, dry_run=True)
    assert told == (['p/a'], ['p/gone'], 1)
    assert {*mine.faults.sent} == {'ListObjectsV2'}
    assert sync(mine, tmp_path) == told


def test_extra_and_progress_are_for_what_is_sent(s3, mine, tmp_path):
    def look(request, work):
        payers.append(request.headers.get('x-amz-request-payer'))
        return work()

    payers, told = [], []
    (tmp_path / 'a').write_text('abc')
    (tmp_path / 'same').write_text('p/same')
    put(s3, 'p/same', 'p/gone')
    mine.faults.come(*[look] * 9)
    extra = {'RequestPayer': 'requester'}
    sync(mine, tmp_path, extra=extra, progress=told.append)
    assert payers == [b'requester'] * 3  # to list, to send, and to delete
    assert told == [3]


def test_a_sync_spares_what_can_have_no_file_here(
    s3, mine, tmp_path, monkeypatch
):
    """On Windows, that is more than `../x`, `x//y` and a long name."""
    abspath, lstat = os.path.abspath, os.lstat

    def windows_abspath(path):
        return abspath(path).rstrip('.')

    def windows_lstat(path, **kwargs):
        if '?' in str(path):
            raise OSError(errno.EINVAL, 'incorrect')
        return lstat(path, **kwargs)

    (tmp_path / 'a').write_text('a')
    odd = ['p/../x', 'p/x//y', f'p/{"x" * 300}', 'p/a.', 'p/why?']
    put(s3, *odd, 'p/gone')
    monkeypatch.setattr(os.path, 'abspath', windows_abspath)
    monkeypatch.setattr(os, 'lstat', windows_lstat)
    assert sync(mine, tmp_path).deleted == ['p/gone']


def test_a_path_that_is_too_long_ends_nothing(s3, mine, tmp_path, monkeypatch):
    realpath = os.path.realpath

    def fail(path, **kwargs):
        if '260' in str(path):
            raise OSError(206, 'too long')
        return realpath(path, **kwargs)

    (tmp_path / 'a').write_text('a')
    put(s3, 'p/260/b', 'p/gone')
    monkeypatch.setattr(os.path, 'realpath', fail)
    assert sync(mine, tmp_path).deleted == ['p/gone']


def test_a_sync_keeps_600_bytes_an_object():
    class Client:
        def list_objects_v2(self, **_):
            return {
                'Contents': [
                    {
                        'Key': f'p/some/folder/or/other/{number:09}.html',
                        'LastModified': datetime.fromtimestamp(number),
                        'ETag': f'"{number:032x}"',
                        'Size': 1000 + number,
                    }
                    for number in range(1000)
                ]
            }

    tracemalloc.start()
    objects = sync_folder.listed_below(Client(), 'bucket', 'p/')
    size, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(objects) == 1000
    assert size < 600 * 1000


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


def test_a_sync_that_cannot_look_deletes_nothing(s3, mine, hidden):
    put(s3, 'p/hidden/a')
    with pytest.raises(SomeFailedError, match=r'hidden: .* refused'):
        sync(mine, hidden)
    assert keys(s3) == ['p/a', 'p/hidden/a']


def test_a_sync_that_cannot_upload_deletes_nothing(s3, mine, tmp_path):
    put(s3, 'p/gone')
    (tmp_path / 'b').write_text('b')
    mine.faults.come(PutObject=repeat(denied))
    with pytest.raises(SomeFailedError, match=r'p/b: .*AccessDenied'):
        sync(mine, tmp_path)
    assert keys(s3) == ['p/gone']


def test_what_was_done_before_an_error_is_told(s3, mine, tmp_path):
    for name in ('a', 'b', 'same'):
        (tmp_path / name).write_text(f'p/{name}')
    put(s3, 'p/same')
    mine.faults.come(PutObject=[None, denied])
    with pytest.raises(SomeFailedError, match=r'^1 failed') as error:
        sync(mine, tmp_path)
    assert error.value.done == ['p/a']


def test_a_sync_spares_what_somebody_has_replaced(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    put(s3, 'p/b', 'p/odd\x01')
    theirs = after(lambda: put(s3, 'p/b', body=b'theirs'))
    mine.faults.come(DeleteObject=[theirs] * 2)
    with pytest.raises(SomeFailedError, match=r'^1 .* p/b: .*Precondition'):
        sync(mine, tmp_path)
    assert read(s3, 'p/b') == b'theirs'
    assert keys(s3) == ['p/a', 'p/b']
