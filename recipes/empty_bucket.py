"""Empty a bucket or a prefix for good: objects, versions, delete markers.

Nothing can undo this. Stop all writers first. One listing and one batch
hold 1,000 entries each. For millions, let a lifecycle rule expire all of
them: no program has to run for days.

A batch responds 200 even where entries failed: those are in `Errors`. What
is throttled is tried again. What S3 refuses stays, such as a version under
legal hold, and the next listing starts after it. It starts only after an
entry that still exists, since some servers skip entries after a deleted one.

Parts of uploads that were never completed stay, too, and cost money. A
lifecycle rule removes them.

Needs s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    Entry = tuple[str, str]  # a key and the id of a version
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import (
        ErrorTypeDef,
        ListObjectVersionsRequestTypeDef,
    )

TRIES = 5
NO_XML = {chr(number) for number in range(32)} | {'\ufffe', '\uffff'}
AGAIN = {'SlowDown', 'InternalError', 'ServiceUnavailable'}


def empty(s3: S3Client, bucket: str, prefix: str = '') -> list[ErrorTypeDef]:
    """Delete all that S3 lets go of; return what it refused.

    Each refused entry is a dict with `Key`, `VersionId`, `Code` and
    `Message`. If there is none, no object is left.

    Args:
        prefix: only keys that start with it; by default all. Write its
            final `/`: `site` stands for `site-old/x`, too.

    Raises:
        ClientError: S3 refuses a whole request; what was deleted is gone.
    """
    refused: dict[Entry, ErrorTypeDef] = {}
    errors: dict[Entry, ErrorTypeDef] = {}
    tried: Counter[Entry] = Counter()  # only what is listed again
    batch: set[Entry] = set()
    start: ListObjectVersionsRequestTypeDef = {
        'Bucket': bucket,
        'Prefix': prefix,
    }
    while True:
        page = s3.list_object_versions(**start)
        versions = [
            (x['Key'], x['VersionId']) for x in page.get('Versions', [])
        ]
        markers = [
            (x['Key'], x['VersionId']) for x in page.get('DeleteMarkers', [])
        ]
        for entry in batch.intersection(versions + markers):
            tried[entry] += 1
            # Some servers leave the version out of an error.
            error = errors.get(entry) or errors.get((entry[0], ''))
            if tried[entry] == TRIES or (error and error['Code'] not in AGAIN):
                reason = error or still_there(*entry)
                refused[entry] = {**reason, 'VersionId': entry[1]}

        batch = {x for x in versions + markers if x not in refused}
        if batch:
            # All refused entries that stand before the first open one are
            # done with: the next listing starts behind the last of them.
            first = min(key.encode() for key, _ in batch)
            done = [
                x for x in versions if x in refused and x[0].encode() < first
            ]
            if done:
                start['KeyMarker'], start['VersionIdMarker'] = done[-1]
            again = max(tried[entry] for entry in batch)
            if again:
                time.sleep(random.uniform(0, 0.1 * 2**again))
            errors = delete(s3, bucket, batch)
        elif page['IsTruncated']:
            start['KeyMarker'] = page['NextKeyMarker']
            start['VersionIdMarker'] = page['NextVersionIdMarker']
        else:
            return [refused[entry] for entry in sorted(refused)]


def delete(
    s3: S3Client, bucket: str, batch: set[Entry]
) -> dict[Entry, ErrorTypeDef]:
    """Delete these versions; return the error of each that failed."""
    errors: dict[Entry, ErrorTypeDef] = {}
    # A batch is XML, which lacks some characters: such keys go one by one.
    alone = {x for x in batch if any(c in NO_XML for c in x[0])}
    for key, version_id in alone:
        try:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            errors[key, version_id] = {
                'Key': key,
                'VersionId': version_id,
                'Code': error.response['Error']['Code'],
                'Message': error.response['Error']['Message'],
            }
    if batch - alone:
        response = s3.delete_objects(
            Bucket=bucket,
            Delete={
                'Objects': [
                    {'Key': key, 'VersionId': version_id}
                    for key, version_id in batch - alone
                ],
                'Quiet': True,
            },
        )
        for failed in response.get('Errors', []):
            errors[failed['Key'], failed.get('VersionId', '')] = failed
    return errors


def still_there(key: str, version_id: str) -> ErrorTypeDef:
    """Return an error for what S3 says it has deleted, but lists on."""
    return {
        'Key': key,
        'VersionId': version_id,
        'Code': 'StillThere',
        'Message': 'It is listed, although its deletion was confirmed.',
    }


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-full-bucket', ObjectLockEnabledForBucket=True)
    for key in ('numbers', 'numbers', 'evidence'):
        s3.put_object(Bucket='my-full-bucket', Key=key)
    s3.delete_object(Bucket='my-full-bucket', Key='numbers')
    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'ON'}
    )

    for refused in empty(s3, 'my-full-bucket'):
        print(refused['Key'], refused['Code'])
        #> evidence AccessDenied

    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'OFF'}
    )
    print(empty(s3, 'my-full-bucket'))
    #> []
    s3.delete_bucket(Bucket='my-full-bucket')
