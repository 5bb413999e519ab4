"""Read a large CSV row by row.

`rows` keeps a few MB in memory, and goes on if the connection breaks. An
unclosed quote is an error (`strict=True`); Python's csv takes what follows.

Copy open_object.py along. Needs s3:GetObject; with a key of KMS, also
kms:Decrypt.
https://docs.python.org/3/library/csv.html#csv.Dialect.strict
"""

from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING, Iterator

import boto3

from open_object import open_object

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MB = 1024 * 1024


def rows(s3: S3Client, bucket: str, key: str) -> Iterator[dict[str, str]]:
    """Yield each row of a CSV, plain or gzip, as a dict. Row 1 has the names.

    Raises:
        ClientError: as S3 says; `404` if there is no such object,
            `PreconditionFailed` if somebody has replaced it meanwhile.
        csv.Error: this row is no CSV, has too few or too many fields, or one
            above `csv.field_size_limit()`.
        ValueError, EOFError, OSError, zlib.error: it is no UTF-8, or is a
            gzip that is damaged.
    """
    with open_object(s3, bucket, key, buffer=4 * MB) as file:
        is_gzip = file.peek(2)[:2] == b'\x1f\x8b'
        # newline='' leaves line breaks to csv; -sig drops Excel's mark.
        text = io.TextIOWrapper(
            gzip.GzipFile(fileobj=file) if is_gzip else file,
            encoding='utf-8-sig',
            newline='',
        )
        names: list[str] | None = None
        number = 1
        try:
            for fields in csv.reader(text, strict=True):
                if names is None:
                    names = fields
                    if len(set(names)) < len(names):
                        raise csv.Error('two columns have the same name')
                elif fields:
                    if len(fields) != len(names):
                        raise csv.Error(
                            f'{len(fields)} fields instead of {len(names)}'
                        )
                    yield dict(zip(names, fields))
                number += 1
        except csv.Error as error:
            raise csv.Error(f'row {number}: {error}') from error


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-tables')
    s3.put_object(Bucket='my-tables', Key='a.csv', Body='name,size\nZoë,1\n')
    for row in rows(s3, 'my-tables', 'a.csv'):
        print(row)
        #> {'name': 'Zoë', 'size': '1'}


if __name__ == '__main__':
    print('See it run: uv run python -m recipes read_rows')
