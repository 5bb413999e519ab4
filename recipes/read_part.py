"""Read a part of a large object: one member of a zip, a Parquet footer.

`open_object` gives a binary file that can seek. Each read asks S3 for a
range of bytes and for the ETag that the object had when it was opened. So
if somebody replaces it, the next read is an error, never a mixture. Where
a body breaks off, the read is tried again.

It works with what takes such a file: `zipfile.ZipFile`, `tarfile.open`,
`pyarrow.parquet.read_table`, `pandas.read_parquet`. Small reads share one
request of up to `buffer` bytes, so a larger buffer means fewer requests.

Needs s3:GetObject.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://github.com/boto/boto3/issues/2966
"""

from __future__ import annotations

import errno
import io
import zipfile
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3.client import S3Client


# boto3 does not read on where a body breaks off.
BROKEN = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)


class _Ranges(io.RawIOBase):
    """The bytes of an object, unbuffered: each read is one request."""

    def __init__(self, s3: S3Client, bucket: str, key: str) -> None:
        try:
            there = s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            error.args = (f'{bucket}/{key}: {error}',)
            raise
        self.s3, self.bucket, self.key = s3, bucket, key
        self.size, self.etag = there['ContentLength'], there['ETag']
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {
            io.SEEK_SET: 0,
            io.SEEK_CUR: self.position,
            io.SEEK_END: self.size,
        }[whence]
        if start + offset < 0:
            # As for a file on a disk, which zipfile counts on.
            raise OSError(errno.EINVAL, 'before the first byte')
        self.position = start + offset
        return self.position

    def readall(self) -> bytes:
        # That of the base class would send a request for every 8 KB.
        return self._get(self.size - self.position)

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast('B')
        content = self._get(len(view))
        view[: len(content)] = content
        return len(content)

    def _get(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none behind the end."""
        end = min(self.position + size, self.size)
        if end <= self.position:
            return b''
        for tries_left in (2, 1, 0):
            try:
                response = self.s3.get_object(
                    Bucket=self.bucket,
                    Key=self.key,
                    Range=f'bytes={self.position}-{end - 1}',
                    IfMatch=self.etag,
                )
                content = response['Body'].read()
                break
            except ClientError as error:
                code = error.response['Error']['Code']
                if code in ('PreconditionFailed', 'NoSuchKey'):
                    raise OSError(
                        f'{self.bucket}/{self.key} was replaced or deleted '
                        'while it was read: open it again.'
                    ) from error
                error.args = (f'{self.bucket}/{self.key}: {error}',)
                raise
            except BROKEN as error:
                if not tries_left:
                    error.args = (f'{self.bucket}/{self.key}: {error}',)
                    raise
        self.position += len(content)
        return content


def open_object(
    s3: S3Client, bucket: str, key: str, buffer: int = 256 * 1024
) -> io.BufferedReader:
    """Open an object as a binary file that can seek.

    Args:
        buffer: how many bytes a request for a small read asks for.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        OSError: on a later read, if somebody has replaced the object.
    """
    return io.BufferedReader(_Ranges(s3, bucket, key), buffer)


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-packages')
    package = io.BytesIO()
    with zipfile.ZipFile(package, 'w') as archive:
        archive.writestr('large.bin', bytes(10 * 1024 * 1024))
        archive.writestr('note.txt', 'Hello!')
    package.seek(0)
    s3.upload_fileobj(Fileobj=package, Bucket='my-packages', Key='a.zip')

    got = []
    s3.meta.events.register(
        'after-call.s3.GetObject',
        lambda parsed, **_: got.append(parsed.get('ContentLength', 0)),
    )
    with open_object(
        s3, 'my-packages', 'a.zip', buffer=4096
    ) as file, zipfile.ZipFile(file) as archive:
        print(archive.read('note.txt'))
        #> b'Hello!'
    print(len(got), 'requests, less than 20 KB:', sum(got) < 20_000)
    #> 4 requests, less than 20 KB: True

    with open_object(s3, 'my-packages', 'a.zip', buffer=4096) as file:
        file.read(1)
        s3.put_object(Bucket='my-packages', Key='a.zip', Body=b'another')
        file.seek(100_000)
        try:
            file.read(1)
        except OSError as error:
            print(error)
            #> my-packages/a.zip was replaced or deleted while it was read: …
