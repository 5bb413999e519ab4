"""Copy or move all objects below a prefix, also to another bucket.

S3 has no rename: to move is to copy, then to delete. Up to 5 GB, one
request copies an object with its metadata and tags, and its body never
comes here. Larger ones go in parts, which S3 joins to a new object.

The copy has the storage class STANDARD, the encryption of its bucket, a
private ACL, and neither lock nor website redirect. Older versions stay
behind, and above 5 GB so do annotations. Whatever is already at a new key
is replaced.

What somebody replaces after it was listed is neither copied nor deleted:
both requests carry its ETag.

For another account, the credentials of this one client must read the old
bucket and write the new one.

Needs s3:ListBucket, s3:GetObject, s3:PutObject, for tags and annotations also
s3:GetObjectTagging, s3:PutObjectTagging, s3:GetObjectAnnotation and
s3:PutObjectAnnotation, above 5 GB s3:AbortMultipartUpload, and to move
s3:DeleteObject. Needs boto3 1.35.67 to move, since an older one refuses
`IfMatch`, and 1.43.31 above 5 GB, since an older one loses tags and
metadata: those are refused.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/copy.html
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

ONE_REQUEST = 5 * 1024**3  # bytes that one request copies at most


class NotCopiedError(Exception):
    """Some keys failed: `reasons` has an error for each, `done` the copies."""

    def __init__(self, reasons: dict[str, Exception], done: list[str]) -> None:
        shown = [f'{key}: {why}' for key, why in list(reasons.items())[:20]]
        super().__init__(f'{len(reasons)} failed. ' + '; '.join(shown))
        self.reasons = reasons
        self.done = sorted(done)


def copy(
    s3: S3Client,
    bucket: str,
    old: str,
    new: str,
    to_bucket: str | None = None,
    threads: int = 10,
) -> list[str]:
    """Copy every object whose key starts with `old`; return the new keys.

    Args:
        old: `may/` for a folder; `may` would take `mayor.txt` along.
        new: what takes the place of `old` in each key.
        to_bucket: the name of the bucket of the copies; None for the same.

    Raises:
        ValueError: one prefix starts with the other, in one bucket.
        NotCopiedError: some were not copied, or the listing failed, which
            is reported under `old`; all others were copied.
    """
    return _copy(s3, bucket, old, new, to_bucket or bucket, False, threads)


def move(
    s3: S3Client,
    bucket: str,
    old: str,
    new: str,
    to_bucket: str | None = None,
    threads: int = 10,
) -> list[str]:
    """Copy as `copy` does, and delete each object that was copied.

    Raises:
        ValueError: one prefix starts with the other, in one bucket.
        NotCopiedError: some were not copied, or not deleted; each is reported.
    """
    return _copy(s3, bucket, old, new, to_bucket or bucket, True, threads)


def _copy(
    s3: S3Client,
    bucket: str,
    old: str,
    new: str,
    to_bucket: str,
    delete: bool,
    threads: int,
) -> list[str]:
    if bucket == to_bucket and (old.startswith(new) or new.startswith(old)):
        # Or copies would fall onto objects that are still to be copied.
        raise ValueError(f'{old!r} and {new!r} overlap in one bucket.')
    reasons: dict[str, Exception] = {}
    done: list[str] = []

    def one(entry: ObjectTypeDef) -> None:
        key, to_key = entry['Key'], new + entry['Key'][len(old) :]
        try:
            copy_one(s3, bucket, entry, to_bucket, to_key)
            done.append(to_key)
            if delete:
                delete_one(s3, bucket, entry)
        except Exception as error:  # reported at the end
            reasons[key] = error

    paginator = s3.get_paginator('list_objects_v2')
    with ThreadPoolExecutor(threads) as pool:
        try:
            for page in paginator.paginate(Bucket=bucket, Prefix=old):
                list(pool.map(one, page.get('Contents', [])))
        except (BotoCoreError, ClientError) as error:
            reasons[old] = error
    if reasons:
        raise NotCopiedError(reasons, done)
    return sorted(done)


def copy_one(
    s3: S3Client,
    bucket: str,
    entry: ObjectTypeDef,
    to_bucket: str,
    to_key: str,
) -> None:
    """Copy one listed object, with metadata and tags, if it is as listed."""
    if entry['Size'] <= ONE_REQUEST:
        s3.copy_object(
            Bucket=to_bucket,
            Key=to_key,
            CopySource={'Bucket': bucket, 'Key': entry['Key']},
            CopySourceIfMatch=entry['ETag'],
            MetadataDirective='COPY',
            TaggingDirective='COPY',
        )
        return
    version = [int(x) for x in re.findall(r'\d+', boto3.__version__)]
    if version < [1, 43, 31]:
        raise RuntimeError('above 5 GB, only boto3 1.43.31 copies all of it')
    s3.copy(
        CopySource={'Bucket': bucket, 'Key': entry['Key']},
        Bucket=to_bucket,
        Key=to_key,
        ExtraArgs={
            'CopySourceIfMatch': entry['ETag'],
            'TaggingDirective': 'COPY',
        },
    )


def delete_one(s3: S3Client, bucket: str, entry: ObjectTypeDef) -> None:
    """Delete one listed object, if it is still as listed."""
    try:
        s3.delete_object(
            Bucket=bucket, Key=entry['Key'], IfMatch=entry['ETag']
        )
    except ClientError as error:
        # Gone already: boto3 sent it again after a lost response.
        if error.response['Error']['Code'] not in ('NoSuchKey', '404'):
            raise


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    for bucket in ('my-drafts', 'my-archive-2026'):
        s3.create_bucket(Bucket=bucket)
    for key in ('may/a.txt', 'may/b.txt', 'mayor.txt'):
        s3.put_object(Bucket='my-drafts', Key=key, Tagging='team=sales')

    print(move(s3, 'my-drafts', 'may/', '2026-05/'))
    #> ['2026-05/a.txt', '2026-05/b.txt']
    response = s3.list_objects_v2(Bucket='my-drafts')
    print([entry['Key'] for entry in response['Contents']])
    #> ['2026-05/a.txt', '2026-05/b.txt', 'mayor.txt']

    print(copy(s3, 'my-drafts', '2026-05/', 'old/', 'my-archive-2026'))
    #> ['old/a.txt', 'old/b.txt']
    tags = s3.get_object_tagging(Bucket='my-archive-2026', Key='old/a.txt')
    print(tags['TagSet'])
    #> [{'Key': 'team', 'Value': 'sales'}]

    try:
        copy(s3, 'my-drafts', '2026-05/', '2026-05/old/')
    except ValueError as error:
        print(error)
        #> '2026-05/' and '2026-05/old/' overlap in one bucket.
