"""Bring back (undelete) what was deleted or overwritten.

With versioning, each upload adds a version. A plain delete adds a delete
marker and removes nothing: without the marker, the object is back. Old
versions cost money until they are deleted by their id or by a lifecycle
rule. After you turn versioning on for the first time, wait 15 minutes
before you write.

Where versioning is suspended, each write or delete removes the version
whose id is `null` for good. The delete marker then has the id `null`, too,
and deleting by this id could hit an upload that has just replaced the
marker. So such markers are refused here: use `restore_version`.

Copy read_write_many.py along with this file; it needs Python 3.9.

Needs s3:ListBucketVersions, s3:GetObjectVersion,
s3:PutObject, for tags s3:GetObjectVersionTagging and s3:PutObjectTagging,
for annotations s3:GetObjectAnnotation and s3:PutObjectAnnotation,
and s3:DeleteObjectVersion to remove a delete marker.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator

import boto3

from read_write_many import SomeFailedError, for_each

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ROUNDS = 1000  # as many delete markers on one object are removed


def undelete(s3: S3Client, bucket: str, key: str) -> list[str]:
    """Remove the delete markers on top of an object, whoever made them.

    Returns the ids of the removed markers; none if it is not deleted.

    Raises:
        LookupError: no version of it is left to bring back.
        RuntimeError: a marker has the id `null`, or markers keep coming.
        ClientError: as S3 says.
    """
    removed: list[str] = []
    for _ in range(ROUNDS):
        # The key itself is the first of all that start with it.
        first, marker = next(find_markers(s3, bucket, key), ('', None))
        if first != key:
            raise LookupError(f'{bucket}/{key}: no version is left.')
        if marker is None:
            return removed
        remove_marker(s3, bucket, key, marker)
        removed.append(marker)
    raise RuntimeError(f'{bucket}/{key}: delete markers keep coming.')


def undelete_prefix(
    s3: S3Client, bucket: str, prefix: str, threads: int = 10
) -> list[str]:
    """Undelete all objects below a prefix; return the keys that are back.

    What has no version left stays deleted.

    Args:
        prefix: write its final `/`: `site` stands for `site-old/x`, too.

    Raises:
        SomeFailedError: some markers are left, each with its error. All
            other objects are back.
        ClientError: the listing failed; call it again to go on.
    """
    removed: set[str] = set()
    errors: dict[str, Exception] = {}

    def remove(item: tuple[str, str]) -> None:
        remove_marker(s3, bucket, *item)

    for number in range(ROUNDS + 1):
        # All are listed before any is removed: a listing that goes on while
        # its entries disappear may skip some.
        markers = {
            key: marker
            for key, marker in find_markers(s3, bucket, prefix)
            if marker is not None and key not in errors
        }
        if not markers:
            break
        if number == ROUNDS:
            coming = RuntimeError('delete markers keep coming')
            errors.update(dict.fromkeys(markers, coming))
            break
        for (key, _), error in for_each(remove, markers.items(), threads):
            removed.add(key)
            if error:
                errors[key] = error
    keys = sorted(removed - errors.keys())
    if errors:
        raise SomeFailedError(errors, keys)
    return keys


def find_markers(
    s3: S3Client, bucket: str, prefix: str
) -> Iterator[tuple[str, str | None]]:
    """Yield the key of each version, first with the id of a marker on top."""
    markers: dict[str, str] = {}
    paginator = s3.get_paginator('list_object_versions')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for marker in page.get('DeleteMarkers', []):
            if marker['IsLatest']:
                markers[marker['Key']] = marker['VersionId']
        for version in page.get('Versions', []):
            yield version['Key'], markers.pop(version['Key'], None)


def remove_marker(s3: S3Client, bucket: str, key: str, marker: str) -> None:
    """Remove a delete marker by its id, so that nothing newer is hit."""
    if marker == 'null':
        raise RuntimeError(
            f'{bucket}/{key}: its delete marker has the id null, which an '
            'upload may take over. Use restore_version.'
        )
    s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)


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
    response = s3.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={'Bucket': bucket, 'Key': key, 'VersionId': version_id},
    )
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
    s3.delete_object(Bucket='my-letters', Key='a.txt')
    print(len(undelete(s3, 'my-letters', 'a.txt')), 'delete marker removed')
    #> 1 delete marker removed
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear all'
    restore_version(s3, 'my-letters', 'a.txt', first['VersionId'])
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear Sir'

    for key in ('2025/b.txt', '2025/c.txt'):
        s3.put_object(Bucket='my-letters', Key=key)
        s3.delete_object(Bucket='my-letters', Key=key)
    print(undelete_prefix(s3, 'my-letters', '2025/'))
    #> ['2025/b.txt', '2025/c.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes versions')
