"""Read a large CSV row by row, and upload what has no known size.

A body is a stream. `io.TextIOWrapper` makes text of it as it arrives, and
`gzip` unpacks it on the way. Do not split it into lines yourself: a quoted
field may hold line breaks, and for `codecs` U+2028 or a form feed would be
one, too. boto3 does not read on where a body breaks off.

`upload_fileobj` reads from where the stream stands. One that you have just
written stands at its end: without `seek(0)`, an empty object replaces
whatever was there. It may also close your stream. It takes a stream that
cannot seek, too, in parts, and keeps some ten of them in memory: about 100
MB with parts of 8 MB. If the source fails, it removes the parts and raises
the error. Without a known size, 10,000 parts are the end: 80 GB.

Needs s3:GetObject to read, s3:PutObject and s3:AbortMultipartUpload to write.
https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/upload_fileobj.html
https://github.com/boto/boto3/issues/4111
https://github.com/boto/s3transfer/issues/80
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Iterable, Iterator, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3.client import S3Client


# A body that breaks off, is no gzip, is no UTF-8, or is no CSV.
BROKEN = (BotoCoreError, EOFError, OSError, zlib.error, ValueError, csv.Error)


def rows(s3: S3Client, bucket: str, key: str) -> Iterator[dict[str, str]]:
    """Yield each row of a CSV in UTF-8 as a dict; unpack it if key is *.gz.

    Raises:
        ClientError: as S3 says; `NoSuchKey` if there is no such object.
        RuntimeError: the body broke off, or is no such CSV; it says after
            how many rows.
    """
    try:
        response = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    number = 0
    with closing(response['Body']) as body:
        stream = cast('BinaryIO', body)
        if key.endswith('.gz'):
            stream = cast('BinaryIO', gzip.GzipFile(fileobj=stream))
        # newline='' leaves line breaks to csv; -sig drops what Excel puts
        # in front of a CSV.
        text = io.TextIOWrapper(stream, encoding='utf-8-sig', newline='')
        try:
            for row in csv.DictReader(text):
                yield row
                number += 1
        except BROKEN as error:
            raise RuntimeError(
                f'{bucket}/{key}, after {number} rows: {error}'
            ) from error


class _Chunks(io.RawIOBase):
    """Chunks of bytes, as a stream that can be read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks = iter(chunks)
        self.rest = memoryview(b'')

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast('B')
        while not self.rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self.rest = memoryview(chunk)
        size = min(len(view), len(self.rest))
        view[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def upload_chunks(
    s3: S3Client, bucket: str, key: str, chunks: Iterable[bytes]
) -> None:
    """Upload what a generator yields, as it yields it.

    Raises:
        ClientError: as S3 says. Then, and if `chunks` raises, nothing is
            stored, unless only the response got lost.
    """
    # BufferedReader, because upload_fileobj takes a short read for the end
    # of a part, and S3 refuses parts below 5 MiB.
    stream = io.BufferedReader(_Chunks(chunks))
    try:
        s3.upload_fileobj(Fileobj=stream, Bucket=bucket, Key=key)
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-tables')

    table = io.BytesIO()
    # As Excel writes it, with U+FEFF in front, and with line breaks in it.
    with gzip.open(table, 'wt', encoding='utf-8-sig', newline='') as file:
        writer = csv.writer(file)
        writer.writerows([('name', 'size'), ('Zoë', 1)])
        writer.writerow(['line\nline\u2028line', 2])
    table.seek(0)
    s3.upload_fileobj(Fileobj=table, Bucket='my-tables', Key='sizes.csv.gz')
    print('closed:', table.closed)
    #> closed: True

    for row in rows(s3, 'my-tables', 'sizes.csv.gz'):
        print(row)
        #> {'name': 'Zoë', 'size': '1'}
        #> {'name': 'line\nline\u2028line', 'size': '2'}

    copy = io.BytesIO()
    s3.download_fileobj(Bucket='my-tables', Key='sizes.csv.gz', Fileobj=copy)
    print(gzip.decompress(copy.getvalue())[:12])
    #> b'\xef\xbb\xbfname,size'

    chunks = (b'x' * 1_000_000 for _ in range(9))
    upload_chunks(s3, 'my-tables', 'large.txt', chunks)
    there = s3.head_object(Bucket='my-tables', Key='large.txt')
    print(there['ContentLength'], 'bytes in parts:', '-2' in there['ETag'])
    #> 9000000 bytes in parts: True
