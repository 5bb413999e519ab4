"""Read archived objects (Glacier): restore, wait, read.

In short:

    # Request a copy that stays for 7 days.
    request = {'Days': 7, 'GlacierJobParameters': {'Tier': 'Standard'}}
    s3.restore_object(Bucket=bucket, Key=key, RestoreRequest=request)

    # Some hours later: is it there?
    restore = s3.head_object(Bucket=bucket, Key=key)['Restore']
    print(restore)
    #> ongoing-request="false", expiry-date="…"
    if restore.startswith('ongoing-request="false"'):
        s3.download_file(Bucket=bucket, Key=key, Filename='copy.pdf')

To archive a file, upload it with the storage class `GLACIER`, which
`upload_file` takes in its ExtraArgs. For what is there already, make a rule
with `lifecycle`.

An object in GLACIER or DEEP_ARCHIVE cannot be read, nor copied, before it is
restored. `get_object` says `InvalidObjectState`; a copy says that, or
`ObjectNotInActiveTierError`. How long it takes depends on the tier that you
request:

tier       GLACIER       DEEP_ARCHIVE
Expedited  1-5 minutes   not offered
Standard   3-5 hours     within 12 hours
Bulk       5-12 hours    within 48 hours

Bulk costs nothing for GLACIER, and the least for DEEP_ARCHIVE. Expedited
costs the most and takes longer above 250 MB, and S3 may refuse it when it is
busy (`GlacierExpeditedRetrievalNotAvailable`). GLACIER_IR needs none of this:
what is there can be read at once.

This is what goes wrong:

- A program waits for what nobody has requested, or gives up because the
  network was gone for a moment. `wait_until_ready` does neither.
- A second request while the first is running is an error
  (`RestoreAlreadyInProgress`), even if boto3 itself sends it again because a
  response got lost. `request_restore` ignores that error.
- The copy is gone after the days that you gave. To keep it, request it anew,
  which is cheap, though you pay for the copy as for STANDARD; or take the
  object out of the archive while it can be read:
  `s3.copy_object(Bucket=bucket, Key=key, CopySource={'Bucket': bucket,
  'Key': key}, StorageClass='STANDARD')`, up to 5 GB. In a bucket with
  versioning, the archived one stays as an old version, and still costs.
- A whole folder is archived: `request_restore_folder` goes through it.
- INTELLIGENT_TIERING has two archive tiers, too, which you have to turn on.
  They give the same errors and take as long as GLACIER and DEEP_ARCHIVE, but
  S3 moves the object back for good. So it refuses a number of days: give
  `days=None`. A listing does not show which objects are in them, so
  `request_restore_folder` leaves this class alone.

A lifecycle rule that deletes the object deletes the copy as well. What is
stored under the same key while you wait is a new object: read that.

Copy read_write_many.py along; it needs Python 3.9.

Needs s3:RestoreObject and s3:GetObject, for a folder s3:ListBucket; to upload
or to take an object out of the archive s3:PutObject, and there for its tags
s3:GetObjectTagging and s3:PutObjectTagging; with a KMS key kms:Decrypt, and
kms:GenerateDataKey to write.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
https://github.com/s3tools/s3cmd/issues/1377
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from read_write_many import can_pass, do_all, entries_below, with_slash

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import TierType
    from mypy_boto3_s3.type_defs import RestoreRequestTypeDef

ARCHIVES = ('GLACIER', 'DEEP_ARCHIVE')


def request_restore(
    s3: S3Client,
    bucket: str,
    key: str,
    days: int | None,
    tier: TierType = 'Standard',
) -> None:
    """Have S3 make an archived object readable, which takes its time.

    While it does so, another call can only request a faster tier. Later it
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


def request_restore_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    days: int,
    tier: TierType = 'Standard',
) -> list[str]:
    """Request each object of a folder in GLACIER or DEEP_ARCHIVE.

    Args:
        prefix: a folder: `2019` means `2019/`; an empty one the whole bucket.

    Returns:
        The keys to wait for, sorted. Those that were restored before are
        among them: they stay for so many days from now.

    Raises:
        LookupError: no key is below this prefix.
        SomeFailedError: some were not requested; `done` has the others. The
            error of the listing itself is reported as `prefix`.
    """
    prefix = with_slash(prefix)
    found = 0

    def archived_keys() -> Iterator[str]:
        nonlocal found
        for entry in entries_below(s3, bucket, prefix):
            found += 1
            if entry.get('StorageClass') in ARCHIVES:
                yield entry['Key']

    def request(key: str) -> None:
        request_restore(s3, bucket, key, days, tier)

    keys = do_all(request, archived_keys(), str, source=prefix)
    if not found:
        raise LookupError(f'{bucket}: no key begins with {prefix!r}.')
    return keys


def is_ready(s3: S3Client, bucket: str, key: str) -> bool:
    """Return whether an object can be read now.

    Raises:
        LookupError: it is archived, and nobody has requested it.
        ClientError: as S3 says; `404` if there is no such object.
    """
    head = s3.head_object(Bucket=bucket, Key=key)
    archived = head.get('StorageClass') in ARCHIVES
    if not archived and 'ArchiveStatus' not in head:
        return True
    if 'Restore' not in head:
        raise LookupError(f'{bucket}/{key} is archived: restore it first.')
    return 'ongoing-request="false"' in head['Restore']


def wait_until_ready(
    s3: S3Client, bucket: str, key: str, hours: float, pause: float = 900
) -> None:
    """Wait until an object can be read, for so many hours at most.

    Args:
        pause: seconds from one look to the next; each is a request.

    Raises:
        TimeoutError: it could not, after so many hours.
        LookupError: it is archived, and nobody has requested it.
        ClientError: as S3 says; `404` if there is no such object.
    """
    end = time.monotonic() + hours * 3600
    while True:
        try:
            if is_ready(s3, bucket, key):
                return
        except (BotoCoreError, ClientError) as error:
            if not can_pass(error):
                raise
            # In so many hours, the network may be gone for a while.
        if time.monotonic() >= end:
            raise TimeoutError(f'{bucket}/{key} is still being restored.')
        time.sleep(min(pause, max(0, end - time.monotonic())))


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-old-files')
    for key in ('2018.zip', '2019/a.zip', '2019/b.zip'):
        s3.put_object(
            Bucket='my-old-files', Key=key, Body=b'old', StorageClass='GLACIER'
        )
    try:
        s3.get_object(Bucket='my-old-files', Key='2018.zip')
    except s3.exceptions.InvalidObjectState as error:
        print(error.response['Error']['Code'])
        #> InvalidObjectState
    try:
        wait_until_ready(s3, 'my-old-files', '2018.zip', hours=12)
    except LookupError as error:
        print(error)
        #> my-old-files/2018.zip is archived: restore it first.

    # S3 takes hours here; the mock restores at once.
    request_restore(s3, 'my-old-files', '2018.zip', days=3)
    wait_until_ready(s3, 'my-old-files', '2018.zip', hours=12)
    print(s3.get_object(Bucket='my-old-files', Key='2018.zip')['Body'].read())
    #> b'old'

    # A whole folder: once the first can be read, most others can, too.
    keys = request_restore_folder(s3, 'my-old-files', '2019', 3, tier='Bulk')
    for key in keys:
        wait_until_ready(s3, 'my-old-files', key, hours=24)
        print(key, 'can be read')
        #> 2019/a.zip can be read
        #> 2019/b.zip can be read


if __name__ == '__main__':
    print('See it run: uv run python -m recipes restore_archived')
