"""Find objects: the newest, those with a suffix, their number and size.

S3 looks up keys by their start alone. Anything else means to list all keys
below a prefix and to look at each: a request for every 1,000 keys, billed
as a LIST, and one page in memory. Put the date into the key, and the
prefix does the work. (`search()` of a paginator does no more, and yields a
`None` for a page without keys.)

For a whole bucket, CloudWatch reports number and size once a day, old
versions and unfinished uploads included. For many millions of keys, S3
Inventory writes a list of them every day or week. "Folders" are in
`list_keys`.

Needs s3:ListBucket.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html
https://github.com/boto/boto3/issues/355
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


def entries(
    s3: S3Client, bucket: str, prefix: str = '', suffix: str = ''
) -> Iterator[ObjectTypeDef]:
    """Yield the entry of each object whose key starts and ends like this.

    It has `Key`, `Size` in bytes, `ETag` and `LastModified`.
    """
    paginator = s3.get_paginator('list_objects_v2')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get('Contents', []):
            if entry['Key'].endswith(suffix):
                yield entry


def newest(
    s3: S3Client, bucket: str, prefix: str = ''
) -> ObjectTypeDef | None:
    """Return the entry with the latest `LastModified`, or None.

    That is in whole seconds: of several in one, the last key wins. For an
    upload in parts, it is when the upload began.
    """
    return max(
        entries(s3, bucket, prefix),
        key=lambda entry: (entry['LastModified'], entry['Key']),
        default=None,
    )


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

    found = newest(s3, 'my-finds', 'logs/')
    print(found and found['Key'])
    #> logs/2.txt
    print(newest(s3, 'my-finds', 'no-such-prefix/'))
    #> None
    count, size = count_and_size(s3, 'my-finds')
    print(f'{count} objects, {size} bytes')
    #> 3 objects, 15 bytes
    print([x['Key'] for x in entries(s3, 'my-finds', suffix='.csv')])
    #> ['logs/1.csv', 'logs/2.csv']
