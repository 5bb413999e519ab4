"""Download all objects below a prefix to a folder.

In short:

    from pathlib import Path

    folder = Path('copies').resolve()
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get('Contents', []):
            if entry['Key'].endswith('/'):
                continue  # the console's mark of a folder
            path = (folder / entry['Key'][len(prefix):]).resolve()
            if folder not in path.parents:
                raise ValueError(entry['Key'])  # `photos/../../x`
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, entry['Key'], str(path))

With more than a few objects, this is what goes wrong:

- It takes one object after the other. `download_folder` takes twenty at a
  time.
- The first error ends it, even an outage of some seconds, and the next run
  begins from zero. `download_folder` tries again where that may help, goes on
  with the others, and ends with an error that names each key that failed.
  Call it again, and it leaves files alone that have the size and the time of
  their object.
- A prefix with a typo, a leading `/` or `s3://` finds nothing, and nobody
  notices. Here, that is an error.
- Somebody else may have chosen the keys. `../x` would be a file outside the
  folder, and `a//b` the same file as `a/b`. Each key that has no file of its
  own is refused and named. Where names differ only in case, the disk decides.

A file appears, or is replaced, once all of it is there. It gets the time of
the object, so that `sync_folder` does not send it back. It keeps the mode of
the file that it replaces. A link is replaced, not followed. Files without an
object stay.

`skip` has patterns for names or paths, as in `upload_folder`. `extra` is what
boto3 calls `ExtraArgs`, such as `RequestPayer`. `progress` is called with the
bytes that come; for what has to come again, with a negative number.

Files arrive in a new folder `.s3-download-….part` in yours, on the same disk.
If the process is killed, it stays, and the first download a day later removes
it. Ctrl-C leaves nothing, and ends large objects soon. Keeps some 300 bytes a
key in memory.

Copy read_write_many.py and upload_and_download.py along.
Needs s3:ListBucket and s3:GetObject; with a KMS key also kms:Decrypt.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://nvd.nist.gov/vuln/detail/CVE-2021-32061
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
import uuid
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from threading import Event, Lock, Semaphore
from typing import TYPE_CHECKING, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from read_write_many import (
    Counter,
    SomeFailedError,
    client_for_many,
    do_all,
    entries_below,
    is_skipped,
    with_slash,
)
from upload_and_download import download

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

MB = 1024 * 1024
LARGE = 8 * MB  # bytes; from here on, an object comes in parts
DAY = 24 * 60 * 60  # seconds
PARTS = '.s3-download-'  # what the name of a folder for parts begins with
LARGE_AT_ONCE = Semaphore(2)  # objects, each with up to ten connections


def download_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    folder: str | Path,
    threads: int = 20,
    skip: Iterable[str] = (),
    extra: Mapping[str, Any] | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[str]:
    """Download every object below a prefix; return their keys.

    Returns also the keys of files that were there already. An empty object
    whose key ends in `/` stands for a folder: left out.

    Give it a client of `client_for_many`: it has a connection for each thread.

    Args:
        prefix: what the keys start with, with or without its final `/`.
        skip: patterns for names or paths that are left out.
        extra: what else to tell S3 in each request: boto3's `ExtraArgs`.
        progress: called with bytes, by one thread at a time. What it raises
            ends all, as Ctrl-C does.

    Raises:
        FileNotFoundError: no key starts with the prefix.
        SomeFailedError: some keys failed, or the listing did, which is
            reported as the prefix. All others are there.
    """
    prefix = with_slash(prefix)
    skip = [skip] if isinstance(skip, str) else list(skip)
    entries = some_entries(s3, bucket, prefix, extra)
    wanted = (
        entry
        for entry in entries
        if (entry['Size'] or not entry['Key'].endswith('/'))
        and not is_skipped(entry['Key'][len(prefix) :], skip)
    )
    # realpath, because resolve() on Windows may leave a new folder relative.
    root = Path(os.path.realpath(folder))
    root.mkdir(parents=True, exist_ok=True)
    remove_old_parts(root)
    files = Files()
    ended = Event()

    def fetch(entry: ObjectTypeDef) -> None:
        key, size = entry['Key'], entry['Size']
        path = path_of(root, key[len(prefix) :])
        refuse_way_out(root, path)
        modified = entry['LastModified'].timestamp()
        if files.keep(path, size, modified):
            return
        part = Path(parts, uuid.uuid4().hex)  # in the folder made below
        try:
            with Counter(progress, ended) as count:
                if size < LARGE:
                    read_into(s3, bucket, key, part, extra)
                    count.add(size)
                else:
                    with LARGE_AT_ONCE:
                        count(0)  # raises if all has ended meanwhile
                        download(s3, bucket, key, part, count, extra)
                os.utime(part, (modified, modified))
                files.put(part, path)
        finally:
            if part.exists():
                part.chmod(0o600)  # or Windows may not remove it
                part.unlink()

    with tempfile.TemporaryDirectory('.part', PARTS, root) as parts:
        return do_all(
            fetch,
            wanted,
            lambda entry: entry['Key'],
            threads,
            source=prefix or bucket,
            ended=ended,
        )


def some_entries(
    s3: S3Client, bucket: str, prefix: str, extra: Mapping[str, Any] | None
) -> Iterator[ObjectTypeDef]:
    """Return what is listed below a prefix, which is at least one object."""
    entries = entries_below(s3, bucket, prefix, extra)
    try:
        return chain([next(entries)], entries)
    except StopIteration:
        raise FileNotFoundError(
            f'In the bucket {bucket}, no key starts with {prefix!r}.'
        ) from None
    except (BotoCoreError, ClientError) as error:
        raise SomeFailedError(
            {prefix or bucket: error}, [], stopped=True
        ) from None


class Files:
    """The files of one run: no two keys have the same one."""

    def __init__(self) -> None:
        self.ids: set[tuple[int, int]] = set()
        self.lock = Lock()

    def keep(self, path: Path, size: int, modified: float) -> bool:
        """Keep a file of this size and time; return whether there is one."""
        with self.lock:
            try:
                status = os.lstat(path)
            except FileNotFoundError:
                return False
            self.refuse_taken(status)
            is_same = (
                stat.S_ISREG(status.st_mode)
                and status.st_size == size
                and abs(status.st_mtime - modified) < 0.001
            )
            if is_same:
                self.ids.add((status.st_dev, status.st_ino))
            return is_same

    def put(self, part: Path, path: Path) -> None:
        """Move a file to its place."""
        with self.lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(path):
                self.refuse_taken(os.lstat(path))
            if path.is_file():
                shutil.copymode(path, part)
            try:
                os.replace(part, path)
            except OSError as error:
                # It names the part. Windows refuses to replace what is
                # read-only or in use.
                why = f'it cannot be replaced: {error.strerror}'
                raise OSError(error.errno, why, str(path)) from None
            status = os.lstat(path)
            self.ids.add((status.st_dev, status.st_ino))

    def refuse_taken(self, status: os.stat_result) -> None:
        if (status.st_dev, status.st_ino) in self.ids:
            raise FileExistsError('another key has its file')


def path_of(root: Path, name: str) -> Path:
    """Return the file for what follows the prefix in a key.

    Raises:
        ValueError: there is none.
    """
    path = os.path.join(root, '') + name.replace('/', os.sep)
    # It drops what is no name: `..`, `//`, and on Windows also NUL and `a.`.
    if os.path.abspath(path) != path:
        raise ValueError('no file has this name')
    if os.name == 'nt' and not {':', '\\'}.isdisjoint(name):
        raise ValueError('on Windows, : and \\ are no part of a name')
    return Path(path)


def refuse_way_out(root: Path, path: Path) -> None:
    """Raise a ValueError if a link leads out of the folder."""
    folder = Path(os.path.realpath(path.parent))
    if folder != root and root not in folder.parents:
        raise ValueError('a link on its way leads out of the folder')


def read_into(
    s3: S3Client,
    bucket: str,
    key: str,
    path: Path,
    extra: Mapping[str, Any] | None,
) -> None:
    """Read a small object into a file."""
    body = s3.get_object(Bucket=bucket, Key=key, **(extra or {}))['Body']
    with closing(body), open(path, 'wb') as file:
        for piece in body.iter_chunks(MB):
            file.write(piece)


def remove_old_parts(root: Path) -> None:
    """Remove what a killed download has left, a day ago or earlier."""
    for parts in root.glob(f'{PARTS}*.part'):
        with suppress(OSError):  # another download has ended; or no folder
            if time.time() - os.lstat(parts).st_mtime > DAY:
                shutil.rmtree(parts)


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-site')
    for key in ('site/index.html', 'site/sub/a.txt', 'site/../x'):
        s3.put_object(Bucket='my-site', Key=key, Body=b'Hello')

    with tempfile.TemporaryDirectory() as folder:
        print(download_folder(s3, 'my-site', 'site/sub', folder))
        #> ['site/sub/a.txt']
        print(Path(folder, 'a.txt').read_text())
        #> Hello

        # Again: nothing has to come.
        new: list[int] = []
        download_folder(s3, 'my-site', 'site/sub', folder, progress=new.append)
        print(sum(new), 'bytes')
        #> 0 bytes

        # A key that would be a file outside the folder stays where it is.
        try:
            download_folder(s3, 'my-site', 'site', folder)
        except SomeFailedError as error:
            print(error)
            #> 1 failed, 2 done. site/../x: no file has this name
            print('Done:', error.done)
            #> Done: ['site/index.html', 'site/sub/a.txt']

        try:
            download_folder(s3, 'my-site', '/site', folder)
        except FileNotFoundError as error:
            print(error)
            #> In the bucket my-site, no key starts with '/site/'.


if __name__ == '__main__':
    print('See it run: uv run python -m recipes download_folder')
