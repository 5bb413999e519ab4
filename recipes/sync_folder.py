"""Bring a prefix up to date with a folder: upload only what has changed.

A file is uploaded if it has no object, if the size differs, or if it was
changed after the object was stored. S3 reports that time in whole seconds.
So these go unnoticed, if the size stays: a change within the second of the
upload, one by a clock that runs behind that of S3, and a file put back
with an older time.

The listing and the folder are read to their ends before anything changes.
So a folder that is not there, or a listing that fails, deletes nothing. Nor
does a folder without files: it may be a disk that is not mounted. `delete`
starts only where all uploads are done. It spares what somebody has replaced
since the listing, and what has a link on its way in the folder.

Copy folder.py and copy_or_move.py along with it, and name them in the
imports below. Needs s3:ListBucket, s3:PutObject and
s3:AbortMultipartUpload; to delete, s3:DeleteObject, s3:GetObject and boto3
1.35.67, since an older one refuses `IfMatch`.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
https://github.com/boto/boto3/issues/358
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import boto3

from recipes.copy_or_move import delete_one
from recipes.folder import (
    NotMovedError,
    files_below,
    is_link,
    upload_file,
    with_slash,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


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
    threads: int = 10,
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
        NotMovedError: some keys were not uploaded or not deleted.
    """
    root, prefix = Path(folder), with_slash(prefix)
    if not root.is_dir():
        raise NotADirectoryError(f'There is no folder {root}.')
    reasons: dict[str, Exception] = {}
    files = {
        prefix + path.relative_to(root).as_posix(): path
        for path in files_below(root, reasons)
    }
    if delete and not files:
        raise ValueError(f'{root} has no files, so nothing is deleted.')
    there: dict[str, ObjectTypeDef] = {}
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get('Contents', []):
            there[entry['Key']] = entry

    done: list[str] = []

    def upload(key: str) -> None:
        try:
            if has_changed(files[key], there.get(key)):
                upload_file(s3, files[key], bucket, key)
                done.append(key)
        except Exception as error:  # reported at the end
            reasons[key] = error

    deleted: list[str] = []

    def remove(key: str) -> None:
        try:
            # One by one, because a batch cannot name every key.
            delete_one(s3, bucket, there[key])
            deleted.append(key)
        except Exception as error:  # reported at the end
            reasons[key] = error

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(upload, files))
        if delete and not reasons:
            # A key that ends in `/` stands for a folder.
            gone = [
                key
                for key in there
                if key not in files
                and key[-1] != '/'
                and not has_place(root, key[len(prefix) :])
            ]
            list(pool.map(remove, gone))
    if reasons:
        raise NotMovedError(reasons, done + deleted)
    return Done(sorted(done), sorted(deleted), len(files) - len(done))


def has_changed(path: Path, entry: ObjectTypeDef | None) -> bool:
    """Return whether a file differs from its entry in the listing."""
    stat = path.stat()
    return (
        entry is None
        or entry['Size'] != stat.st_size
        or entry['LastModified'].timestamp() < int(stat.st_mtime)
    )


def has_place(root: Path, name: str) -> bool:
    """Return whether there is a file of this name, or a link on its way."""
    path, parts = root, name.split('/')
    if not {'', '.', '..'}.isdisjoint(parts):
        return False
    for part in parts:
        path = path / part
        if is_link(path):
            return True
    return os.path.lexists(path) and not os.path.isdir(path)


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-mirror')

    with tempfile.TemporaryDirectory() as name:
        for file in ('a.txt', 'b.txt'):
            Path(name, file).write_text('Hello')
            os.utime(Path(name, file), (0, time.time() - 60))
        print(sync_folder(s3, name, 'my-mirror', 'site/'))
        #> Done(uploaded=['site/a.txt', 'site/b.txt'], deleted=[], unchanged=0)
        print(sync_folder(s3, name, 'my-mirror', 'site/'))
        #> Done(uploaded=[], deleted=[], unchanged=2)

        Path(name, 'a.txt').write_text('Hello again')
        Path(name, 'b.txt').unlink()
        print(sync_folder(s3, name, 'my-mirror', 'site/', delete=True))
        #> Done(uploaded=['site/a.txt'], deleted=['site/b.txt'], unchanged=0)
