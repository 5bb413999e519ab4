"""Open an object as a file: pandas, Polars, Parquet, zip.

In short:

    import io

    import pandas

    body = s3.get_object(Bucket=bucket, Key='sales.parquet')['Body'].read()
    sales = pandas.read_parquet(io.BytesIO(body))
    print(sales['price'].sum())
    #> 17.5
    s3.put_object(
        Bucket=bucket,
        Key='copy.csv',
        Body=sales.to_csv(index=False),
        ContentType='text/csv',
    )

An `io.BytesIO` is a file in memory. Whatever reads a file takes it: pandas,
Polars, `zipfile`, `tarfile`, Pillow. To store what a program writes into
one, pass `Body=buffer.getvalue()`. To make one zip of many objects, use
`zip_objects`. What goes wrong:

- All of the object is fetched, and is in memory. `open_object` gives a file
  that fetches what is read of it, such as two columns of a Parquet file:

      with open_object(s3, bucket, 'sales.parquet') as file:
          sales = pandas.read_parquet(file, columns=['day', 'price'])

- A small read asks for 256 KB, so a large CSV takes many requests. To read
  from start to end, ask for more at a time:

      with open_object(s3, bucket, 'sales.csv', buffer=8 * 1024**2) as file:
          sales = pandas.read_csv(file)

- pandas tells from a file's name that it is compressed, and here there is no
  name: `pandas.read_csv(file, compression='gzip')`. To write one:
  `Body=gzip.compress(sales.to_csv(index=False).encode())`. With
  `compression='gzip'`, `to_csv` would return plain text.
- Somebody replaces the object while it is read: then the next request is an
  error, since each asks for the ETag that the object had at first.
- The connection breaks in the middle of a body, where boto3 does not try
  again. `open_object` fetches that range again.

`zipfile.ZipFile(file)` lists a large zip, or reads one member of it, with a
few small requests. For text, there is
`io.TextIOWrapper(file, encoding='utf-8')`, for the rows of a CSV `read_rows`.
`polars.read_parquet(file.read())` reads all of it;
`polars.read_parquet(file, columns=['day'], use_pyarrow=True)` does not.

pandas opens `s3://my-bucket/sales.csv` by itself if s3fs is installed. Ask
for `"s3fs>=2024"`: beside boto3, pip may take one of 2020. To store a large
object in a file, use `upload_and_download`: it fetches several parts at a
time.

Needs s3:GetObject. To write, also s3:PutObject and s3:AbortMultipartUpload;
with a key of KMS, also kms:Decrypt and kms:GenerateDataKey.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://pandas.pydata.org/docs/reference/api/pandas.read_csv.html
https://github.com/boto/boto3/issues/2966
"""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import zipfile
from typing import TYPE_CHECKING, Iterable

import boto3
from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3.client import S3Client

MB = 1024 * 1024


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


def zip_objects(
    s3: S3Client, bucket: str, keys: Iterable[str], zip_key: str
) -> None:
    """Store a zip of these objects; it needs room on the disk for it.

    Raises:
        ClientError: as S3 says; `404` if there is no such object. Then
            nothing is stored.
        boto3.exceptions.S3UploadFailedError, BotoCoreError, OSError
    """
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
            for key in keys:
                # Not by download_fileobj: when a response breaks off, it
                # writes the first bytes again to what cannot seek. From
                # 2 GB on, a member must be zip64.
                with open_object(s3, bucket, key) as body, archive.open(
                    key, 'w', force_zip64=True
                ) as member:
                    shutil.copyfileobj(body, member, 8 * MB)
        file.seek(0)
        s3.upload_fileobj(
            Fileobj=file,
            Bucket=bucket,
            Key=zip_key,
            ExtraArgs={'ContentType': 'application/zip'},
        )


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-photos')
    noise = os.urandom(MB)  # which no zip makes smaller
    s3.put_object(Bucket='my-photos', Key='a.png', Body=noise)
    s3.put_object(Bucket='my-photos', Key='note.txt', Body='Hello!')
    zip_objects(s3, 'my-photos', ['a.png', 'note.txt'], 'all.zip')

    # Only the requested ranges of the zip are fetched:
    sizes: list[int] = []
    s3.meta.events.register(
        'after-call.s3.GetObject',
        lambda parsed, **_: sizes.append(parsed.get('ContentLength', 0)),
    )
    with open_object(s3, 'my-photos', 'all.zip', buffer=4096) as file:
        archive = zipfile.ZipFile(file)
        print(archive.namelist(), archive.read('note.txt'))
        #> ['a.png', 'note.txt'] b'Hello!'
    size = s3.head_object(Bucket='my-photos', Key='all.zip')['ContentLength']
    print('Fetched', sum(sizes), 'of', size, 'bytes')
    #> Fetched … of 1049… bytes

    # Somebody replaces it while it is read:
    with open_object(s3, 'my-photos', 'all.zip', buffer=4096) as file:
        file.read(1)
        s3.put_object(Bucket='my-photos', Key='all.zip', Body=bytes(MB))
        file.seek(100_000)
        try:
            file.read(1)
        except ClientError as error:
            print(error)
            #> … (PreconditionFailed) …


if __name__ == '__main__':
    print('See it run: uv run python -m recipes open_object')
