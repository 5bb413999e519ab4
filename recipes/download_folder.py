"""Download all objects below a prefix to a folder.

Somebody else may have chosen the keys. `../x` would be a file outside the
folder, and `a//b` the same file as `a/b`. Each key that has no file of its
own is refused; where names differ in case alone, the disk decides. A prefix
without objects is no error.

A file appears, or is replaced, once all of it is there. Its time is that of
the object, so that `sync_folder` does not send it back. It keeps the mode of
the file that it replaces. A link is replaced, not followed.

Files arrive in a new folder `.s3-download-….part` in yours, on the same disk.
A kill leaves it, and the first download a day later removes it.

Keeps some 300 bytes a key in memory. Ctrl-C waits for the files that have
begun, however large. Copy read_write_many.py and upload_and_download.py along.
Needs s3:ListBucket and s3:GetObject; with a KMS key also kms:Decrypt and
kms:GenerateDataKey.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://nvd.nist.gov/vuln/detail/CVE-2021-32061
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock, Semaphore
from typing import TYPE_CHECKING, Iterator

from read_write_many import (
    SomeFailedError,
    client_for_many,
    do_all,
)
from upload_and_download import download

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

MB = 1024 * 1024
LARGE = 8 * MB  # bytes; from here on, an object comes in parts
DAY = 24 * 60 * 60  # seconds
PREFIX = '.s3-download-'
AT_ONCE = Semaphore(2)  # large objects, each with up to ten connections


def download_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    folder: str | Path,
    threads: int = 20,
) -> list[str]:
    """Download every object below a prefix; return their keys.

    Give it a client of `client_for_many`: it has a connection for each thread.
    An empty object whose key ends in `/` stands for a folder: left out.

    Args:
        prefix: what the keys start with, with or without its final `/`.

    Raises:
        SomeFailedError: some keys failed, or the listing did, which is
            told as the prefix. All others are there.
    """
    if prefix and not prefix.endswith('/'):
        prefix += '/'  # or `site-old/x` would come with `site/x`
    # realpath, because resolve() on Windows may leave a new folder relative.
    root = Path(os.path.realpath(folder))
    root.mkdir(parents=True, exist_ok=True)
    remove_old_parts(root)
    made: set[tuple[int, int]] = set()  # file_id of each file of this run
    lock = Lock()

    def fetch(entry: ObjectTypeDef) -> None:
        path = path_of(root, entry['Key'][len(prefix) :])
        path.parent.mkdir(parents=True, exist_ok=True)
        part = Path(parts, uuid.uuid4().hex)
        try:
            if entry['Size'] < LARGE:
                read_into(s3, bucket, entry['Key'], part)
            else:
                with AT_ONCE:
                    download(s3, bucket, entry['Key'], part)
            modified = entry['LastModified'].timestamp()
            os.utime(part, (modified, modified))
            with lock:
                if os.path.lexists(path) and file_id(path) in made:
                    raise FileExistsError('another key has its file')
                if path.is_file():
                    shutil.copymode(path, part)
                os.replace(part, path)
                made.add(file_id(path))
        finally:
            part.unlink(missing_ok=True)

    with tempfile.TemporaryDirectory('.part', PREFIX, root) as parts:
        entries = objects_below(s3, bucket, prefix)
        return do_all(
            fetch, entries, lambda entry: entry['Key'], threads, prefix
        )


def objects_below(
    s3: S3Client, bucket: str, prefix: str
) -> Iterator[ObjectTypeDef]:
    """Yield the listed objects below a prefix, without "folders"."""
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get('Contents', []):
            if entry['Size'] or not entry['Key'].endswith('/'):
                yield entry


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
    folder = Path(os.path.realpath(os.path.dirname(path)))
    if folder != root and root not in folder.parents:
        raise ValueError('a link on its way leads out of the folder')
    return Path(path)


def read_into(s3: S3Client, bucket: str, key: str, path: Path) -> None:
    """Read a small object into a file."""
    body = s3.get_object(Bucket=bucket, Key=key)['Body']
    with closing(body), open(path, 'wb') as file:
        for piece in body.iter_chunks(MB):
            file.write(piece)


def file_id(path: Path) -> tuple[int, int]:
    """Return what two names for the same file have in common."""
    status = os.lstat(path)
    return status.st_dev, status.st_ino


def remove_old_parts(root: Path) -> None:
    """Remove what a killed download has left, a day ago or earlier."""
    for parts in root.glob(f'{PREFIX}*.part'):
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

        try:
            download_folder(s3, 'my-site', 'site', folder)
        except SomeFailedError as error:
            print(error)
            #> 1 failed, 2 done. site/../x: no file has this name
            print(error.done)
            #> ['site/index.html', 'site/sub/a.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes download_folder')
