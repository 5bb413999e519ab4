"""Sync a folder to a prefix: upload only what has changed.

A file is uploaded if it has no object, if the size differs, or if it is
newer and its MD5 is not the ETag. So a fresh copy of all files uploads none,
except those of 8 MB and more, and what is encrypted with a KMS key.

S3 tells times in whole seconds. So these go unnoticed, if the size stays: a
change within the second of the upload or by a clock that runs behind S3's,
a file put back with an older time, and an object that somebody replaced.

The listing is read to its end before anything changes. So a folder that is
not there, or a listing that fails, deletes nothing; nor does a folder
without files: it may be a disk that is not mounted. But an empty folder in
it deletes its objects. `delete` starts only where all uploads are done. It
spares what somebody has replaced since the listing, and what has a link on
its way in the folder.

Keeps up to 600 bytes an object in memory.

Copy upload_folder.py, upload_and_download.py, move_objects.py and
read_write_many.py along.

Needs s3:ListBucket, s3:PutObject and s3:AbortMultipartUpload; to
delete, s3:DeleteObject, s3:GetObject and boto3 1.35.67, since an older one
refuses `IfMatch`.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from move_objects import delete_if_unchanged
from read_write_many import (
    SomeFailedError,
    client_for_many,
    for_each,
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
) -> Done:
    """Upload what is new or changed below a folder.

    Args:
        prefix: what the keys start with, with or without its final `/`.
        delete: also delete the objects below the prefix that have no file.

    Raises:
        NotADirectoryError: there is no such folder.
        ValueError: it has no files, and `delete` would remove everything.
        ClientError: S3 does not list the bucket. In these three cases,
            nothing was changed.
        SomeFailedError: some keys were not uploaded or not deleted.
    """
    root, prefix = real_folder(folder), with_slash(prefix)
    objects = list_objects(s3, bucket, prefix)
    errors: dict[str, Exception] = {}
    uploaded: list[str] = []
    deleted: list[str] = []
    files = 0

    def send(path: Path) -> None:
        key = key_of(path, root, prefix)
        if has_changed(path, objects.get(key)):
            upload_file(s3, path, bucket, key)
            uploaded.append(key)

    for path, error in for_each(send, files_below(root, errors), threads):
        files += 1
        key = key_of(path, root, prefix)
        objects.pop(key, None)
        if error:
            errors[key] = error

    if delete and not errors:
        if not files:
            raise ValueError(f'{root} has no files, so nothing is deleted.')
        # A key that ends in `/` stands for a folder.
        without_file = (
            key
            for key in objects
            if key[-1] != '/' and not has_place(root, key[len(prefix) :])
        )

        def remove(key: str) -> None:
            # One by one, because a batch cannot name every key.
            etag = objects[key].etag
            delete_if_unchanged(s3, bucket, {'Key': key, 'ETag': etag})

        for key, error in for_each(remove, without_file, threads):
            if error:
                errors[key] = error
            else:
                deleted.append(key)
    uploaded.sort()
    deleted.sort()
    if errors:
        raise SomeFailedError(errors, uploaded + deleted)
    return Done(uploaded, deleted, files - len(uploaded))


def list_objects(s3: S3Client, bucket: str, prefix: str) -> dict[str, Listed]:
    """Return what the listing says of each object below a prefix."""
    objects = {}
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get('Contents', []):
            objects[entry['Key']] = Listed(
                entry['Size'], entry['LastModified'].timestamp(), entry['ETag']
            )
    return objects


def has_changed(path: Path, listed: Listed | None) -> bool:
    """Return whether a file differs from its object."""
    size, nanoseconds = size_and_time(path)
    if not listed or listed.size != size:
        return True
    if nanoseconds // 10**9 <= listed.modified:
        return False
    if size >= LARGE:  # in parts, so its ETag is no MD5
        return True
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False)
    return listed.etag.strip('"') != md5.hexdigest()


def has_place(root: Path, name: str) -> bool:
    """Return whether a name has a file, or a link on its way to it."""
    path = os.path.join(root, '') + name.replace('/', os.sep)
    folder = os.path.dirname(path)
    try:
        if os.path.abspath(path) != path:  # has `..` or `//`: no file
            return False
        if os.path.realpath(folder) != folder:
            return True
    except ValueError:  # no file can have this name
        return False
    return os.path.lexists(path) and not os.path.isdir(path)


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-mirror')

    with tempfile.TemporaryDirectory() as name:
        for file in ('a.txt', 'b.txt'):
            Path(name, file).write_text('Hello')
        print(sync_folder(s3, name, 'my-mirror', 'site'))
        #> Done(uploaded=['site/a.txt', 'site/b.txt'], deleted=[], unchanged=0)
        # Equal files, each newer than its object:
        for file in ('a.txt', 'b.txt'):
            os.utime(Path(name, file), (0, time.time() + 60))
        print(sync_folder(s3, name, 'my-mirror', 'site'))
        #> Done(uploaded=[], deleted=[], unchanged=2)

        Path(name, 'a.txt').write_text('Hello again')
        Path(name, 'b.txt').unlink()
        print(sync_folder(s3, name, 'my-mirror', 'site', delete=True))
        #> Done(uploaded=['site/a.txt'], deleted=['site/b.txt'], unchanged=0)


if __name__ == '__main__':
    print('See it run: uv run python -m recipes sync_folder')
