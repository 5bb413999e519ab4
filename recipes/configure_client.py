"""Set up a client for a program that runs for years.

Threads may share one client. Give its pool a connection for each of them;
the default is ten. With fewer, boto3 opens more, throws them away, and warns.
Processes cannot share a client: make a new one after a fork.

`read_timeout` is how long S3 may send nothing. `connect_timeout` is more than
its name says: urllib3 keeps it while it sends the body. A short one ends an
upload as soon as the network stalls for that long (`ConnectionClosedError`).

In the mode `standard`, boto3 sends a request again after a lost response, a
5xx, or a request to slow down, and waits longer each time. Three tries, the
default, can be over in a fraction of a second. All threads of a client share
a quota: after some 35 retries, or 100 of requests to slow down, boto3 raises
the next error at once, until requests succeed again. So be ready to try
again yourself. A body that breaks off while you read it is not read again.

https://docs.aws.amazon.com/boto3/latest/guide/retries.html
https://docs.aws.amazon.com/botocore/latest/reference/config.html
https://docs.aws.amazon.com/boto3/latest/guide/clients.html
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def client_for_threads(region: str, threads: int) -> S3Client:
    """Return a client that this many threads can share."""
    return boto3.client(
        's3',
        region_name=region,
        config=Config(
            connect_timeout=60,  # seconds, as by default
            read_timeout=60,  # seconds, as by default
            retries={'mode': 'standard', 'total_max_attempts': 10},
            max_pool_connections=threads,
        ),
    )


# fmt: off
def demo() -> None:
    s3 = client_for_threads('us-east-1', threads=20)
    s3.create_bucket(Bucket='my-archive')

    def upload(year: int) -> str:
        key = f'logs/{year}.txt'
        s3.put_object(Bucket='my-archive', Key=key, Body=b'...')
        return key

    with ThreadPoolExecutor(20) as pool:
        print(list(pool.map(upload, (2025, 2026))))
        #> ['logs/2025.txt', 'logs/2026.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes configure_client')
