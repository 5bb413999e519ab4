"""Read what is in an archive (Glacier): ask, wait, read.

An object in GLACIER or DEEP_ARCHIVE cannot be read: `InvalidObjectState`. It
cannot be copied, either: that, or `ObjectNotInActiveTierError`. Ask S3 to
restore it first:

- GLACIER and DEEP_ARCHIVE: S3 makes a copy that can be read for some days,
  under the same key. For good, copy it to another class meanwhile.
- INTELLIGENT_TIERING has two archive tiers, which you have to turn on. The
  same errors come from there, and S3 moves the object back to stay. So it
  refuses a number of days.

Most cost money, and all take time. Archive Access typically takes as long
as GLACIER, and Deep Archive Access as long as DEEP_ARCHIVE:

tier       GLACIER       DEEP_ARCHIVE
Expedited  1-5 minutes   not offered
Standard   3-5 hours     within 12 hours
Bulk       5-12 hours    within 48 hours

Expedited takes longer above 250 MB, and S3 may refuse it when it is busy
(`GlacierExpeditedRetrievalNotAvailable`). GLACIER_IR needs none of this.

Needs s3:RestoreObject and s3:GetObject.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
https://github.com/s3tools/s3cmd/issues/1377
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import TierType
    from mypy_boto3_s3.type_defs import RestoreRequestTypeDef


def ask(
    s3: S3Client,
    bucket: str,
    key: str,
    days: int | None,
    tier: TierType = 'Standard',
) -> None:
    """Ask S3 to make an archived object readable.

    While it does so, another call can only ask for a faster tier. Later it
    sets the number of days anew, from then on.

    Args:
        days: how long the copy stays; None for INTELLIGENT_TIERING.

    Raises:
        ClientError: as S3 says; `InvalidObjectState` if it is not archived.
    """
    request: RestoreRequestTypeDef = {'GlacierJobParameters': {'Tier': tier}}
    if days is not None:
        request['Days'] = days
    try:
        s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)
    except ClientError as error:
        # By somebody else, or boto3 sent it again after a lost response.
        if error.response['Error']['Code'] != 'RestoreAlreadyInProgress':
            raise


def is_ready(s3: S3Client, bucket: str, key: str) -> bool:
    """Return whether an object can be read now.

    Raises:
        LookupError: it is archived, and nobody has asked for it.
        ClientError: as S3 says; `404` if there is no such object.
    """
    head = s3.head_object(Bucket=bucket, Key=key)
    archived = head.get('StorageClass') in ('GLACIER', 'DEEP_ARCHIVE')
    if not archived and 'ArchiveStatus' not in head:
        return True
    if 'Restore' not in head:
        raise LookupError(f'{bucket}/{key} is archived: ask for it first.')
    return 'ongoing-request="false"' in head['Restore']


def wait(
    s3: S3Client, bucket: str, key: str, hours: float, pause: float = 900
) -> None:
    """Wait until it can be read, looking every `pause` seconds.

    Raises:
        TimeoutError: it could not, after so many hours.
        LookupError: it is archived, and nobody has asked for it.
        ClientError: as S3 says; `404` if there is no such object.
    """
    end = time.monotonic() + hours * 3600
    while not is_ready(s3, bucket, key):
        if time.monotonic() >= end:
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


if __name__ == '__main__':
    print('See it run: uv run python -m recipes restore_archived')
