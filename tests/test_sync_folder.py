"""Tests of recipes/sync_folder.py."""

import os
import time
import tracemalloc
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

import faults
import sync_folder
from faults import after, denied
from read_write_many import SomeFailedError
from support import keys, read

LARGE = 9 * 1024 * 1024


def put(s3, *keys, body=None):
    """Store objects, by default with their keys as bodies."""
    for key in keys:
        content = key.encode() if body is None else body
        s3.put_object(Bucket='bucket', Key=key, Body=content)


def set_time(path, seconds):
    """Set a file's time, as seconds from now."""
    os.utime(path, (0, time.time() + seconds))


def sync(s3, folder, delete=True):
    # One thread, since moto's own deletions are not safe in several.
    return sync_folder.sync_folder(s3, folder, 'bucket', 'p', delete, 1)


@pytest.mark.parametrize(('content', 'age'), [('2', -60), ('22', 3600)])
def test_a_newer_file_or_another_size_is_sent(
    s3, mine, tmp_path, content, age
):
    put(s3, 'p/a', body=b'1')
    (tmp_path / 'a').write_text(content)
    set_time(tmp_path / 'a', -age)
    assert sync(mine, tmp_path).uploaded == ['p/a']
    assert read(s3, 'p/a') == content.encode()


@pytest.mark.parametrize(('size', 'sent'), [(3, []), (LARGE, ['p/a'])])
def test_a_newer_equal_file_is_sent_only_if_large(
    s3, mine, tmp_path, size, sent
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
    with pytest.raises(ClientError, match='AccessDenied'):
        sync(mine, tmp_path)
    assert keys(s3) == []


def test_a_sync_spares_folders_links_and_other_prefixes(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    (tmp_path / 'link').symlink_to('elsewhere')
    (tmp_path / 'linked').symlink_to('not-mounted')
    put(s3, 'p/folder/', 'p/link', 'p/linked/b', 'p-old/c', 'q')
    put(s3, 'p/gone', 'p/../gone', 'p/a/gone')
    assert sync(mine, tmp_path, delete=False).deleted == []
    assert sync(mine, tmp_path).deleted == ['p/../gone', 'p/a/gone', 'p/gone']
    spared = ['p-old/c', 'p/a', 'p/folder/', 'p/link', 'p/linked/b', 'q']
    assert keys(s3) == spared


def test_a_sync_keeps_600_bytes_an_object(mine):
    entry = (
        '<Contents><Key>p/some/folder/or/other/{:09}.html</Key>'
        '<LastModified>2026-11-26T12:00:00.000Z</LastModified>'
        '<ETag>&quot;{:032x}&quot;</ETag><Size>{}</Size></Contents>'
    )
    entries = ''.join(entry.format(n, n, 1000 + n) for n in range(1000))
    page = f'<ListBucketResult>{entries}</ListBucketResult>'
    mine.faults.come(ListObjectsV2=[faults.says(200, page)] * 2)
    sync_folder.list_objects(mine, 'bucket', 'p/')
    tracemalloc.start()
    objects = sync_folder.list_objects(mine, 'bucket', 'p/')
    size, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(objects) == 1000
    assert size < 600 * 1000


def deny_b(request, work):
    """S3 refuses whatever ends in /b."""
    return (denied if request.url.endswith('/b') else after(int))(
        request, work
    )


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
    mine.faults.come(PutObject=repeat(deny_b))
    with pytest.raises(SomeFailedError, match=r'p/b: .*AccessDenied'):
        sync(mine, tmp_path)
    assert keys(s3) == ['p/gone']


def test_a_sync_spares_what_somebody_has_replaced(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    put(s3, 'p/b', 'p/odd\x01')
    theirs = after(lambda: put(s3, 'p/b', body=b'theirs'))
    mine.faults.come(DeleteObject=[theirs] * 2)
    with pytest.raises(SomeFailedError, match=r'^1 .* p/b: .*Precondition'):
        sync(mine, tmp_path)
    assert read(s3, 'p/b') == b'theirs'
    assert keys(s3) == ['p/a', 'p/b']
