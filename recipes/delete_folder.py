"""Delete a folder (prefix), or empty a bucket, for good.

All goes: objects, old versions, delete markers. Nothing can undo this. Stop
all writers first. One listing and one batch hold 1,000 entries each. For
millions, let a lifecycle rule expire them: no program has to run for days.

A batch responds 200 even where entries failed: those are in `Errors`. So
this lists again until nothing is left but what S3 refuses, such as a version
under legal hold. What was throttled, or is still listed although S3 has
confirmed its deletion, is tried five times.

Uploads in parts that were never completed stay, and their parts cost money.
A lifecycle rule removes them.

Copy read_write_many.py along with this file.

Needs s3:ListBucketVersions, s3:DeleteObject and s3:DeleteObjectVersion.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING, Any, Iterator

import boto3
from botocore.exceptions import ClientError

from read_write_many import SomeFailedError

if TYPE_CHECKING:
    Entry = tuple[str, str]  # a key and the id of a version
    from mypy_boto3_s3.client import S3Client

TRIES = 5
AGAIN = {'SlowDown', 'InternalError', 'ServiceUnavailable'}
NO_XML = re.compile('[\x00-\x1f\ufffe\uffff]')
STILL_THERE = ClientError(
    {
        'Error': {
            'Code': 'StillThere',
            'Message': 'It is listed after each deletion.',
        }
    },
    'ListObjectVersions',
)


def empty(s3: S3Client, bucket: str, prefix: str = '') -> None:
    """Delete all that S3 lets go of, with all versions.

    Args:
        prefix: only keys that start with it; by default all. Write its
            final `/`: `site` stands for `site-old/x`, too.

    Raises:
        SomeFailedError: some are left. `errors` has a ClientError for each,
            by its key and, with versioning, the id of its version. `done`
            is empty, since it might be millions.
        ClientError: S3 refuses a whole request; what was deleted is gone.
    """
    refused: dict[Entry, Exception] = {}
    errors: dict[Entry, ClientError] = {}
    for number in range(TRIES + 1):
        new_errors: dict[Entry, ClientError] = {}
        found = False
        for page in pages(s3, bucket, prefix):
            batch = []
            for entry in page:
                if entry in refused:
                    continue
                # Some servers leave the version out of an error.
                error = errors.get(entry) or errors.get((entry[0], ''))
                if number == TRIES or (
                    error and error.response['Error']['Code'] not in AGAIN
                ):
                    refused[entry] = error or STILL_THERE
                else:
                    batch.append(entry)
            if batch:
                found = True
                new_errors.update(delete(s3, bucket, batch))
        if not found:
            break
        errors = new_errors
        time.sleep(random.uniform(0, 0.1 * 2**number))
    if refused:
        raise SomeFailedError(
            {
                key if version_id == 'null' else f'{key} ({version_id})': error
                for (key, version_id), error in refused.items()
            },
            [],
        )


def pages(s3: S3Client, bucket: str, prefix: str) -> Iterator[list[Entry]]:
    """Yield versions and delete markers, up to 1,000 at a time.

    Each page comes after the next one was listed: a listing that goes on
    behind an entry that is gone may skip others.
    """
    page: list[Entry] = []
    paginator = s3.get_paginator('list_object_versions')
    for response in paginator.paginate(Bucket=bucket, Prefix=prefix):
        yield page
        versions = response.get('Versions', [])
        markers = response.get('DeleteMarkers', [])
        page = [(entry['Key'], entry['VersionId']) for entry in versions]
        page += [(entry['Key'], entry['VersionId']) for entry in markers]
    yield page


def delete(
    s3: S3Client, bucket: str, batch: list[Entry]
) -> dict[Entry, ClientError]:
    """Delete up to 1,000 versions; return the error of each that failed."""
    errors: dict[Entry, ClientError] = {}
    # A batch is XML, which lacks some characters: such keys go one by one.
    alone = [entry for entry in batch if NO_XML.search(entry[0])]
    for key, version_id in alone:
        try:
            s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            errors[key, version_id] = error
    if len(alone) < len(batch):
        response = s3.delete_objects(
            Bucket=bucket,
            Delete={
                'Objects': [
                    {'Key': key, 'VersionId': version_id}
                    for key, version_id in batch
                    if not NO_XML.search(key)
                ],
                'Quiet': True,
            },
        )
        for failed in response.get('Errors', []):
            details: Any = {'Error': failed}
            errors[failed['Key'], failed.get('VersionId', '')] = ClientError(
                details, 'DeleteObjects'
            )
    return errors


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-full-bucket', ObjectLockEnabledForBucket=True)
    for key in ('drafts/a', 'drafts/a', 'drafts/b', 'numbers', 'evidence'):
        s3.put_object(Bucket='my-full-bucket', Key=key)
    s3.delete_object(Bucket='my-full-bucket', Key='drafts/a')
    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'ON'}
    )

    empty(s3, 'my-full-bucket', 'drafts/')
    response = s3.list_object_versions(Bucket='my-full-bucket')
    print([entry['Key'] for entry in response['Versions']])
    #> ['evidence', 'numbers']
    try:
        empty(s3, 'my-full-bucket')
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 0 done. evidence (…): … (AccessDenied) …

    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'OFF'}
    )
    empty(s3, 'my-full-bucket')
    s3.delete_bucket(Bucket='my-full-bucket')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes delete_folder')
