"""Sync a folder to a prefix: upload only what has changed.

In short:

    from mimetypes import guess_type
    from pathlib import Path

    paginator = s3.get_paginator('list_objects_v2')
    pages = paginator.paginate(Bucket=bucket, Prefix=prefix)
    remote = {x['Key']: x for page in pages for x in page.get('Contents', [])}
    for path in Path('photos').rglob('*'):
        key = prefix + path.relative_to('photos').as_posix()
        file, entry = path.stat(), remote.get(key)
        same_size = entry and file.st_size == entry['Size']
        is_older = entry and file.st_mtime < entry['LastModified'].timestamp()
        if path.is_file() and not (same_size and is_older):
            kind = guess_type('x' + path.suffix)[0]  # of .tar.gz, that of .gz
            kind = kind or 'application/octet-stream'
            s3.upload_file(str(path), bucket, key, {'ContentType': kind})

A file is not sent if its object has the same size and was stored after the
last change of the file. Nothing is deleted in the bucket. `sync_folder` does
that with `delete=True`; with `dry_run=True`, it only returns what it would do.
All that can go wrong with `upload_folder` can go wrong here, and more:

- After `git clone` or a copy, all files have a new time, and are sent again.
  `sync_folder` then compares the MD5 of a file with the ETag, and sends what
  differs. It cannot do so for files of 8 MB and more, nor for what is
  encrypted with a KMS key: they are sent again.
- What you have deleted or renamed stays in the bucket. `delete=True` deletes
  the objects that have no file. As this is dangerous, it begins only if there
  is no error and all uploads are done; a folder without files deletes
  nothing, because it may be a disk that is not mounted. But an empty folder
  in it deletes its objects.

`delete` leaves alone what `skip` leaves out, what has a link on its way that
is not followed, what can have no file here (as `a:b` on Windows, and `../x`),
and what somebody has replaced since the listing, which is an error.

These go unnoticed, if the size stays: a change by a clock that runs behind
S3's, a file put back with an older time, and an object that somebody
replaced. Nor does another `extra` send a file that is the same.

`skip`, `extra`, `progress` and `follow_links` are those of `upload_folder`:
without `skip`, `.env` and `.git` go along, and each link is an error. Keeps up
to 600 bytes an object in memory.

Copy upload_folder.py, download_folder.py, upload_and_download.py and
read_write_many.py along.

Needs s3:ListBucket, s3:PutObject and s3:AbortMultipartUpload; to
delete, s3:DeleteObject, s3:GetObject and boto3 1.35.67, since an older one
refuses `IfMatch`. With a KMS key also kms:GenerateDataKey and kms:Decrypt.
Needs boto3 1.36 and Python 3.9.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from download_folder import path_of
from read_write_many import (
    Counter,
    SomeFailedError,
    client_for_many,
    delete_if_unchanged,
    do_all,
    entries_below,
    is_skipped,
    with_slash,
)
from upload_folder import (
    LARGE,
    files_below,
    key_of,
    real_folder,
    size_and_time,
    upload_file,
)

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping

    from mypy_boto3_s3.client import S3Client


class Listed(NamedTuple):
    """What a listing says of an object: bytes, seconds, ETag."""

    size: int
    modified: float
    etag: str


class Done(NamedTuple):
    """What a run did: keys in order, and how many files it left alone."""

    uploaded: list[str]
    deleted: list[str]
    unchanged: int


def sync_folder(
    s3: S3Client,
    folder: str | Path,
    bucket: str,
    prefix: str,
    delete: bool = False,
    threads: int = 20,
    skip: Iterable[str] = (),
    extra: Mapping[str, Any] | None = None,
    progress: Callable[[int], object] | None = None,
    follow_links: bool = False,
    dry_run: bool = False,
) -> Done:
    """Upload what is new or changed below a folder.

    Args:
        prefix: what the keys start with, with or without its final `/`.
        delete: also delete the objects below the prefix that have no file.
        skip: patterns for names or paths: what they leave out is neither
            uploaded nor deleted.
        extra: what else to tell S3 of each file: boto3's `ExtraArgs`.
        progress: called with bytes, by one thread at a time. What it raises
            ends all, as Ctrl-C does.
        follow_links: whether to upload what links lead to.
        dry_run: change nothing, and return what would be done.

    Raises:
        NotADirectoryError: there is no such folder.
        ValueError: it has no files, and `delete` would remove everything.
            In both cases, nothing was changed.
        SomeFailedError: some keys were not uploaded or not deleted; or the
            listing failed, which is reported as the prefix, and nothing was
            changed.
    """
    root, prefix = real_folder(folder), with_slash(prefix)
    skip = [skip] if isinstance(skip, str) else list(skip)
    try:
        objects = listed_below(s3, bucket, prefix, extra)
    except (BotoCoreError, ClientError) as error:
        raise SomeFailedError(
            {prefix or bucket: error}, [], stopped=True
        ) from None
    uploaded: list[str] = []
    ended = Event()

    def send(path: Path) -> None:
        key = key_of(path, root, prefix)
        if not has_changed(path, objects.get(key)):
            return
        if not dry_run:
            with Counter(progress, ended) as count:
                upload_file(s3, path, bucket, key, extra, count)
        uploaded.append(key)

    def remove(key: str) -> None:
        if not dry_run:
            # One by one, because a batch cannot name every key.
            etag = objects[key].etag
            delete_if_unchanged(s3, bucket, key, etag, extra)

    errors: dict[str, Exception] = {}
    try:
        keys = do_all(
            send,
            files_below(root, errors, skip, follow_links),
            lambda path: key_of(path, root, prefix),
            threads,
            errors=errors,
            ended=ended,
        )
    except SomeFailedError as error:
        # Its `done` has what was left alone, too.
        raise SomeFailedError(
            error.errors, sorted(uploaded), error.stopped
        ) from None
    deleted: list[str] = []
    if delete:
        if not keys:
            raise ValueError(f'{root} has no files, so nothing is deleted.')
        for key in keys:
            objects.pop(key, None)
        without_file = [
            key
            for key in objects
            if not is_skipped(key[len(prefix) :], skip)
            and lacks_file(root, key[len(prefix) :], follow_links)
        ]
        try:
            deleted = do_all(remove, without_file, str, threads)
        except SomeFailedError as error:
            done = sorted(uploaded) + error.done
            raise SomeFailedError(error.errors, done, error.stopped) from None
    return Done(sorted(uploaded), deleted, len(keys) - len(uploaded))


def listed_below(
    s3: S3Client,
    bucket: str,
    prefix: str,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Listed]:
    """Return what the listing says of each object below a prefix."""
    return {
        entry['Key']: Listed(
            entry['Size'], entry['LastModified'].timestamp(), entry['ETag']
        )
        for entry in entries_below(s3, bucket, prefix, extra)
    }


def has_changed(path: Path, listed: Listed | None) -> bool:
    """Return whether a file differs from its object."""
    size, nanoseconds = size_and_time(path)
    if not listed or listed.size != size:
        return True
    # A millisecond more, since one of these times was a float.
    if nanoseconds / 10**9 <= listed.modified + 0.001:
        return False
    if size >= LARGE:  # in parts, so its ETag is no MD5
        return True
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False)
    return listed.etag.strip('"') != md5.hexdigest()


def lacks_file(root: Path, name: str, follow_links: bool) -> bool:
    """Return whether there could be a file of this name, but is none."""
    try:
        path = path_of(root, name)
        folder = os.path.dirname(path)
        if not follow_links and os.path.realpath(folder) != folder:
            return False
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):  # as `a/`, no file can have this name
        return False


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-mirror')

    with tempfile.TemporaryDirectory() as name:
        for file in ('a.txt', 'b.txt', '.env'):
            Path(name, file).write_text('Hello')
        print(sync_folder(s3, name, 'my-mirror', 'site', skip=['.env']))
        #> Done(uploaded=['site/a.txt', 'site/b.txt'], deleted=[], unchanged=0)

        # As after a copy: equal files, each newer than its object.
        for file in ('a.txt', 'b.txt'):
            os.utime(Path(name, file), (0, time.time() + 60))
        print(sync_folder(s3, name, 'my-mirror', 'site', skip=['.env']))
        #> Done(uploaded=[], deleted=[], unchanged=2)

        # What would a sync do that also deletes?
        Path(name, 'a.txt').write_text('Hello again')
        Path(name, 'b.txt').unlink()
        print(sync_folder(
            s3, name, 'my-mirror', 'site',
            delete=True, skip=['.env'], dry_run=True,
        ))
        #> Done(uploaded=['site/a.txt'], deleted=['site/b.txt'], unchanged=0)
        print(s3.list_objects_v2(Bucket='my-mirror')['KeyCount'], 'objects')
        #> 2 objects

        # Without `dry_run`, it does that.
        sync_folder(s3, name, 'my-mirror', 'site', delete=True, skip=['.env'])
        print(s3.list_objects_v2(Bucket='my-mirror')['KeyCount'], 'object')
        #> 1 object


if __name__ == '__main__':
    print('See it run: uv run python -m recipes sync_folder')
