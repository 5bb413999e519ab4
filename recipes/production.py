"""Set up a client and a bucket for a program that runs for years.

boto3's time limits are 60 seconds each, and its pool has ten connections.
Threads may share one client. If there are more of them than connections,
boto3 opens new ones and warns; nothing breaks.

A lifecycle configuration tidies up: it removes parts of uploads that were
never completed, deletes old versions, and moves what is rarely read to a
cheaper storage class. Each call replaces all rules of the bucket. Deleted
versions are gone for good, so choose the days with care.

Small objects gain nothing from a cheaper class. By default, a transition
leaves those under 128 KB where they are. GLACIER_IR, used here, bills at
least 128 KB and 90 days for each object, STANDARD_IA 128 KB and 30 days.

Needs s3:PutLifecycleConfiguration and s3:GetLifecycleConfiguration.
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
https://docs.aws.amazon.com/botocore/latest/reference/config.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def make_client(region: str, threads: int) -> S3Client:
    """Return a client that this many threads can share."""
    return boto3.client(
        's3',
        region_name=region,
        config=Config(
            connect_timeout=5,  # seconds
            read_timeout=30,  # seconds without a byte
            retries={'mode': 'standard', 'total_max_attempts': 5},
            max_pool_connections=threads,
        ),
    )


def tidy_up(s3: S3Client, bucket: str, days: int) -> None:
    """Replace all lifecycle rules of a bucket by these two.

    One removes unfinished uploads after a week, and deletes old versions
    this many days after they were replaced. The other moves logs, 90 days
    after their upload, to a class that costs less to keep and more to read.
    """
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            'Rules': [
                {
                    'ID': 'tidy-up',
                    'Status': 'Enabled',
                    'Filter': {'Prefix': ''},
                    'AbortIncompleteMultipartUpload': {
                        'DaysAfterInitiation': 7
                    },
                    'NoncurrentVersionExpiration': {'NoncurrentDays': days},
                },
                {
                    'ID': 'old-logs',
                    'Status': 'Enabled',
                    'Filter': {'Prefix': 'logs/'},
                    'Transitions': [
                        {'Days': 90, 'StorageClass': 'GLACIER_IR'}
                    ],
                },
            ]
        },
    )


# fmt: off
def demo() -> None:
    s3 = make_client('us-east-1', threads=20)
    s3.create_bucket(Bucket='my-archive')

    def upload(year: int) -> str:
        key = f'logs/{year}.txt'
        s3.put_object(Bucket='my-archive', Key=key, Body=b'...')
        return key

    with ThreadPoolExecutor(20) as pool:
        print(list(pool.map(upload, (2025, 2026))))
        #> ['logs/2025.txt', 'logs/2026.txt']

    tidy_up(s3, 'my-archive', days=30)
    response = s3.get_bucket_lifecycle_configuration(Bucket='my-archive')
    print([rule['ID'] for rule in response['Rules']])
    #> ['tidy-up', 'old-logs']
