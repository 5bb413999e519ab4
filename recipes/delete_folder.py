"""Delete a folder, or empty a bucket, for good.

In short:

    # Nothing undoes this. An empty prefix is the whole bucket.
    paginator = s3.get_paginator('list_object_versions')
    for page in list(paginator.paginate(Bucket=bucket, Prefix=prefix)):
        found = page.get('Versions', []) + page.get('DeleteMarkers', [])
        ids = [{'Key': x['Key'], 'VersionId': x['VersionId']} for x in found]
        if ids:
            delete = {'Objects': ids, 'Quiet': True}
            response = s3.delete_objects(Bucket=bucket, Delete=delete)
            if response.get('Errors'):
                raise RuntimeError(response['Errors'])

This lists all versions below the prefix, and deletes up to 1,000 in a
request. To keep the versions of a bucket that has them, and only hide them
behind delete markers, list with `list_objects_v2` and `Contents`, and give no
`VersionId`. What goes wrong:

- The prefix `site` deletes `site-old/x.txt`, too, and an empty one the whole
  bucket. `delete_folder` takes `site` for `site/` and refuses an empty
  prefix. `empty_bucket` is for the whole bucket.
- S3 says 200 even if it deletes nothing: what failed is in `Errors`, and
  boto3 goes on. The functions below delete again what was throttled, list
  again to see what is left, and end with an error for each of these, such as
  a version under legal hold.
- Not every store lists versions: Cloudflare's R2 says `NotImplemented`. And
  you may lack the permission. Then the functions below delete the objects
  only. If S3 hides one behind a delete marker, an error says that old
  versions are left. Those of objects deleted earlier go unnoticed.

Stop all writers first: what they store meanwhile may or may not be deleted.
Uploads in parts that were never completed stay, and cost money. A rule of
`lifecycle` ends them. Another one deletes millions of objects, with no
program that must run for hours. These functions keep all names in memory,
some 500 MB for a million.

Copy read_write_many.py along with this file.

Needs s3:ListBucketVersions, s3:DeleteObjectVersion and s3:DeleteObject; who
may not list versions needs s3:ListBucket.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://developers.cloudflare.com/r2/api/s3/api/
"""

from __future__ import annotations

import re
import time
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from read_write_many import (
    SomeFailedError,
    can_pass,
    concerns_all,
    for_each,
    patiently,
    with_slash,
    without_frames,
)

if TYPE_CHECKING:
    from typing import Any, Iterator, Mapping

    from mypy_boto3_s3.client import S3Client

    # Key and, where versions are listed, VersionId.
    Entry = dict[str, str]

THREADS = 4  # each with a request of up to 1,000 entries
ROUNDS = 5
NO_XML = re.compile('[\x00-\x1f\ufffe\uffff]')


def delete_folder(s3: S3Client, bucket: str, prefix: str) -> int:
    """Delete all objects of a folder, with all their versions.

    Args:
        prefix: the folder, with or without its final `/`.

    Returns:
        How many were deleted; each version and delete marker counts.

    Raises:
        ValueError: the prefix is empty.
        SomeFailedError: some are left. `errors` has an error for each, by
            its key and, with versioning, the id of its version; or one for
            the prefix, if S3 does not list it.
    """
    if not prefix:
        raise ValueError('No prefix: to delete everything, use empty_bucket.')
    return delete_below(s3, bucket, with_slash(prefix))


def empty_bucket(s3: S3Client, bucket: str) -> int:
    """Delete all objects of a bucket, with all their versions.

    Returns:
        How many were deleted; each version and delete marker counts.

    Raises:
        SomeFailedError: as for `delete_folder`.
    """
    return delete_below(s3, bucket, '')


