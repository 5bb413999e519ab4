"""Many objects, and folders: uploaded, downloaded, kept in sync.

Nothing is lost or doubled, nothing of others is touched, it ends, and an
error names each key.
"""

import mimetypes
import os
import pickle
import re
import runpy
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO, TextIOWrapper
from itertools import repeat

import faults
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from faults import after, denied
from moto.core.botocore_stubber import MockRawResponse
from support import RECIPES, ROOT, keys, printed_as, read

from recipes import download_folder as downloads
from recipes import many_objects, sync_folder, upload_folder
from recipes.download_folder import download_folder, path_of
from recipes.many_objects import SomeFailedError, content_type_of, for_each

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


@pytest.mark.parametrize('name', ['many_objects', 'download_folder'])
def test_a_body_that_breaks_off_is_read_again_and_then_told(
    name, session, monkeypatch
):
    demo = faults.Demo(name, session, monkeypatch)
    demo.come(GetObject=repeat(faults.broken(2)))
    assert printed_as(RECIPES[name]).fullmatch(demo.tell())
    demo.come(GetObject=repeat(faults.broken(99)))
    assert re.search('IncompleteRead|expected', demo.tell())


# many_objects


def test_each_item_comes_in_order_with_its_error():
    results = list(for_each(lambda number: 1 / number, [2, 0, 1], threads=2))
    assert [number for number, _ in results] == [2, 0, 1]
    assert [str(error) for _, error in results if error] == [
        'division by zero'
    ]


def test_an_error_keeps_nothing_of_its_call_in_memory():
    [(_, error)] = for_each(lambda number: 1 / number, [0])
    assert error.__traceback__ is None


def test_ctrl_c_begins_no_other_call(monkeypatch):
    begun, never = [], threading.Event()

    class Interrupted(ThreadPoolExecutor):
        def submit(self, call, item):
            if item == 200:
                raise KeyboardInterrupt
            return super().submit(call, item)

    def work(number):
        begun.append(number)
        never.wait(0.05)

    monkeypatch.setattr(many_objects, 'ThreadPoolExecutor', Interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(for_each(work, range(1000), threads=2))
    assert len(begun) < 100


def test_a_listing_that_fails_is_told_before_the_rest_is_sent():
    def items():
        yield from range(1500)
        raise PermissionError

    called = []
    with pytest.raises(PermissionError):
        list(for_each(called.append, items()))
    assert len(called) == 1000


def test_an_error_reaches_another_process(s3):
    with pytest.raises(ClientError) as missing:
        s3.get_object(Bucket='absent', Key='key')
    holds_a_lock = ConnectionClosedError(
        endpoint_url='https://x', request=threading.Lock()
    )
    errors = {'a': missing.value, 'b': holds_a_lock}
    error = pickle.loads(pickle.dumps(SomeFailedError(errors, ['c'])))
    assert error.errors['a'].response['Error']['Code'] == 'NoSuchBucket'
    assert 'ConnectionClosedError: Connection was' in str(error.errors['b'])
    assert error.done == ['c']


@pytest.mark.parametrize('encoding', ['ascii', 'cp1252', 'utf-8', None])
def test_an_error_is_printed_on_any_terminal(encoding, monkeypatch):
    printed = TextIOWrapper(BytesIO(), encoding) if encoding else StringIO()
    monkeypatch.setattr(sys, 'stdout', printed)
    error = SomeFailedError({'ł\udcff': ValueError('no')}, [])
    print(error, flush=True)
    assert str(error).endswith('\\udcff: no')


@pytest.mark.parametrize(('more', 'waits'), [(-1, None), (0, b'100-continue')])
def test_only_large_bodies_wait_for_s3_to_ask(s3, more, waits):
    s3.create_bucket(Bucket='bucket')
    client, sent = many_objects.make_client('us-east-1'), []
    client.meta.events.register_last(
        'before-send.s3.PutObject',
        lambda request, **_: sent.append(request.headers.get('Expect')),
    )
    put(client, 'key', body=bytes(many_objects.SMALL + more))
    assert sent == [waits]


def test_what_is_written_has_its_type(s3):
    s3.create_bucket(Bucket='bucket')
    many_objects.write_many(s3, 'bucket', {'a.webp': b'1'})
    head = s3.head_object(Bucket='bucket', Key='a.webp')
    assert head['ContentType'] == 'image/webp'


@pytest.mark.parametrize(
    ('name', 'content_type'),
    [
        ('a.tar.gz', 'application/gzip'),
        ('a/b.JS', 'text/javascript'),
        ('a.md', 'text/markdown'),
        ('a.webp', 'image/webp'),
        ('a.woff2', 'font/woff2'),
        ('a.css', 'text/css'),
        ('a.css/b', 'application/octet-stream'),
    ],
)
def test_a_name_has_the_same_type_everywhere(name, content_type, monkeypatch):
    monkeypatch.setitem(mimetypes.types_map, '.css', 'text/this-machine')
    fresh = runpy.run_path(str(ROOT / 'recipes' / 'many_objects.py'))
    assert fresh['content_type_of'](name) == content_type
    assert content_type_of(name) == content_type


# upload_folder


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


# download_folder


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
    with pytest.raises(
        SomeFailedError, match=r'^1 failed. p/: .*AccessDenied'
    ):
        download_folder(mine, 'bucket', 'p', tmp_path)


def test_a_prefix_without_objects_is_no_error(mine, tmp_path):
    assert download_folder(mine, 'bucket', 'p', tmp_path / 'new') == []


@pytest.mark.parametrize('name', ['a//b', '/a', 'a/', './a', 'a/../b', '..'])
def test_a_key_without_a_file_of_its_own_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match='no file has this name'):
        path_of(tmp_path.resolve(), name)


if os.name == 'nt':  # elsewhere, these are names like others

    @pytest.mark.parametrize(
        'name', ['a:b', 'a\\b', 'NUL', 'a.', 'a ', 'x/AUX']
    )
    def test_a_name_that_windows_reads_otherwise_is_refused(name, tmp_path):
        with pytest.raises(ValueError, match='name'):
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
    mine.faults.come(GetObject=repeat(faults.broken(99)))
    with pytest.raises(SomeFailedError, match='p/a'):
        download_folder(mine, 'bucket', 'p', tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_has_failed_keeps_no_space(s3, mine, tmp_path):
    def look(request, work):
        parts.extend(tmp_path.glob('.s3-download-*/*'))
        return work()

    parts = []
    put(s3, 'p/a', 'p/b')
    mine.faults.come(GetObject=[*[faults.broken(3)] * 3, look])
    with pytest.raises(SomeFailedError, match=r'^1 failed. p/a'):
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


# sync_folder


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


def test_a_sync_spares_what_somebody_has_replaced(s3, mine, tmp_path):
    (tmp_path / 'a').write_text('a')
    put(s3, 'p/b', 'p/odd\x01')
    theirs = after(lambda: put(s3, 'p/b', body=b'theirs'))
    mine.faults.come(DeleteObject=[theirs] * 2)
    with pytest.raises(SomeFailedError, match=r'^1 .* p/b: .*Precondition'):
        sync(mine, tmp_path)
    assert read(s3, 'p/b') == b'theirs'
    assert keys(s3) == ['p/a', 'p/b']


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
