"""Rename a key; copy or move a folder, or a whole bucket.

In short:

    # If an object has the new key already, this replaces it.
    s3.copy_object(
        Bucket=bucket,
        Key='archive/may.pdf',
        CopySource={'Bucket': bucket, 'Key': key},
    )
    s3.delete_object(Bucket=bucket, Key=key)

S3 has no rename, except `rename_object` in directory buckets: to move is to
copy, then to delete. S3 makes the copy, so no body comes to this machine.
What goes wrong with that:

- If the new key is taken, its object is replaced. `rename` raises an error
  instead.
- If somebody stores the old key again in between, that is deleted. Here, both
  requests carry the ETag, and what is new is neither copied nor deleted. A
  change of metadata or tags alone leaves the ETag as it is: a move can lose
  it.
- The copy is STANDARD, whatever storage class the object had. Here it keeps
  its class. What is archived must be restored first: see `restore_archived`.
- Above 5 GB, S3 refuses. boto3's `copy` copies large objects in parts, but
  loses tags and annotations unless it is told to keep them. `copy_folder`
  and `move_folder` keep both at any size, and first ask whether they may
  read them. `rename` takes up to 5 GB.
- A folder may have more keys than one listing shows, and some may fail.
  `copy_folder` and `move_folder` copy all that they can, and then name what
  failed.

The copy is encrypted as its new bucket decides, and private. It has no lock
and no website redirect, and older versions stay behind.

From bucket to bucket, or to a folder of another bucket:

    copy_folder(s3, 'photos', '', '', to_bucket='all-photos')
    copy_folder(s3, 'photos', '', 'from-2026', to_bucket='all-photos')

For another account, the credentials of this one client must read the old
bucket and write the new one. If no credentials may do both, read with
`open_object` and write with `upload_chunks`, each with a client of its own.

Ten objects are copied at a time. To be faster, give `threads` and a client of
`client_for_many` with as many, or run several processes, each with a folder
of its own.

Copy read_write_many.py along with this file.

Needs s3:ListBucket, s3:GetObject and s3:PutObject, to rename or move also
s3:DeleteObject. For tags: s3:GetObjectTagging and s3:PutObjectTagging. For
annotations: s3:GetObjectAnnotation and s3:PutObjectAnnotation. Above 5 GB:
s3:GetObjectTagging and s3:ListObjectAnnotations in any case, and
s3:AbortMultipartUpload. With a key of KMS: kms:Decrypt and
kms:GenerateDataKey.

Needs boto3 1.40.61 to rename, 1.35.67 to move, and 1.43.31 above 5 GB.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
https://docs.aws.amazon.com/boto3/latest/reference/services/s3/client/copy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from read_write_many import (
    delete_if_unchanged,
    do_all,
    entries_below,
    with_slash,
)

if TYPE_CHECKING:
    from typing import Any, Iterator, Mapping

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
        RuntimeError: S3 said that it copied, and sent no proof.
    """
    head = s3.head_object(Bucket=bucket, Key=key)
    etag = head['ETag']
    try:
        copy_in_one(
            s3,
            {'Bucket': bucket, 'Key': key},
            Bucket=bucket,
            Key=new_key,
            CopySourceIfMatch=etag,
            IfNoneMatch='*',
            **class_of(head),
        )
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
    delete_if_unchanged(s3, bucket, key, etag)


def copy_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    new_prefix: str,
    to_bucket: str | None = None,
    threads: int = 10,
) -> list[str]:
    """Copy every object of a folder; return the old keys, sorted.

    Args:
        prefix: the folder, with or without its final `/`; an empty one is
            the whole bucket.
        new_prefix: the new folder. Objects with the same name in it are
            replaced.
        to_bucket: the bucket of the copies; None for the same.

    Raises:
        ValueError: one folder is in the other, in one bucket.
        SomeFailedError: some failed; or the listing, reported as `prefix`.
    """
    to_bucket = to_bucket or bucket
    items = with_new_keys(s3, bucket, prefix, to_bucket, new_prefix)

    def copy(item: tuple[ObjectTypeDef, str]) -> None:
        copy_if_unchanged(s3, bucket, item[0], to_bucket, item[1])

    return do_all(copy, items, old_key, threads, source=prefix)


def move_folder(
    s3: S3Client,
    bucket: str,
    prefix: str,
    new_prefix: str,
    to_bucket: str | None = None,
    threads: int = 10,
) -> list[str]:
    """Copy as `copy_folder` does, and delete each object once it is copied.

    Raises:
        ValueError: one folder is in the other, in one bucket.
        SomeFailedError: some were not copied, or not deleted: call again.
        RuntimeError: boto3 is too old; nothing was copied.
    """
    shape = s3.meta.service_model.operation_model('DeleteObject').input_shape
    if shape and 'IfMatch' not in shape.members:
        raise RuntimeError('Moving a folder needs boto3 1.35.67.')
    to_bucket = to_bucket or bucket
    items = with_new_keys(s3, bucket, prefix, to_bucket, new_prefix)
    copied: set[str] = set()

    def move(item: tuple[ObjectTypeDef, str]) -> None:
        entry, new_key = item
        # Called again after its delete got no response, it has copied: then
        # the old key may be gone.
        if entry['Key'] not in copied:
            copy_if_unchanged(s3, bucket, entry, to_bucket, new_key)
            copied.add(entry['Key'])
        delete_if_unchanged(s3, bucket, entry['Key'], entry['ETag'])
        copied.discard(entry['Key'])

    return do_all(move, items, old_key, threads, source=prefix)


