"""Upload a folder, and download all objects below a prefix.

Ten files move at a time, for the ten connections that a client has unless
it got `Config(max_pool_connections=…)`; one of 8 MB and more opens others
for its parts. A failure stops none of the others: at the end, one error
has the reason for each key, and tells what was done.

S3 does not guess content types; `mimetypes` does. Links are not followed,
because they may lead out of the folder: what they point to stays behind.

Somebody else may have chosen the keys. `../x` would be a file outside the
folder, and `a//b` the same file as `a/b`. Each key that has no file of its
own is refused. On Windows, names such as `NUL` or `a:b` have none; there
and on macOS, nor have two keys that differ in case alone. (This goes by
the system. Other disks may have rules of their own.)

Before boto3 1.38.22, an object of 8 MB and more that somebody replaces
during its download can arrive as a mixture of both.

Needs s3:PutObject and s3:AbortMultipartUpload to upload, s3:ListBucket and
s3:GetObject to download.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://nvd.nist.gov/vuln/detail/CVE-2021-32061
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
https://github.com/boto/s3transfer/blob/develop/CHANGELOG.rst
"""

from __future__ import annotations

import mimetypes
import os
import stat
import sys
import tempfile
import unicodedata
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Iterator

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LARGE = 8 * 1024 * 1024  # bytes; from here on, a file moves in parts

# boto3 does not read on where a body breaks off.
BROKEN = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT
DEVICES = {'CON', 'PRN', 'AUX', 'NUL', 'CONIN$', 'CONOUT$'} | {
    name + digit for name in ('COM', 'LPT') for digit in '123456789¹²³'
}


class NotMovedError(Exception):
    """Some keys failed: `reasons` has an error for each, `done` the rest."""

    def __init__(self, reasons: dict[str, Exception], done: list[str]) -> None:
        shown = [f'{key}: {why}' for key, why in list(reasons.items())[:20]]
        super().__init__(f'{len(reasons)} failed. ' + '; '.join(shown))
        self.reasons = reasons
        self.done = sorted(done)


def upload_folder(
    s3: S3Client,
    folder: str | Path,
    bucket: str,
    prefix: str,
    threads: int = 10,
) -> list[str]:
    """Upload every file below a folder; return their keys.

    Args:
        prefix: what the keys start with, with or without its final `/`.

    Raises:
        NotADirectoryError: there is no such folder; nothing was uploaded.
        NotMovedError: some files were not uploaded; all others were.
    """
    root, prefix = Path(folder), with_slash(prefix)
    if not root.is_dir():
        raise NotADirectoryError(f'There is no folder {root}.')
    reasons: dict[str, Exception] = {}
    done: list[str] = []

    def upload(path: Path) -> None:
        key = prefix + path.relative_to(root).as_posix()
        try:
            upload_file(s3, path, bucket, key)
            done.append(key)
        except Exception as error:  # reported at the end
            reasons[key] = error

    files = files_below(root, reasons)
    with ThreadPoolExecutor(threads) as pool:
        # By the thousand, because a pool remembers all that it is given.
        while block := list(islice(files, 1000)):
            list(pool.map(upload, block))
    if reasons:
        raise NotMovedError(reasons, done)
    return sorted(done)


def download_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    folder: str | Path,
    threads: int = 10,
) -> list[str]:
    """Download every object below a prefix; return their keys.

    A file appears, or is replaced, once all of it is there. Objects
    without content whose key ends in `/` stand for folders: left out.

    Args:
        prefix: what the keys start with, with or without its final `/`.

    Raises:
        NotMovedError: some keys were refused or failed, or the listing did,
            which is reported under the prefix; all others are there.
    """
    # realpath, because resolve() on Windows may leave a new folder relative.
    root, prefix = Path(os.path.realpath(folder)), with_slash(prefix)
    reasons: dict[str, Exception] = {}
    done: list[str] = []

    def download(job: tuple[str, int, Path]) -> None:
        key, size, path = job
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(s3, bucket, key, size, path)
            done.append(key)
        except Exception as error:  # reported at the end
            reasons[key] = error

    places = Places(root)
    paginator = s3.get_paginator('list_objects_v2')
    with ThreadPoolExecutor(threads) as pool:
        try:
            for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
                jobs = []
                for entry in page.get('Contents', []):
                    key, size = entry['Key'], entry['Size']
                    if key.endswith('/') and size == 0:
                        continue
                    try:
                        path = places.take(key[len(prefix) :])
                        jobs.append((key, size, path))
                    except ValueError as error:
                        reasons[key] = error
                list(pool.map(download, jobs))
        except (BotoCoreError, ClientError) as error:
            reasons[prefix] = error
    if reasons:
        raise NotMovedError(reasons, done)
    return sorted(done)


def with_slash(prefix: str) -> str:
    """Return a prefix that `site-old/x` does not share with `site/x`."""
    return prefix if prefix.endswith('/') or not prefix else prefix + '/'


