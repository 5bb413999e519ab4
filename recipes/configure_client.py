"""Set up a client: threads, timeouts, retries.

In short:

    import boto3
    from botocore.config import Config

    config = Config(
        max_pool_connections=20,  # one for each thread
        read_timeout=60,  # seconds without a byte, as by default
        # This keeps trying through an outage. The default soon gives up.
        retries={'mode': 'legacy', 'total_max_attempts': 8},
    )
    s3 = boto3.client('s3', config=config)
    print(s3.get_object(Bucket=bucket, Key=key)['Body'].read())
    #> b'%PDF'

Threads can share one client; processes cannot, so make a new one after a
fork. What goes wrong with a plain `boto3.client('s3')`:

- It has ten connections. With more threads, boto3 opens more, throws them
  away after use, and warns `Connection pool is full`.
- The network is gone for some seconds, and your program has twenty threads.
  Since boto3 1.44, a client is in the mode `standard`: it tries three times,
  and all threads share a quota of some 35 retries, or 100 where S3 asks to
  slow down. Once that is used up, each error is raised at once. More attempts
  do not help, nor does the mode `adaptive`, which shares the quota, too.
  In the mode `legacy`, the default before, there is no quota, and a thread
  waits up to 1, 2, 4, 8, … seconds. Eight attempts take a minute on average.

Tried with 1,200 small uploads by 20 threads, where nobody could connect for
ten seconds. This many were lost:

    standard, 3 attempts (the default)    1,094
    standard, 10 attempts                 1,072
    adaptive, 10 attempts                 1,031
    legacy, 5 attempts (its default)         17
    legacy, 8 attempts                        0

The functions of `read_write_many`, and those for folders, try again by
themselves for up to a minute, with any client. `upload_and_download`,
`upload_chunks` and `open_object` do not: give them a client like this one.

- If a body breaks off while you read it, boto3 does not ask for it again: see
  `read_write_many` and `open_object`.
- `read_timeout` is how long S3 may send nothing. `connect_timeout` is more
  than its name says: urllib3 keeps it while it sends the body. A short one
  ends an upload as soon as the network stalls for that long
  (`ConnectionClosedError`). Both are 60 seconds for each attempt.

In asyncio, call boto3 in a thread, as in
`await asyncio.to_thread(s3.get_object, Bucket=bucket, Key=key)`. For many
requests at a time there is aioboto3, which is not by AWS.

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
            retries={'mode': 'legacy', 'total_max_attempts': 8},
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
        print(list(pool.map(upload, (2024, 2025, 2026))))
        #> ['logs/2024.txt', 'logs/2025.txt', 'logs/2026.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes configure_client')
