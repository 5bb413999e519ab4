"""List keys or folders; find by date or suffix; count.

S3 finds keys by their first characters alone. Anything else means to list
all keys below a prefix and to look at each: a request for every 1,000 keys,
billed as a LIST, with one page in memory. Put the date into the key, and
the prefix does the work. (`search()` of a paginator does no more, and yields
a `None` for a page without keys.)

For a whole bucket, CloudWatch reports number and size once a day, old
versions and unfinished uploads included. For many millions of keys, S3
Inventory writes a list of them every day or week.

Needs s3:ListBucket.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
https://github.com/boto/boto3/issues/355
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Iterator

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


def keys(s3: S3Client, bucket: str, prefix: str = '') -> Iterator[str]:
    """Yield every key that starts with `prefix`, in the order of S3."""
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        # A page without keys has no Contents.
        for entry in page.get('Contents', []):
            yield entry['Key']


def folders(s3: S3Client, bucket: str, prefix: str = '') -> Iterator[str]:
    """Yield what looks like a folder directly below `prefix`.

    Each ends in `/`, as `prefix` itself must, unless it is empty.
    """
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(
        Bucket=bucket, Prefix=prefix, Delimiter='/'
    ):
        for entry in page.get('CommonPrefixes', []):
            yield entry['Prefix']


def entries(
    s3: S3Client,
    bucket: str,
    prefix: str = '',
    suffix: str = '',
    since: datetime | None = None,
    before: datetime | None = None,
) -> Iterator[ObjectTypeDef]:
    """Yield the entry of each object that is like this, sorted by key.

    An entry has `Key`, `Size` in bytes, `ETag` and `LastModified`, a
    datetime in UTC: when the object was stored or, if it was uploaded in
    parts, when the upload began.

    Args:
        since: the earliest `LastModified`. Give it a time zone, as in
            `datetime(2026, 1, 31, tzinfo=timezone.utc)`.
        before: later than the latest `LastModified`.

    Raises:
        TypeError: `since` or `before` has no time zone.
    """
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        # A page without keys has no Contents.
        for entry in page.get('Contents', []):
            if (
                entry['Key'].endswith(suffix)
                and (since is None or since <= entry['LastModified'])
                and (before is None or entry['LastModified'] < before)
            ):
                yield entry


def newest(
    s3: S3Client, bucket: str, prefix: str = '', count: int = 1
) -> list[ObjectTypeDef]:
    """Return the entries with the latest `LastModified`, newest first.

    S3 tells it in whole seconds: in the same second, the last key is first.
    """
    return heapq.nlargest(count, entries(s3, bucket, prefix), key=_age)


def oldest(
    s3: S3Client, bucket: str, prefix: str = '', count: int = 1
) -> list[ObjectTypeDef]:
    """Return the entries with the earliest `LastModified`, oldest first."""
    return heapq.nsmallest(count, entries(s3, bucket, prefix), key=_age)


def _age(entry: ObjectTypeDef) -> tuple[datetime, str]:
    return entry['LastModified'], entry['Key']


def count_and_size(
    s3: S3Client, bucket: str, prefix: str = ''
) -> tuple[int, int]:
    """Return how many objects there are, and their bytes in all."""
    count = size = 0
    for entry in entries(s3, bucket, prefix):
        count += 1
        size += entry['Size']
    return count, size


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-finds')
    for key in ('logs/1.csv', 'logs/2.csv', 'logs/2.txt'):
        s3.put_object(Bucket='my-finds', Key=key, Body=b'12345')

    print(list(keys(s3, 'my-finds', prefix='logs/2')))
    #> ['logs/2.csv', 'logs/2.txt']
    print(list(folders(s3, 'my-finds')))
    #> ['logs/']
    print([x['Key'] for x in newest(s3, 'my-finds', 'logs/')])
    #> ['logs/2.txt']
    print([x['Key'] for x in oldest(s3, 'my-finds', 'logs/', count=2)])
    #> ['logs/1.csv', 'logs/2.csv']
    print([x['Key'] for x in entries(s3, 'my-finds', suffix='.csv')])
    #> ['logs/1.csv', 'logs/2.csv']

    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    print(len(list(entries(s3, 'my-finds', since=yesterday))), 'since then')
    #> 3 since then
    count, size = count_and_size(s3, 'my-finds')
    print(f'{count} objects, {size} bytes')
    #> 3 objects, 15 bytes


if __name__ == '__main__':
    print('See it run: uv run python -m recipes list_objects')
