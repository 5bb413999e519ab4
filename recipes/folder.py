"""Upload a folder, and download all objects below a prefix.

Ten files move at a time, since a client has ten connections unless it got
`Config(max_pool_connections=…)`. A failure stops none of the others; at
the end, one error names each key that was not moved.

S3 does not guess content types; `mimetypes` does. Links are not followed,
because they may lead out of the folder: what they point to stays behind.

Somebody else may have chosen the keys. `../x` would be a file outside the
folder, and `a//b` the same file as `a/b`. Each key that has no file of its
own is refused. On Windows, names such as `NUL` or `a:b` have none; there
and on macOS, nor have two keys that differ in case alone.

Needs s3:PutObject to upload, s3:ListBucket and s3:GetObject to download.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://nvd.nist.gov/vuln/detail/CVE-2021-32061
https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
"""

from __future__ import annotations

import mimetypes
import os
import sys
import tempfile
import unicodedata
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Iterator

import boto3
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LARGE = 8 * 1024 * 1024  # bytes; from here on, a file moves in parts

ON_WINDOWS = sys.platform == 'win32'
FOLDS_CASE = sys.platform in ('win32', 'darwin')
DEVICES = {'CON', 'PRN', 'AUX', 'NUL', 'CONIN$', 'CONOUT$'} | {
    name + digit for name in ('COM', 'LPT') for digit in '123456789¹²³'
}


class NotMovedError(Exception):
    """Some files were not moved. `reasons` has the reason for each key."""

    def __init__(self, reasons: dict[str, str]) -> None:
        shown = [f'{key}: {why}' for key, why in list(reasons.items())[:20]]
        super().__init__(f'{len(reasons)} not moved. ' + '; '.join(shown))
        self.reasons = reasons


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
    reasons: dict[str, str] = {}
    keys: list[str] = []

    def upload(path: Path) -> None:
        key = prefix + path.relative_to(root).as_posix()
        content_type, encoding = mimetypes.guess_type(path.name)
        extra = {'ContentType': content_type or 'application/octet-stream'}
        if encoding:
            extra['ContentEncoding'] = encoding
        try:
            s3.upload_file(
                Filename=str(path), Bucket=bucket, Key=key, ExtraArgs=extra
            )
            keys.append(key)
        except Exception as error:  # told at the end, with all others
            reasons[key] = str(error)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(upload, files_below(root)))
    if reasons:
        raise NotMovedError(reasons)
    return sorted(keys)


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
        ClientError: S3 does not list the bucket.
        NotMovedError: some keys were refused or failed; all others are there.
    """
    root, prefix = Path(folder).resolve(), with_slash(prefix)
    reasons: dict[str, str] = {}
    keys: list[str] = []

    def download(job: tuple[str, int, Path]) -> None:
        key, size, path = job
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(s3, bucket, key, size, path)
            keys.append(key)
        except Exception as error:  # told at the end, with all others
            reasons[key] = str(error)

    places = Places(root)
    paginator = s3.get_paginator('list_objects_v2')
    with ThreadPoolExecutor(threads) as pool:
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
                    reasons[key] = str(error)
            list(pool.map(download, jobs))
    if reasons:
        raise NotMovedError(reasons)
    return sorted(keys)


def with_slash(prefix: str) -> str:
    """Return a prefix that `site-old/x` does not share with `site/x`."""
    return prefix if prefix.endswith('/') or not prefix else prefix + '/'


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its folders, but no links."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def fetch(s3: S3Client, bucket: str, key: str, size: int, path: Path) -> None:
    """Download one object; the file is there once all of it is there."""
    if size >= LARGE:
        s3.download_file(Bucket=bucket, Key=key, Filename=str(path))
        return
    # One request for a small object: download_file would send a HEAD first.
    # Nobody tries again where a body breaks off, so this does.
    for tries_left in (2, 1, 0):
        try:
            content = s3.get_object(Bucket=bucket, Key=key)['Body'].read()
            break
        except BotoCoreError:
            if not tries_left:
                raise
    part = path.parent / f'.{uuid.uuid4().hex}.part'
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        if part.exists():
            part.unlink()


class Places:
    """The files that keys get below a folder: each its own, or none."""

    def __init__(
        self,
        root: Path,
        on_windows: bool = ON_WINDOWS,
        folds_case: bool = FOLDS_CASE,
    ) -> None:
        self.root = root
        self.on_windows = on_windows
        self.folds_case = folds_case
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
            if self.on_windows and not windows_allows(part):
                raise ValueError(f'Windows has no file {part}')
        same = self.fold(name)
        above = ['/'.join(parts[:n]) for n in range(1, len(parts))]
        other = self.files.get(same) or self.folders.get(same)
        for folder in above:
            other = other or self.files.get(self.fold(folder))
        if other:
            raise ValueError(f'its place is taken by {other}')

        path = self.root.joinpath(*parts)
        if self.root not in path.parent.resolve().joinpath('x').parents:
            raise ValueError('a link on its way leads out of the folder')
        self.files[same] = name
        for folder in above:
            self.folders[self.fold(folder)] = name
        return path

    def fold(self, name: str) -> str:
        """Return what is equal for names of one file."""
        if self.folds_case:
            return unicodedata.normalize('NFC', name.casefold())
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
            #> 1 not moved. site/../x: an empty part, . or .. is no file name
