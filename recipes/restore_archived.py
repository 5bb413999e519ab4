"""Read an object that is in an archive class: ask, wait, read.

An object in GLACIER or DEEP_ARCHIVE cannot be read: `InvalidObjectState`.
Ask S3 for a copy that stays for some days; it takes from minutes to two
days, by class and tier, and costs money. For good, copy it to another
class while it is there. GLACIER_IR needs none of this. Typical times:

tier       GLACIER       DEEP_ARCHIVE
Expedited  1-5 minutes   not offered
Standard   3-5 hours     within 12 hours
Bulk       5-12 hours    within 48 hours

Expedited takes longer above 250 MB, and S3 may refuse it when it is busy.
This is not for the archive tiers of INTELLIGENT_TIERING, where S3 moves the
object itself.

Needs s3:RestoreObject and s3:GetObject.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import TierType


def ask(
    s3: S3Client, bucket: str, key: str, days: int, tier: TierType = 'Standard'
) -> None:
    """Ask for a readable copy for this many days.

    While one is on its way, another call can only ask for a faster tier.
    Later it sets the number of days anew, from then on.

    Raises:
        ClientError: as S3 says; `InvalidObjectState` if it is not archived.
    """
    try:
        s3.restore_object(
            Bucket=bucket,
            Key=key,
            RestoreRequest={
                'Days': days,
                'GlacierJobParameters': {'Tier': tier},
            },
        )
    except ClientError as error:
        if error.response['Error']['Code'] != 'RestoreAlreadyInProgress':
            error.args = (f'{bucket}/{key}: {error}',)
            raise


def is_ready(s3: S3Client, bucket: str, key: str) -> bool:
    """Return whether an object can be read now.

    Raises:
        LookupError: it is archived, and nobody has asked for it.
    """
    try:
        there = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    archived = there.get('StorageClass') in ('GLACIER', 'DEEP_ARCHIVE')
    if not archived and not there.get('ArchiveStatus'):
        return True
    if 'Restore' not in there:
        raise LookupError(f'{bucket}/{key} is archived: ask for it first.')
    return 'ongoing-request="false"' in there['Restore']


def wait(
    s3: S3Client, bucket: str, key: str, hours: float, pause: float = 900
) -> None:
    """Wait until it can be read, looking every `pause` seconds.

    Raises:
        TimeoutError: it could not, after so many hours.
        LookupError: it is archived, and nobody has asked for it.
    """
    end = time.monotonic() + hours * 3600
    while not is_ready(s3, bucket, key):
        if time.monotonic() > end:
            raise TimeoutError(f'{bucket}/{key} is still being restored.')
        time.sleep(min(pause, max(0, end - time.monotonic())))


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-old-files')
    s3.put_object(
        Bucket='my-old-files',
        Key='2019.zip',
        Body=b'old',
        StorageClass='GLACIER',
    )
    try:
        s3.get_object(Bucket='my-old-files', Key='2019.zip')
    except s3.exceptions.InvalidObjectState as error:
        print(error.response['Error']['Code'])
        #> InvalidObjectState

    try:
        wait(s3, 'my-old-files', '2019.zip', hours=12)
    except LookupError as error:
        print(error)
        #> my-old-files/2019.zip is archived: ask for it first.
    ask(s3, 'my-old-files', '2019.zip', days=3)
    wait(s3, 'my-old-files', '2019.zip', hours=12)  # the mock restores at once
    print(s3.get_object(Bucket='my-old-files', Key='2019.zip')['Body'].read())
    #> b'old'
