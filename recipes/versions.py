"""Bring back (undelete) what was deleted or overwritten.

In short:

    # Once, long before you need it:
    s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={'Status': 'Enabled'}
    )

    # Some day, the mistake: s3.delete_object(Bucket=bucket, Key=key)

    # Undo it: remove the delete marker that hides the object.
    page = s3.list_object_versions(Bucket=bucket, Prefix=key)
    for marker in page.get('DeleteMarkers', []):
        if marker['Key'] == key and marker['IsLatest']:
            marker_id = marker['VersionId']
            s3.delete_object(Bucket=bucket, Key=key, VersionId=marker_id)
    for version in page.get('Versions', []):  # null: from before versioning
        print(version['Key'], version['VersionId'], version['LastModified'])
    #> reports/may.pdf null …

With versioning, each upload adds a version, and a delete without a version's
id adds a delete marker, which hides the object and removes nothing. Without
the marker, the object is back. What goes wrong:

- Versioning was off at the time: then the object is gone for good. After you
  turn it on for the first time, wait 15 minutes before you write.
- The key was deleted twice, so that two markers hide it. `undelete` removes
  all that are on top.
- The listing has every key that begins with this one, page after page.
  `versions_of` returns the versions and markers of one key.
- A folder is to come back, but not all that was ever deleted there: some of
  it went on purpose. So `undelete_prefix` wants to know since when, and
  leaves what was deleted before.
- Nothing was deleted, but somebody overwrote it with something wrong:
  `restore_version` makes an old version the current one again.
- Versioning is suspended: then each write or delete removes the version
  whose id is `null` for good, and the delete marker has the id `null`, too.
  Deleting by this id could hit an upload that has just replaced the marker.
  So such markers are refused here: use `restore_version`.

Old versions cost money until they are deleted by their id, or by a lifecycle
rule. Whoever may delete by id can delete them for good. In a bucket with
Object Lock, `s3.put_object_legal_hold(Bucket=bucket, Key=key,
VersionId=version_id, LegalHold={'Status': 'ON'})` keeps a version until
somebody says `OFF`, and `put_object_retention` until a date. In its mode
COMPLIANCE, nobody can take that back before the date, not even you.

Copy read_write_many.py along with this file; it needs Python 3.9.

Needs s3:PutBucketVersioning to turn it on, s3:ListBucketVersions,
s3:GetObjectVersion, s3:PutObject, for tags s3:GetObjectVersionTagging and
s3:PutObjectTagging, for annotations s3:GetObjectAnnotation and
s3:PutObjectAnnotation, and s3:DeleteObjectVersion to remove a delete marker;
with a KMS key kms:Decrypt and kms:GenerateDataKey; for Object Lock
s3:PutObjectLegalHold and s3:PutObjectRetention.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Iterator

import boto3

from read_write_many import SomeFailedError, do_all, with_slash

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import DeleteMarkerEntryTypeDef

ROUNDS = 1000  # as many delete markers on one object are removed
# A copy has these of its own unless they are given again.
NOT_COPIED = {
    'BucketKeyEnabled',
    'SSEKMSKeyId',
    'ServerSideEncryption',
    'StorageClass',
    'WebsiteRedirectLocation',
}


def versions_of(s3: S3Client, bucket: str, key: str) -> list[dict[str, Any]]:
    """Return the versions and delete markers of one key, newest first.

    Each is a dict as S3 gives it, with `VersionId`, `LastModified` and
    `IsLatest`. A delete marker has no `Size`.
    """
    found: list[Any] = []
    paginator = s3.get_paginator('list_object_versions')
    for page in paginator.paginate(Bucket=bucket, Prefix=key):
        entries = [*page.get('Versions', []), *page.get('DeleteMarkers', [])]
        found += [entry for entry in entries if entry['Key'] == key]
        if any(entry['Key'] != key for entry in entries):
            break  # S3 lists keys in order: others only begin with this one
    # S3 lists both kinds apart, with times in whole seconds.
    found.sort(key=lambda x: (x['IsLatest'], x['LastModified']), reverse=True)
    return found


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
        remove_marker(s3, bucket, key, marker['VersionId'])
        removed.append(marker['VersionId'])
    raise RuntimeError(f'{bucket}/{key}: delete markers keep coming.')


def undelete_prefix(
    s3: S3Client,
    bucket: str,
    prefix: str,
    since: datetime,
    threads: int = 10,
) -> list[str]:
    """Undelete what was deleted in a folder since then; return these keys.

    What was deleted before stays so, also if it was deleted once more
    since; so does what has no version left.

    Args:
        prefix: a folder: `site` means `site/`; an empty one the whole bucket.
        since: without a time zone, it is in your local time. S3 knows whole
            seconds, by its own clock.

    Raises:
        LookupError: no version is below this prefix.
        SomeFailedError: some markers are left, each with its error, and
            `done` has the keys that are back. The error of the listing is
            reported as `prefix`. Call it again to go on.
        RuntimeError: markers keep coming.
    """
    prefix = with_slash(prefix)
    since = since.astimezone().replace(microsecond=0)
    removed: set[str] = set()
    hidden: set[str] = set()
    errors: dict[str, Exception] = {}

    def markers_to_remove() -> Iterator[tuple[str, str]]:
        # All are listed before any is removed: a listing that goes on while
        # its entries disappear may skip some.
        markers: dict[str, str] = {}
        hidden.clear()
        key = ''
        for key, marker in find_markers(s3, bucket, prefix):
            if marker is not None:
                hidden.add(key)
                if marker['LastModified'] >= since and key not in errors:
                    markers[key] = marker['VersionId']
        if not key:
            raise LookupError(f'{bucket}: no version is below {prefix!r}.')
        yield from markers.items()

    def remove(item: tuple[str, str]) -> None:
        remove_marker(s3, bucket, *item)

    for _ in range(ROUNDS + 1):
        try:
            done = do_all(
                remove,
                markers_to_remove(),
                lambda item: item[0],
                threads,
                source=prefix,
                errors=errors,
            )
        except SomeFailedError as error:
            done = error.done
            if error.stopped:
                keys = sorted({*removed, *done} - errors.keys())
                raise SomeFailedError(errors, keys, stopped=True) from None
        if not done:
            break
        removed.update(done)
    else:
        raise RuntimeError(f'{bucket}/{prefix}: delete markers keep coming.')
    keys = sorted(removed - hidden)
    if errors:
        raise SomeFailedError(errors, keys)
    return keys


def find_markers(
    s3: S3Client, bucket: str, prefix: str
) -> Iterator[tuple[str, DeleteMarkerEntryTypeDef | None]]:
    """Yield the key of each version, first with the marker on top of it."""
    markers: dict[str, DeleteMarkerEntryTypeDef] = {}
    paginator = s3.get_paginator('list_object_versions')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        for marker in page.get('DeleteMarkers', []):
            if marker['IsLatest']:
                markers[marker['Key']] = marker
        for version in page.get('Versions', []):
            yield version['Key'], markers.pop(version['Key'], None)


def remove_marker(
    s3: S3Client, bucket: str, key: str, version_id: str
) -> None:
    """Remove a delete marker by its id, so that nothing newer is hit."""
    if version_id == 'null':
        raise RuntimeError(
            f'{bucket}/{key}: its delete marker has the id null, which an '
            'upload may take over. Use restore_version.'
        )
    s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)


def restore_version(
    s3: S3Client, bucket: str, key: str, version_id: str
) -> str:
    """Make an old version the current one again; return its new id.

    It is a copy on top of all others, so no version is lost, except where
    versioning is suspended: there it replaces the version `null`. The copy
    has the same metadata, tags, storage class and encryption, but a private
    ACL, and no lock. Up to 5 GB. If a response gets lost, boto3 may copy it
    twice.

    Raises:
        ClientError: as S3 says; `404` if there is no such version, `405` if
            it is a delete marker.
    """
    head = s3.head_object(Bucket=bucket, Key=key, VersionId=version_id)
    kept: dict[str, Any] = {
        name: value for name, value in head.items() if name in NOT_COPIED
    }
    response = s3.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={'Bucket': bucket, 'Key': key, 'VersionId': version_id},
        **kept,
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
    for version in versions_of(s3, 'my-letters', 'a.txt'):
        print('Size:', version.get('Size', 'none, a delete marker'))
        #> Size: none, a delete marker
        #> Size: 8
        #> Size: 8

    print(len(undelete(s3, 'my-letters', 'a.txt')), 'delete marker removed')
    #> 1 delete marker removed
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear all'

    restore_version(s3, 'my-letters', 'a.txt', first['VersionId'])
    print(s3.get_object(Bucket='my-letters', Key='a.txt')['Body'].read())
    #> b'Dear Sir'

    # Somebody deletes a folder by mistake.
    for key in ('2025/b.txt', '2025/c.txt'):
        s3.put_object(Bucket='my-letters', Key=key)
        s3.delete_object(Bucket='my-letters', Key=key)
    hour_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    keys = undelete_prefix(s3, 'my-letters', '2025', since=hour_ago)
    print('Back again:', keys)
    #> Back again: ['2025/b.txt', '2025/c.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes versions')
