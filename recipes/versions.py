"""Keep old versions, and bring back what was overwritten or deleted.

With versioning, each upload adds a version. A plain delete adds a delete
marker and removes nothing: without the marker, the object is back. Old
versions cost money until they are deleted by their id or by a lifecycle
rule. After you turn versioning on for the first time, wait 15 minutes
before you write.

Where versioning was suspended, the next write or delete removes the
version whose id is `null` for good.

Needs s3:PutBucketVersioning, s3:ListBucketVersions, s3:GetObjectVersion,
s3:PutObject, and s3:DeleteObjectVersion to remove a delete marker.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def undelete(s3: S3Client, bucket: str, key: str) -> list[str]:
    """Remove the delete markers on top of an object, whoever made them.

    Returns the ids of the removed markers; none if it is not deleted.

    Raises:
        LookupError: no version of it is left to bring back.
        RuntimeError: there is a marker again each time.
        ClientError: as S3 says.
    """
    removed: list[str] = []
    for _ in range(100):
        # The key itself is the first of all that start with it, and its
        # newest version comes first.
        page = s3.list_object_versions(Bucket=bucket, Prefix=key)
        versions = [
            entry for entry in page.get('Versions', []) if entry['Key'] == key
        ]
        markers = [
            entry
            for entry in page.get('DeleteMarkers', [])
            if entry['Key'] == key and entry['IsLatest']
        ]
        if not versions:
            raise LookupError(f'{bucket}/{key}: no version is left.')
        if not markers:
            return removed
        # By its id, so that nothing newer can be hit.
        marker = markers[0]['VersionId']
        s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)
        removed.append(marker)
    raise RuntimeError(f'{bucket}/{key}: delete markers keep coming.')


def restore_version(
    s3: S3Client, bucket: str, key: str, version_id: str
) -> str:
    """Make an old version the current one again; return its new id.

    It is a copy on top of all others, so nothing is lost. Up to 5 GB.

    Raises:
        ClientError: as S3 says; `NoSuchVersion` if there is no such one.
    """
    response = s3.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={'Bucket': bucket, 'Key': key, 'VersionId': version_id},
    )
    return response['VersionId']


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
