"""Open an object as a file: pandas, Polars, Parquet, zip.

`open_object` gives a binary file that can seek, and fetches only what is
read of it: one member of a large zip, or some columns of a Parquet file:

    with open_object(s3, 'my-bucket', 'sales.parquet') as file:
        sales = pandas.read_parquet(file, columns=['day', 'price'])

- `pandas.read_csv(file)` needs pandas; `pandas.read_parquet(file)` needs
  pandas and pyarrow.
- `polars.read_csv(file.read())` and `polars.read_parquet(file.read())` need
  polars, which reads all of a file before it starts. To fetch only columns:
  `polars.read_parquet(file, columns=['day'], use_pyarrow=True)`, with
  polars and pyarrow.
- To write one, use `s3.put_object(…, Body=sales.to_csv(index=False))`, or
  `Body=sales.to_parquet()`.
- `zipfile.ZipFile(file)`, `tarfile.open(fileobj=file)` and, for text,
  `io.TextIOWrapper(file, encoding='utf-8')` come with Python.

Each read asks for the ETag that the object had when it was opened. So if
somebody replaces it, the next request is an error, never a mixture. boto3
does not try again where a body breaks off; here, that range is fetched
again. To store a large object in a file, use `upload_and_download`: it
fetches several parts at a time.

Needs s3:GetObject, and s3:PutObject to write.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://github.com/boto/boto3/issues/2966
"""

from __future__ import annotations

import errno
import io
import os
import zipfile
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3.client import S3Client


class _Ranges(io.RawIOBase):
    """The bytes of an object, unbuffered: each read is one request."""

    def __init__(self, s3: S3Client, bucket: str, key: str) -> None:
        head = s3.head_object(Bucket=bucket, Key=key)
        self.s3, self.bucket, self.key = s3, bucket, key
        self.size, self.etag = head['ContentLength'], head['ETag']
        self.position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if self.closed:
            raise ValueError('seek of closed file')
        starts = {
            io.SEEK_SET: 0,
            io.SEEK_CUR: self.position,
            io.SEEK_END: self.size,
        }
        if whence not in starts:
            raise ValueError(f'invalid whence: {whence}')
        if starts[whence] + offset < 0:
            # As for a file on a disk, which zipfile counts on.
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self.position = starts[whence] + offset
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
            response = self.s3.get_object(
                Bucket=self.bucket,
                Key=self.key,
                Range=f'bytes={self.position}-{end - 1}',
                IfMatch=self.etag,
            )
            try:
                content = response['Body'].read()
                break
            except (HTTPClientError, IncompleteReadError):
                if not tries_left:
                    raise
        self.position += len(content)
        return content


class _Buffered(io.BufferedReader):
    def read1(self, size: int = -1, /) -> bytes:
        # TextIOWrapper, and so pandas, calls this for 8 KB at a time. That
        # of the base class would send a request for each.
        self.peek(1)
        return super().read1(size)


def open_object(
    s3: S3Client, bucket: str, key: str, buffer: int = 256 * 1024
) -> io.BufferedReader:
    """Open an object as a binary file that can seek.

    Args:
        buffer: how many bytes a request for a small read asks for. With
            more, fewer requests read a file from its start to its end.

    Raises:
        ClientError: as S3 says; `404` if there is no such object. A later
            read raises `PreconditionFailed` if somebody has replaced it,
            and `NoSuchKey` if somebody has deleted it.
    """
    return _Buffered(_Ranges(s3, bucket, key), buffer)


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

    fetched = []
    s3.meta.events.register(
        'after-call.s3.GetObject',
        lambda parsed, **_: fetched.append(parsed.get('ContentLength', 0)),
    )
    with open_object(
        s3, 'my-packages', 'a.zip', buffer=4096
    ) as file, zipfile.ZipFile(file) as archive:
        print(archive.read('note.txt'))
        #> b'Hello!'
    print(len(fetched), 'requests, less than 20 KB:', sum(fetched) < 20_000)
    #> 4 requests, less than 20 KB: True

    with open_object(s3, 'my-packages', 'a.zip', buffer=4096) as file:
        file.read(1)
        s3.put_object(Bucket='my-packages', Key='a.zip', Body=b'another')
        file.seek(100_000)
        try:
            file.read(1)
        except ClientError as error:
            print(error.response['Error']['Code'])
            #> PreconditionFailed


if __name__ == '__main__':
    print('See it run: uv run python -m recipes open_object')
