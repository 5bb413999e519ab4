"""List keys or folders; find by date or suffix; count.

In short:

    paginator = s3.get_paginator('list_objects_v2')
    pages = paginator.paginate(Bucket=bucket, Prefix=prefix)
    found = [x for page in pages for x in page.get('Contents', [])]
    for entry in found:
        print(entry['Key'], entry['Size'])
    #> photos/a.png 1
    #> photos/trip/ 0
    #> photos/trip/b.png 1
    latest = max(found, key=lambda entry: entry['LastModified'])
    print('newest:', latest['Key'])
    #> newest: photos/a.png

A response has at most 1,000 keys, and the paginator asks for more. `found`
keeps all in memory: for millions, do your work in a loop over the pages, as
the functions below do. What goes wrong:

- Where no key has the prefix, `page['Contents']` is a `KeyError`, hence `get`,
  and `max` is a `ValueError`. `newest` returns an empty list.
- S3 finds keys only by how they begin. For anything else, list all keys below
  a prefix and look at each, as `entries` does for dates and suffixes. You pay
  for a LIST request for every 1,000 keys. With the date in the key, as in
  `logs/2026/05/`, the prefix does the work.
- `search()` of the paginator still fetches every key, and yields a `None` for
  a page without keys.
- Each "folder" that somebody made in the console is an object, too: it is
  empty, and its key ends in `/`. `newest`, `oldest` and `count_and_size`
  leave those out; `keys` and `entries` do not.
- `photos` is the beginning of `photos-old/c.png`, too. `folders` takes it
  for `photos/`; for the others, write the slash.

A listing is one request after another. To be faster, list several prefixes
at a time, as in `pool.map(count, prefixes)` with a `ThreadPoolExecutor`. For a
whole bucket, CloudWatch reports number and size once a day, old versions and
unfinished uploads included. For many millions of keys, S3 Inventory writes a
list of them every day or week.

An address `s3://bucket/key` is for the AWS CLI and others; boto3 wants bucket
and key. `urlparse` would lose all of a key from `#` or `?` on, so split it:

    bucket, _, key = address[len('s3://') :].partition('/')

Needs s3:ListBucket.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
https://github.com/boto/boto3/issues/355
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from typing import Iterable, Iterator

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
    """Yield the folders in a folder: `logs/2026/` if some key begins so.

    Args:
        prefix: the folder, with or without its final `/`; an empty one is
            the whole bucket.
    """
    if prefix and not prefix.endswith('/'):
        prefix += '/'
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
    """Yield the entry of each object that is asked for, in the order of S3.

    An entry has `Key`, `Size` in bytes, `ETag` and `LastModified`, a
    datetime in UTC: when the object was stored or, if it was uploaded in
    parts, when the upload began.

    Args:
        since: the earliest `LastModified`. Give it a time zone, as in
            `datetime(2026, 1, 31, tzinfo=timezone.utc)`.
        before: each `LastModified` is earlier than this.

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
    found = without_markers(entries(s3, bucket, prefix))
    return heapq.nlargest(count, found, key=when_stored)


def oldest(
    s3: S3Client, bucket: str, prefix: str = '', count: int = 1
) -> list[ObjectTypeDef]:
    """Return the entries with the earliest `LastModified`, oldest first."""
    found = without_markers(entries(s3, bucket, prefix))
    return heapq.nsmallest(count, found, key=when_stored)


def when_stored(entry: ObjectTypeDef) -> tuple[datetime, str]:
    return entry['LastModified'], entry['Key']


def without_markers(found: Iterable[ObjectTypeDef]) -> Iterator[ObjectTypeDef]:
    """Leave out the empty "folders" that the console makes."""
    for entry in found:
        if entry['Size'] or not entry['Key'].endswith('/'):
            yield entry


def count_and_size(
    s3: S3Client, bucket: str, prefix: str = ''
) -> tuple[int, int]:
    """Return how many objects there are, and their bytes in all."""
    count = size = 0
    for entry in without_markers(entries(s3, bucket, prefix)):
        count += 1
        size += entry['Size']
    return count, size


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-finds')
    # As the console does for a new folder:
    s3.put_object(Bucket='my-finds', Key='logs/', Body=b'')
    for key in ('logs/1.csv', 'logs/2.csv', 'logs/2.txt', 'logs-old/0.csv'):
        s3.put_object(Bucket='my-finds', Key=key, Body=b'12345')

    print(list(keys(s3, 'my-finds', prefix='logs/2')))
    #> ['logs/2.csv', 'logs/2.txt']
    print(list(folders(s3, 'my-finds')))
    #> ['logs-old/', 'logs/']
    print(newest(s3, 'my-finds', 'logs/')[0]['Key'])
    #> logs/2.txt
    print([x['Key'] for x in oldest(s3, 'my-finds', 'logs/', count=2)])
    #> ['logs/1.csv', 'logs/2.csv']

    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    found = entries(s3, 'my-finds', suffix='.csv', since=yesterday)
    print([x['Key'] for x in found])
    #> ['logs-old/0.csv', 'logs/1.csv', 'logs/2.csv']

    count, size = count_and_size(s3, 'my-finds')
    print(f'{count} objects, {size} bytes')
    #> 4 objects, 20 bytes


if __name__ == '__main__':
    print('See it run: uv run python -m recipes list_objects')
