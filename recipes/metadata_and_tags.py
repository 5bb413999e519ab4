"""Change the metadata of an object, and add tags to it.

Metadata is fixed at the upload. To change it, S3 copies the object onto
itself, and drops whatever the request does not give again: content type,
cache control, encryption, storage class and more. So read what is there,
change that, and give it all. `IfMatch` refuses the copy if somebody has
replaced the content in between, and then this starts over. Whoever changes
only the metadata leaves the ETag as it is, and is not noticed: let a single
program change it.

The copy keeps the tags. It loses the ACL, the lock and an `Expires` that is
no date, and its ETag may be another. With versioning it is one more version.
One such copy takes 5 GB at most.

Tags need no copy, but `put_object_tagging` replaces all of them, so read
them first. They go to the version that was read, even if somebody replaces
the object meanwhile. S3 has no condition for tags: if two programs add some
at the same time, those of one are lost.

Needs s3:GetObject and s3:PutObject; with tags s3:GetObjectTagging and
s3:PutObjectTagging, and with versioning s3:PutObjectVersionTagging; with
annotations s3:GetObjectAnnotation and s3:PutObjectAnnotation; with a KMS key
kms:Decrypt and kms:GenerateDataKey. Needs boto3 1.40.61 for metadata: an
older one refuses `IfMatch` and sends nothing.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TRIES = 5
KEPT = {
    'BucketKeyEnabled',
    'CacheControl',
    'ContentDisposition',
    'ContentEncoding',
    'ContentLanguage',
    'ContentType',
    'Expires',
    'SSEKMSKeyId',
    'ServerSideEncryption',
    'StorageClass',
    'WebsiteRedirectLocation',
}


def change_metadata(
    s3: S3Client,
    bucket: str,
    key: str,
    metadata: dict[str, str],
    content_type: str | None = None,
) -> dict[str, str]:
    """Merge `metadata` into that of an object; return all of it.

    Args:
        metadata: values in ASCII; S3 keeps names in lower case; 2 KB in all.
        content_type: a new one; None keeps what is there.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        RuntimeError: somebody else was first each time.
    """
    for number in range(TRIES):
        head = s3.head_object(Bucket=bucket, Key=key)
        lower = {name.lower(): value for name, value in metadata.items()}
        merged = {**head['Metadata'], **lower}
        kept: dict[str, Any] = {
            name: value for name, value in head.items() if name in KEPT
        }
        if content_type is not None:
            kept['ContentType'] = content_type
        try:
            s3.copy_object(
                Bucket=bucket,
                Key=key,
                CopySource={'Bucket': bucket, 'Key': key},
                # The one guards what is read, the other what is replaced.
                CopySourceIfMatch=head['ETag'],
                IfMatch=head['ETag'],
                MetadataDirective='REPLACE',
                Metadata=merged,
                **kept,
            )
            return merged
        except ClientError as error:
            if error.response['Error']['Code'] not in (
                'PreconditionFailed',
                'ConditionalRequestConflict',
            ):
                raise
        time.sleep(random.uniform(0, 0.1 * 2**number))
    raise RuntimeError(f'{bucket}/{key} changed {TRIES} times. Try later.')


def add_tags(
    s3: S3Client, bucket: str, key: str, tags: dict[str, str]
) -> dict[str, str]:
    """Merge `tags` into those of an object; return all of them.

    Raises:
        ClientError: as S3 says; more than ten tags are refused.
    """
    response = s3.get_object_tagging(Bucket=bucket, Key=key)
    old_tags = {tag['Key']: tag['Value'] for tag in response['TagSet']}
    merged = {**old_tags, **tags}
    version: dict[str, Any] = {}
    if 'VersionId' in response:  # absent where versioning was never on
        version['VersionId'] = response['VersionId']
    s3.put_object_tagging(
        Bucket=bucket,
        Key=key,
        Tagging={
            'TagSet': [{'Key': k, 'Value': v} for k, v in merged.items()]
        },
        **version,
    )
    return merged


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-reports')
    s3.put_object(
        Bucket='my-reports',
        Key='report.csv',
        Body='a,b\n1,2\n',
        ContentType='text/csv',
        CacheControl='max-age=60',
        Metadata={'author': 'me', 'status': 'draft'},
        Tagging='team=sales',
    )

    change_metadata(s3, 'my-reports', 'report.csv', {'status': 'final'})
    head = s3.head_object(Bucket='my-reports', Key='report.csv')
    print(head['Metadata'])
    #> {'author': 'me', 'status': 'final'}
    print(head['ContentType'], head['CacheControl'])
    #> text/csv max-age=60

    print(add_tags(s3, 'my-reports', 'report.csv', {'year': '2026'}))
    #> {'team': 'sales', 'year': '2026'}


if __name__ == '__main__':
    print('See it run: uv run python -m recipes metadata_and_tags')
