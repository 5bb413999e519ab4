"""Upload a folder with all its files.

A file takes one request; one of 8 MB and more goes in parts. S3 has no
folders, so empty ones are not stored. Nor does S3 guess content types: they
come from the names. A `.gz` file gets no `ContentEncoding`, because readers
would get it unpacked.

Links are not followed, because they may lead out of the folder: what they
point to stays behind. So does what a killed download leaves: `.….part`.

A file that changes meanwhile is uploaded again, or is an error: upload it
again once it is at rest. Keeps the keys in memory, and 8 MB a thread. Ctrl-C
waits for the files that have begun, however large.

Copy read_write_many.py and upload_and_download.py along with it. Needs
s3:PutObject and s3:AbortMultipartUpload; with a KMS key also
kms:GenerateDataKey and kms:Decrypt.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, Iterator

from read_write_many import (
    client_for_many,
    content_type_of,
    do_all,
    with_slash,
)
from upload_and_download import upload

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

LARGE = 8 * 1024 * 1024  # bytes; from here on, a file goes in parts
AT_ONCE = Semaphore(2)  # large files, each with up to ten connections
PART = re.compile(r'\.(s3-download-\w{8}|[0-9a-f]{32})\.part')


def upload_folder(
    s3: S3Client,
    folder: str | Path,
    bucket: str,
    prefix: str,
    threads: int = 20,
) -> list[str]:
    """Upload every file below a folder; return their keys.

    Give it a client of `client_for_many`: it has a connection for each thread,
    and saves each small file a round trip.

    Args:
        prefix: what the keys start with, with or without its final `/`.

    Raises:
        NotADirectoryError: there is no such folder.
        SomeFailedError: some files were not uploaded; all others were.
    """
    root, prefix = real_folder(folder), with_slash(prefix)
    errors: dict[str, Exception] = {}

    def send(path: Path) -> None:
        upload_file(s3, path, bucket, key_of(path, root, prefix))

    return do_all(
        send,
        files_below(root, errors),
        lambda path: key_of(path, root, prefix),
        threads,
        errors=errors,
    )


def upload_file(s3: S3Client, path: Path, bucket: str, key: str) -> None:
    """Upload a file; upload it again, twice at most, if it has changed."""
    for _ in range(3):
        size, _time = before = size_and_time(path)
        if size < LARGE:
            with open(path, 'rb') as file:
                content = file.read(LARGE)
            # Closed, or an error would keep the content in memory.
            with io.BytesIO(content) as body:
                del content
                s3.put_object(
                    Bucket=bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type_of(key),
                )
        else:
            with AT_ONCE:
                upload(s3, path, bucket, key, content_type_of(key))
        if size_and_time(path) == before:
            return
    raise RuntimeError('it changed each time while it was uploaded')


def size_and_time(path: Path) -> tuple[int, int]:
    """Return what changes with a file: its bytes, and its nanoseconds."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def files_below(root: Path, errors: dict[str, Exception]) -> Iterator[Path]:
    """Yield the files of a folder; add what cannot be read to `errors`."""

    def note(error: OSError) -> None:
        errors[str(error.filename)] = error

    for folder, folders, names in os.walk(root, onerror=note):
        if os.path.realpath(folder) != folder:  # a junction of Windows
            folders.clear()
            continue
        folders[:] = sorted(x for x in folders if not PART.fullmatch(x))
        for name in sorted(names):
            path = Path(folder, name)
            try:
                is_file = stat.S_ISREG(os.lstat(path).st_mode)
            except OSError as error:
                note(error)
                continue
            if is_file and not PART.fullmatch(name):
                yield path


def real_folder(folder: str | Path) -> Path:
    """Return where a folder really is."""
    if not os.path.isdir(folder):
        raise NotADirectoryError(f'There is no folder {folder}.')
    return Path(os.path.realpath(folder))


def key_of(path: Path, root: Path, prefix: str) -> str:
    """Return the key of a file below root."""
    return prefix + path.relative_to(root).as_posix()


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-site')

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, 'sub').mkdir()
        Path(folder, 'sub', 'index.html').write_text('<h1>Hello</h1>')
        Path(folder, 'data.tar.gz').write_bytes(b'...')
        print(upload_folder(s3, folder, 'my-site', 'site'))
        #> ['site/data.tar.gz', 'site/sub/index.html']

    response = s3.head_object(Bucket='my-site', Key='site/data.tar.gz')
    print(response['ContentType'])
    #> application/gzip


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_folder')
