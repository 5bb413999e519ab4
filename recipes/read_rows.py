"""Read a large CSV row by row.

In short:

    import csv
    import io

    body = s3.get_object(Bucket=bucket, Key='sales.csv')['Body']
    text = io.TextIOWrapper(body, encoding='utf-8-sig', newline='')
    for row in csv.DictReader(text):
        print(row)
    #> {'day': '1', 'price': '9.5'}
    #> {'day': '2', 'price': '8'}

The rows come while the file does: only a few KB of it are in memory.
`utf-8-sig` is UTF-8, and drops the mark that Excel puts before it. What goes
wrong with large or foreign files:

- The connection breaks before the end: that is an error in the middle of the
  loop. `rows` goes on from there. It asks for 4 MB at a time.
- The file is a gzip. `rows` sees that by itself.
- In many countries, Excel writes `;` between the fields, and cp1252 instead
  of UTF-8: `rows(s3, bucket, key, delimiter=';', encoding='cp1252')`. With
  the wrong delimiter, all of a row is in one column.
- Python's csv takes a row with too few fields, and all that follows a quote
  that nobody closes. `rows` raises an error with the number of the row.

For pandas, see `open_object`.

Copy open_object.py along. Needs s3:GetObject; with a key of KMS, also
kms:Decrypt.
https://docs.python.org/3/library/csv.html#csv.Dialect.strict
https://docs.python.org/3/library/codecs.html#standard-encodings
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


def rows(
    s3: S3Client,
    bucket: str,
    key: str,
    delimiter: str = ',',
    encoding: str = 'utf-8-sig',
) -> Iterator[dict[str, str]]:
    """Yield each row of a CSV, plain or gzip, as a dict. Row 1 has the names.

    Raises:
        ClientError: as S3 says; `404` if there is no such object,
            `PreconditionFailed` if somebody has replaced it meanwhile.
        csv.Error: this row is no CSV, has too few or too many fields, or one
            above `csv.field_size_limit()`.
        UnicodeError: it has another encoding.
        EOFError, OSError, zlib.error: it is a gzip that is damaged.
    """
    with open_object(s3, bucket, key, buffer=4 * MB) as file:
        is_gzip = file.peek(2)[:2] == b'\x1f\x8b'
        text = io.TextIOWrapper(
            gzip.GzipFile(fileobj=file) if is_gzip else file,
            encoding=encoding,
            newline='',  # csv sees to line breaks
        )
        names: list[str] | None = None
        number = 1
        try:
            for fields in csv.reader(text, delimiter=delimiter, strict=True):
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

    # As Excel writes it in many countries, and packed:
    table = gzip.compress('name;size\nZoë;1,5\n'.encode('cp1252'))
    s3.put_object(Bucket='my-tables', Key='b.csv.gz', Body=table)
    for row in rows(s3, 'my-tables', 'b.csv.gz', ';', 'cp1252'):
        print(row)
        #> {'name': 'Zoë', 'size': '1,5'}

    # With a field too many:
    s3.put_object(Bucket='my-tables', Key='c.csv', Body='name,size\nKim,2,5\n')
    try:
        print(list(rows(s3, 'my-tables', 'c.csv')))
    except csv.Error as error:
        print(error)
        #> row 2: 3 fields instead of 2


if __name__ == '__main__':
    print('See it run: uv run python -m recipes read_rows')
