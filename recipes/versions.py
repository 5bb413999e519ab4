"""Keep old versions, and bring back what was overwritten or deleted.

With versioning, each upload adds a version. A plain delete adds a delete
marker and removes nothing: without the marker, the object is back. Old
versions cost money until they are deleted by their id or by a lifecycle
rule. After you turn versioning on for the first time, wait 15 minutes
before you write.

Where versioning was suspended, the next write or delete removes the
version whose id is `null` for good.

Needs s3:PutBucketVersioning, s3:ListBucketVersions, s3:GetObjectVersion,
s3:PutObject, for tags s3:GetObjectVersionTagging and s3:PutObjectTagging,
for annotations s3:GetObjectAnnotation and s3:PutObjectAnnotation,
and s3:DeleteObjectVersion to remove a delete marker.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef


def undelete(s3: S3Client, bucket: str, key: str) -> list[str]:
    """Remove the delete markers on top of an object, whoever made them.

    Returns the ids of the removed markers; none if it is not deleted.

    Raises:
        LookupError: no version of it is left to bring back.
        RuntimeError: there is a marker again each time.
        ClientError: as S3 says.
    """
    removed: list[str] = []
    paginator = s3.get_paginator('list_object_versions')
    for _ in range(1000):
        latest, versions = None, 0
        for page in paginator.paginate(Bucket=bucket, Prefix=key):
            for marker in page.get('DeleteMarkers', []):
                if marker['Key'] == key and marker['IsLatest']:
                    latest = marker['VersionId']
            for version in page.get('Versions', []):
                versions += version['Key'] == key
            # The key itself is the first of all that start with it.
            if versions or page.get('NextKeyMarker', '') > key:
                break
        if not versions:
            raise LookupError(f'{bucket}/{key}: no version is left.')
        if latest is None:
            return removed
        try:
            # By its id, so that nothing newer can be hit.
            s3.delete_object(Bucket=bucket, Key=key, VersionId=latest)
        except ClientError as error:
            error.args = (f'{bucket}/{key}: {error}',)
            raise
        removed.append(latest)
    raise RuntimeError(f'{bucket}/{key}: delete markers keep coming.')


def restore_version(
    s3: S3Client, bucket: str, key: str, version_id: str
) -> str:
    """Make an old version the current one again; return its new id.

    It is a copy on top of all others, so no version is lost, except where
    versioning is suspended: there it replaces the version `null`. The copy
    has the storage class STANDARD, the encryption of its bucket, a private
    ACL, and neither lock nor website redirect. Up to 5 GB. If a response
    gets lost, boto3 may copy it twice.

    Raises:
        ClientError: as S3 says; `NoSuchVersion` if there is no such one.
    """
    source: CopySourceTypeDef = {
        'Bucket': bucket,
        'Key': key,
        'VersionId': version_id,
    }
    try:
        response = s3.copy_object(Bucket=bucket, Key=key, CopySource=source)
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    return response.get('VersionId', 'null')


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-letters')
    s3.put_bucket_versioning(
        Bucket='my-letters', VersioningConfiguration={'Status': 'Enabled'}
    )
    # On S3, wait here for 15 minutes.

    first = s3.put_object(Bucket='my-letters', Key='a.txt', Body='Dear Sir')
    s3.put_object(Bucket='my-letters', Key='a.txt', Body='Dear all')
    old = s3.get_object(
        Bucket='my-letters', Key='a.txt', VersionId=first['VersionId']
    )
    print(old['Body'].read())
    #> b'Dear Sir'

    s3.delete_object(Bucket='my-letters', Key='a.txt')
    print(s3.list_objects_v2(Bucket='my-letters')['KeyCount'], 'listed')
    #> 0 listed
    print(len(undelete(s3, 'my-letters', 'a.txt')), 'delete marker removed')
    #> 1 delete marker removed
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear all'

    restore_version(s3, 'my-letters', 'a.txt', first['VersionId'])
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear Sir'
    response = s3.list_object_versions(Bucket='my-letters')
    print(len(response['Versions']), 'versions kept')
    #> 3 versions kept