def files_below(
    root: Path, unreadable: dict[str, Exception]
) -> Iterator[Path]:
    """Yield the files of a folder and its folders, but no links.

    Adds an error to `unreadable` for whatever cannot be looked at.
    """

    def note(error: OSError) -> None:
        unreadable[str(error.filename)] = error

    for folder, folders, names in os.walk(root, onerror=note):
        folders[:] = [x for x in folders if not is_link(Path(folder, x))]
        for name in sorted(names):
            path = Path(folder, name)
            try:
                mode = os.lstat(path).st_mode
            except OSError as error:
                note(error)
                continue
            if stat.S_ISREG(mode):
                yield path


def is_link(path: Path) -> bool:
    """Return whether a path is a link, or a junction of Windows."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):  # nothing is there, or the name has a NUL
        return False
    tag = getattr(found, 'st_reparse_tag', 0)  # only Windows has it
    return stat.S_ISLNK(found.st_mode) or tag == JUNCTION


def upload_file(s3: S3Client, path: Path, bucket: str, key: str) -> None:
    """Upload one file with the content type and encoding of its name."""
    content_type, encoding = mimetypes.guess_type(path.name)
    extra = {'ContentType': content_type or 'application/octet-stream'}
    if encoding:
        extra['ContentEncoding'] = encoding
    s3.upload_file(Filename=str(path), Bucket=bucket, Key=key, ExtraArgs=extra)


def fetch(s3: S3Client, bucket: str, key: str, size: int, path: Path) -> None:
    """Download one object; the file is there once all of it is there."""
    part = path.parent / f'.{uuid.uuid4().hex}.part'
    try:
        if size >= LARGE:
            s3.download_file(Bucket=bucket, Key=key, Filename=str(part))
        else:
            part.write_bytes(read(s3, bucket, key))
        os.replace(part, path)
    finally:
        if part.exists():
            part.unlink()


def read(s3: S3Client, bucket: str, key: str) -> bytes:
    """Return a small object; download_file would send a HEAD first."""
    for tries_left in (2, 1, 0):
        try:
            content = s3.get_object(Bucket=bucket, Key=key)['Body'].read()
            break
        except BROKEN:
            if not tries_left:
                raise
    return content


class Places:
    """The files that keys get below a folder: each its own, or none."""

    def __init__(self, root: Path, platform: str = sys.platform) -> None:
        self.root = root
        self.platform = platform
        self.files: dict[str, str] = {}
        self.folders: dict[str, str] = {}

    def take(self, name: str) -> Path:
        """Return the path for what follows the prefix in a key.

        Raises:
            ValueError: it has none, or another key has it already.
        """
        parts = name.split('/')
        for part in parts:
            if part in ('', '.', '..') or '\0' in part:
                raise ValueError('an empty part, . or .. is no file name')
            if self.platform == 'win32' and not windows_allows(part):
                raise ValueError(f'Windows has no file {part}')
        same = self.fold(name)
        above = ['/'.join(parts[:n]) for n in range(1, len(parts))]
        other = self.files.get(same) or self.folders.get(same)
        for folder in above:
            other = other or self.files.get(self.fold(folder))
        if other:
            raise ValueError(f'its place is taken by {other}')

        path = self.root.joinpath(*parts)
        place = Path(os.path.realpath(path.parent), 'x')
        if self.root not in place.parents:
            raise ValueError('a link on its way leads out of the folder')
        self.files[same] = name
        for folder in above:
            self.folders[self.fold(folder)] = name
        return path

    def fold(self, name: str) -> str:
        """Return what is equal for names that the platform takes for one."""
        if self.platform == 'darwin':
            return unicodedata.normalize('NFC', name.casefold())
        if self.platform == 'win32':  # which upper-cases one by one
            upper = [(char, char.upper()) for char in name]
            return ''.join(big if len(big) == 1 else c for c, big in upper)
        return name


def windows_allows(part: str) -> bool:
    """Return whether a file on Windows can have this name."""
    return not (
        any(char < ' ' or char in '<>:"\\|?*' for char in part)
        or part[-1] in '. '
        or part.split('.')[0].rstrip().upper() in DEVICES
    )


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-site')

    with tempfile.TemporaryDirectory() as name:
        here, there = Path(name, 'here'), Path(name, 'there')
        (here / 'sub').mkdir(parents=True)
        (here / 'sub' / 'index.html').write_text('<h1>Hello</h1>')
        (here / 'data.tar.gz').write_bytes(b'...')

        print(upload_folder(s3, here, 'my-site', 'site/'))
        #> ['site/data.tar.gz', 'site/sub/index.html']
        response = s3.head_object(Bucket='my-site', Key='site/data.tar.gz')
        print(response['ContentType'], response['ContentEncoding'])
        #> application/x-tar gzip

        print(download_folder(s3, 'my-site', 'site/', there))
        #> ['site/data.tar.gz', 'site/sub/index.html']
        print((there / 'sub' / 'index.html').read_text())
        #> <h1>Hello</h1>

        s3.put_object(Bucket='my-site', Key='site/../x', Body=b'...')
        try:
            download_folder(s3, 'my-site', 'site/', there)
        except NotMovedError as error:
            print(error)
            #> 1 failed. site/../x: an empty part, . or .. is no file name