def with_new_keys(
    s3: S3Client, bucket: str, prefix: str, to_bucket: str, new_prefix: str
) -> Iterator[tuple[ObjectTypeDef, str]]:
    """Return the listed objects of a folder, each with its new key.

    Raises:
        ValueError: one folder is in the other, in one bucket.
    """
    prefix, new_prefix = with_slash(prefix), with_slash(new_prefix)
    if bucket == to_bucket and (
        prefix.startswith(new_prefix) or new_prefix.startswith(prefix)
    ):
        # Or copies would fall onto objects that are still to be copied.
        raise ValueError(f'{prefix!r} and {new_prefix!r} overlap.')
    return (
        (entry, new_prefix + entry['Key'][len(prefix) :])
        for entry in entries_below(s3, bucket, prefix)
    )


def old_key(item: tuple[ObjectTypeDef, str]) -> str:
    return item[0]['Key']


def copy_if_unchanged(
    s3: S3Client, bucket: str, entry: ObjectTypeDef, to_bucket: str, key: str
) -> None:
    """Copy a listed object, of any size, if it is still as listed."""
    if not key and not entry['Size']:
        return  # the console's marker of a folder: a bucket itself has none
    source: CopySourceTypeDef = {'Bucket': bucket, 'Key': entry['Key']}
    extra = {'CopySourceIfMatch': entry['ETag'], **class_of(entry)}
    if entry['Size'] <= ONE_REQUEST:
        copy_in_one(s3, source, Bucket=to_bucket, Key=key, **extra)
        return
    extra['TaggingDirective'] = 'COPY'
    extra['AnnotationDirective'] = 'COPY' if is_aws(s3) else 'EXCLUDE'
    # boto3 reads these after it has copied, which may take an hour.
    s3.get_object_tagging(Bucket=bucket, Key=entry['Key'])
    if is_aws(s3):
        read_an_annotation(s3, bucket, entry['Key'])
    s3.copy(CopySource=source, Bucket=to_bucket, Key=key, ExtraArgs=extra)


def copy_in_one(
    s3: S3Client, source: CopySourceTypeDef, **target: Any
) -> None:
    """Copy up to 5 GB, with metadata, tags and annotations.

    Raises:
        RuntimeError: S3 said that it copied, and sent no proof.
    """
    response = s3.copy_object(CopySource=source, **target)
    if 'ETag' not in response.get('CopyObjectResult', {}):  # has been seen
        raise RuntimeError(f'S3 sent no proof that it copied {source["Key"]}.')


def class_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage class to ask for: none for STANDARD, the default."""
    name = found.get('StorageClass', 'STANDARD')
    return {} if name == 'STANDARD' else {'StorageClass': name}


def is_aws(s3: S3Client) -> bool:
    """Return whether the server may know annotations.

    Others, asked for the annotations of an object, send all of its body.
    """
    return '.amazonaws.' in s3.meta.endpoint_url


def read_an_annotation(s3: S3Client, bucket: str, key: str) -> None:
    """Raise what boto3 would raise as it reads the annotations."""
    response = s3.list_object_annotations(Bucket=bucket, Key=key)
    for annotation in response.get('Annotations', [])[:1]:
        s3.get_object_annotation(
            Bucket=bucket,
            Key=key,
            AnnotationName=annotation['AnnotationName'],
        )['AnnotationPayload'].close()


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    for bucket in ('my-drafts', 'my-archive-2026'):
        s3.create_bucket(Bucket=bucket)
    for key in ('may/a.txt', 'may/b.txt', 'mayor.txt'):
        s3.put_object(
            Bucket='my-drafts', Key=key, StorageClass='STANDARD_IA'
        )

    rename(s3, 'my-drafts', 'mayor.txt', 'town/mayor.txt')
    # A folder to another name; `mayor.txt` would not have come along.
    print('Moved:', move_folder(s3, 'my-drafts', 'may', '2026-05'))
    #> Moved: ['may/a.txt', 'may/b.txt']
    # The whole bucket to a folder of another.
    keys = copy_folder(s3, 'my-drafts', '', 'old', 'my-archive-2026')
    print('Copied:', keys)
    #> Copied: ['2026-05/a.txt', '2026-05/b.txt', 'town/mayor.txt']

    response = s3.list_objects_v2(Bucket='my-archive-2026')
    for entry in response['Contents']:
        print(entry['Key'], entry['StorageClass'])
        #> old/2026-05/a.txt STANDARD_IA
        #> old/2026-05/b.txt STANDARD_IA
        #> old/town/mayor.txt STANDARD_IA


if __name__ == '__main__':
    print('See it run: uv run python -m recipes move_objects')