def delete_below(s3: S3Client, bucket: str, prefix: str) -> int:
    """Delete what S3 lists, until it lists nothing that it deletes."""
    deleted: set[str] = set()
    confirmed: set[str] = set()  # of one round, as `errors` are
    errors: dict[str, Exception] = {}
    hidden = False  # whether S3 has put a delete marker on an object
    stopped = False

    def delete(batch: list[Entry]) -> None:
        nonlocal hidden
        response = delete_batch(s3, bucket, batch)
        for found in response.get('Deleted', []):
            confirmed.add(name_of(found))
            hidden = hidden or 'DeleteMarker' in found
        for found in response.get('Errors', []):
            errors[name_of(found)] = error_of(found)

    def listed() -> list[list[Entry]]:
        # All of it first: some servers that list on behind an entry that is
        # gone skip others.
        return list(batches(s3, bucket, prefix, versions=refusal is None))

    try:
        refusal = patiently(partial(why_no_versions, s3, bucket, prefix))
        # Each round deletes all that is listed; the next sees what is left.
        for number in range(ROUNDS):
            confirmed.clear()
            errors.clear()
            for batch, error in for_each(delete, patiently(listed), THREADS):
                if error:
                    errors.update(dict.fromkeys(map(name_of, batch), error))
                    stopped = stopped or concerns_all(error)
            deleted |= confirmed
            passing = any(map(can_pass, errors.values()))
            if stopped or not (confirmed or passing):
                break  # nothing is left, or another round would be no better
            if passing:
                time.sleep(2**number)  # seconds
        else:
            left = RuntimeError('S3 lists it after each deletion.')
            for batch in patiently(listed):
                for entry in batch:
                    errors.setdefault(name_of(entry), left)
        if refusal and hidden:
            text = f'Old versions are left: {refusal}'
            errors[prefix or bucket] = RuntimeError(text)
    except (BotoCoreError, ClientError) as error:
        errors[prefix or bucket] = without_frames(error)
        stopped = True
    if errors:
        raise SomeFailedError(errors, sorted(deleted - errors.keys()), stopped)
    return len(deleted)


def why_no_versions(
    s3: S3Client, bucket: str, prefix: str
) -> ClientError | None:
    """Return why S3 does not list versions, or None if it does."""
    try:
        s3.list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except ClientError as error:
        code = error.response['Error']['Code']
        if code not in ('AccessDenied', 'NotImplemented'):
            raise
        return error
    return None


def batches(
    s3: S3Client, bucket: str, prefix: str, versions: bool
) -> Iterator[list[Entry]]:
    """Yield what is listed, in batches that one request can delete."""
    paginator: Any = s3.get_paginator('list_objects_v2')
    if versions:
        paginator = s3.get_paginator('list_object_versions')
    for page in paginator.paginate(Bucket=bucket, Prefix=prefix):
        found = page.get('Versions', []) + page.get('DeleteMarkers', [])
        found += page.get('Contents', [])
        names = ('Key', 'VersionId') if versions else ('Key',)
        entries = [{name: each[name] for name in names} for each in found]
        yield from ([x] for x in entries if NO_XML.search(x['Key']))
        batch = [x for x in entries if not NO_XML.search(x['Key'])]
        if batch:
            yield batch


def delete_batch(s3: S3Client, bucket: str, batch: list[Any]) -> Any:
    """Return what S3 deleted as `Deleted`, what it did not as `Errors`."""
    if not NO_XML.search(batch[0]['Key']):
        return s3.delete_objects(Bucket=bucket, Delete={'Objects': batch})
    # A batch is XML, which lacks some characters: so this key goes alone.
    response = s3.delete_object(Bucket=bucket, **batch[0])
    marker = {'DeleteMarker': True} if 'DeleteMarker' in response else {}
    return {'Deleted': [{**batch[0], **marker}]}


def error_of(details: Any) -> ClientError:
    """Return the error that boto3 would raise for a single key."""
    response: Any = {'Error': details, 'ResponseMetadata': {}}
    return ClientError(response, 'DeleteObjects')


def name_of(entry: Mapping[str, Any]) -> str:
    """Return a key and, with versioning, the id of a version."""
    version = entry.get('VersionId', 'null')
    key: str = entry['Key']
    return key if version == 'null' else f'{key} ({version})'


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-full-bucket', ObjectLockEnabledForBucket=True)
    for key in ('drafts/a', 'drafts/a', 'drafts/b', 'drafts.txt', 'evidence'):
        s3.put_object(Bucket='my-full-bucket', Key=key)
    s3.delete_object(Bucket='my-full-bucket', Key='drafts/a')

    # Two versions and a delete marker of drafts/a, one version of drafts/b:
    print(delete_folder(s3, 'my-full-bucket', 'drafts'), 'deleted')
    #> 4 deleted
    response = s3.list_object_versions(Bucket='my-full-bucket')
    print([entry['Key'] for entry in response['Versions']])
    #> ['drafts.txt', 'evidence']

    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'ON'}
    )
    try:
        empty_bucket(s3, 'my-full-bucket')
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 1 done. evidence…: … (AccessDenied) …

    s3.put_object_legal_hold(
        Bucket='my-full-bucket', Key='evidence', LegalHold={'Status': 'OFF'}
    )
    print(empty_bucket(s3, 'my-full-bucket'), 'deleted')
    #> 1 deleted
    s3.delete_bucket(Bucket='my-full-bucket')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes delete_folder')
