"""List all keys of a bucket, or what looks like folders.

One response holds 1,000 keys at most. A paginator asks for the next page
as long as there is one, and keeps a single page in memory. S3 sorts keys
by their UTF-8 bytes, not by date: see `find_objects`.

A key is one string. `Delimiter='/'` groups all keys that are alike up to
the next slash into one common prefix, which looks like a folder. A prefix
that no key has is no error: there are just no keys.

Needs s3:ListBucket.
https://docs.aws.amazon.com/boto3/latest/guide/paginators.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


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


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-many-keys')
    for key in ('index.html', 'logs/june/1', 'logs/june/2', 'logs/may/1'):
        s3.put_object(Bucket='my-many-keys', Key=key)

    print(len(list(keys(s3, 'my-many-keys'))), 'keys')
    #> 4 keys
    print(list(keys(s3, 'my-many-keys', prefix='logs/may/')))
    #> ['logs/may/1']
    print(list(folders(s3, 'my-many-keys', prefix='logs/')))
    #> ['logs/june/', 'logs/may/']
