"""Read a large CSV row by row, and upload or download a stream.

A body is a stream. `io.TextIOWrapper` makes text of it as it arrives, and
`gzip` unpacks it on the way. Do not split it into lines by `iter_lines` or
`codecs`: a quoted field may hold line breaks, and U+2028 or a form feed
would end a row early. boto3 does not read on where a body breaks off.

`upload_fileobj` reads from where the stream stands. One that you have just
written stands at its end: without `seek(0)`, an empty object replaces
whatever was there. It may also close your stream.

Needs s3:GetObject to read, s3:PutObject to write.
https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/upload_fileobj.html
https://github.com/boto/boto3/issues/4111
https://github.com/boto/s3transfer/issues/80
"""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, Iterator, cast

import boto3
from botocore.exceptions import BotoCoreError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def rows(s3: S3Client, bucket: str, key: str) -> Iterator[dict[str, str]]:
    """Yield each row of a CSV in UTF-8 as a dict; unpack it if key is *.gz.

    Raises:
        ClientError: as S3 says; `NoSuchKey` if there is no such object.
        RuntimeError: the body broke off; it tells after how many rows.
    """
    response = s3.get_object(Bucket=bucket, Key=key)
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
        except (BotoCoreError, EOFError) as error:
            raise RuntimeError(
                f'{bucket}/{key} broke off after {number} rows: {error}'
            ) from error


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-tables')

    table = io.BytesIO()
    with gzip.open(table, 'wt', encoding='utf-8', newline='') as file:
        writer = csv.writer(file)
        writer.writerows([('name', 'size'), ('Zoë', 1), ('two\nlines', 2)])
    table.seek(0)
    s3.upload_fileobj(Fileobj=table, Bucket='my-tables', Key='sizes.csv.gz')
    print('closed:', table.closed)
    #> closed: True

    for row in rows(s3, 'my-tables', 'sizes.csv.gz'):
        print(row)
        #> {'name': 'Zoë', 'size': '1'}
        #> {'name': 'two\nlines', 'size': '2'}

    copy = io.BytesIO()
    s3.download_fileobj(Bucket='my-tables', Key='sizes.csv.gz', Fileobj=copy)
    print(gzip.decompress(copy.getvalue())[:9])
    #> b'name,size'
