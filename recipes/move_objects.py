"""Rename a key, or copy or move all below a prefix.

S3 has no rename, except `rename_object` in directory buckets: to move is to
copy, then to delete. Bodies never come here. Up to 5 GB, one request copies
an object with its metadata and tags; boto3 copies larger ones in parts.

The copy has the storage class STANDARD, the encryption of its bucket, a
private ACL, and neither lock nor website redirect. Older versions stay
behind. Above 5 GB, annotations are lost.

What somebody stores at an old key meanwhile is neither copied nor deleted,
because both requests carry the ETag. A change of metadata or tags alone
leaves the ETag as it is: a move can lose it.

For another account, the credentials of this one client must read the old
bucket and write the new one.

Copy read_write_many.py along with this file, and name it in the import.
Needs s3:ListBucket, s3:GetObject, s3:PutObject, for tags and annotations also
s3:GetObjectTagging, s3:PutObjectTagging, s3:GetObjectAnnotation and
s3:PutObjectAnnotation, above 5 GB s3:AbortMultipartUpload, to rename or move
s3:DeleteObject, and with a key of KMS kms:Decrypt and kms:GenerateDataKey.
Needs boto3 1.40.61 to rename, 1.35.67 to move, and 1.43.31 above 5 GB.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/copy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from read_write_many import do_all

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, ObjectTypeDef

ONE_REQUEST = 5 * 1024**3  # bytes that one request copies at most


def rename(s3: S3Client, bucket: str, key: str, new_key: str) -> None:
    """Move one object of at most 5 GB to a key that is free.

    Raises:
        ClientError: `404` if there is no such object; `PreconditionFailed`
            if the new key is taken, or somebody replaced the object
            meanwhile; `InvalidRequest` above 5 GB. After an error, it has
            the old key, the new one or both.
    """
    etag = s3.head_object(Bucket=bucket, Key=key)['ETag']
    try:
        s3.copy_object(
            Bucket=bucket,
            Key=new_key,
            CopySource={'Bucket': bucket, 'Key': key},
            CopySourceIfMatch=etag,
            IfNoneMatch='*',
        )['CopyObjectResult']['ETag']  # absent where S3 did not copy
    except ClientError as error:
        if (
            error.response['Error']['Code'] != 'PreconditionFailed'
            or not error.response['ResponseMetadata']['RetryAttempts']
            or key == new_key
        ):
            raise
        # Sent again after a lost response, it finds our own copy. If not, or
        # if copies get another ETag (parts, a key of KMS), this raises.
        s3.head_object(Bucket=bucket, Key=new_key, IfMatch=etag)
    delete_if_unchanged(s3, bucket, {'Key': key, 'ETag': etag})


def copy_prefix(
    s3: S3Client,
    bucket: str,
    prefix: str,
    new_prefix: str,
    to_bucket: str | None = None,
    delete: bool = False,
) -> list[str]:
    """Copy every object below a prefix; return the old keys.

    Args:
        prefix: `may/` for a folder; `may` would take `mayor.txt` along.
        new_prefix: what the new keys start with; what is there is replaced.
        to_bucket: the bucket of the copies; None for the same.
        delete: whether to delete what was copied, as `move_prefix` does.

    Raises:
        ValueError: one prefix starts with the other, in one bucket.
        SomeFailedError: some failed; or the listing, reported as `prefix`.
    """
    to_bucket = to_bucket or bucket
    if bucket == to_bucket and (
        prefix.startswith(new_prefix) or new_prefix.startswith(prefix)
    ):
        # Or copies would fall onto objects that are still to be copied.
        raise ValueError(f'{prefix!r} and {new_prefix!r} overlap.')

    def transfer(entry: ObjectTypeDef) -> None:
        new_key = new_prefix + entry['Key'][len(prefix) :]
        copy_if_unchanged(s3, bucket, entry, to_bucket, new_key)
        if delete:
            delete_if_unchanged(s3, bucket, entry)

    paginator = s3.get_paginator('list_objects_v2')
    pages = paginator.paginate(Bucket=bucket, Prefix=prefix)
    entries = (entry for page in pages for entry in page.get('Contents', []))
    return do_all(
        transfer, entries, lambda entry: entry['Key'], 10, source=prefix
    )


def move_prefix(
    s3: S3Client,
    bucket: str,
    prefix: str,
    new_prefix: str,
    to_bucket: str | None = None,
) -> list[str]:
    """Copy as `copy_prefix` does, and delete each object that was copied.

    Raises:
        SomeFailedError: some were not copied, or not deleted: call again.
        RuntimeError: boto3 is too old; nothing was copied.
    """
    shape = s3.meta.service_model.operation_model('DeleteObject').input_shape
    if shape and 'IfMatch' not in shape.members:
        raise RuntimeError('Moving a prefix needs boto3 1.35.67.')
    return copy_prefix(s3, bucket, prefix, new_prefix, to_bucket, delete=True)


def copy_if_unchanged(
    s3: S3Client, bucket: str, entry: ObjectTypeDef, to_bucket: str, key: str
) -> None:
    """Copy a listed object, of any size, if it is still as listed."""
    source: CopySourceTypeDef = {'Bucket': bucket, 'Key': entry['Key']}
    if entry['Size'] <= ONE_REQUEST:
        s3.copy_object(
            Bucket=to_bucket,
            Key=key,
            CopySource=source,
            CopySourceIfMatch=entry['ETag'],
        )['CopyObjectResult']['ETag']  # absent where S3 did not copy
        return
    s3.copy(
        CopySource=source,
        Bucket=to_bucket,
        Key=key,
        ExtraArgs={
            'CopySourceIfMatch': entry['ETag'],
            'TaggingDirective': 'COPY',
            # Older ones, which would lose the tags, refuse this.
            'AnnotationDirective': 'EXCLUDE',
        },
    )


def delete_if_unchanged(
    s3: S3Client, bucket: str, entry: ObjectTypeDef
) -> None:
    """Delete a listed object, if it is still as listed or gone already."""
    key, etag = entry['Key'], entry['ETag']
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
    except ClientError as error:
        # boto3 has perhaps sent it again, after a lost response.
        if error.response['Error']['Code'] not in ('NoSuchKey', '404'):
            raise


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    for bucket in ('my-drafts', 'my-archive-2026'):
        s3.create_bucket(Bucket=bucket)
    for key in ('may/a.txt', 'may/b.txt', 'mayor.txt'):
        s3.put_object(Bucket='my-drafts', Key=key)

    rename(s3, 'my-drafts', 'mayor.txt', 'town/mayor.txt')
    print(move_prefix(s3, 'my-drafts', 'may/', '2026-05/'))
    #> ['may/a.txt', 'may/b.txt']
    print(copy_prefix(s3, 'my-drafts', 'town/', 'old/', 'my-archive-2026'))
    #> ['town/mayor.txt']
    response = s3.list_objects_v2(Bucket='my-drafts')
    print([entry['Key'] for entry in response['Contents']])
    #> ['2026-05/a.txt', '2026-05/b.txt', 'town/mayor.txt']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes move_objects')
