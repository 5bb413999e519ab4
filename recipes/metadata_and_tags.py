"""Change the metadata of an object, and add tags to it.

Metadata is fixed at the upload. To change it, S3 copies the object onto
itself and drops whatever is not given again: content type, cache control,
encryption, storage class and more. So read what is there, change that, and
give it all. `CopySourceIfMatch` refuses the copy if somebody has replaced
the content in between. A change of only the metadata leaves no trace in the
ETag, so let a single program make such changes.

The copy has no ACL and no lock of the original, and no `Expires` that is
no date. Its ETag differs if the original was uploaded in parts. With
versioning it is one more version. One such copy takes 5 GB at most.

Tags need no copy, but `put_object_tagging` replaces all of them, so read
them first. S3 has no condition for it: of two at a time, one is lost.

Needs s3:GetObject and s3:PutObject, with tags s3:GetObjectTagging and
s3:PutObjectTagging, and with annotations s3:GetObjectAnnotation and
s3:PutObjectAnnotation.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CopyObjectRequestTypeDef

TRIES = 5


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
        RuntimeError: somebody replaced the content each time.
    """
    for _ in range(TRIES):
        try:
            there = s3.head_object(Bucket=bucket, Key=key)
            lower = {name.lower(): metadata[name] for name in metadata}
            merged = {**there['Metadata'], **lower}
            copy: CopyObjectRequestTypeDef = {
                'Bucket': bucket,
                'Key': key,
                'CopySource': {'Bucket': bucket, 'Key': key},
                'CopySourceIfMatch': there['ETag'],
                'MetadataDirective': 'REPLACE',
                'Metadata': merged,
                'TaggingDirective': 'COPY',
                'ContentType': content_type or there['ContentType'],
            }
            if 'CacheControl' in there:
                copy['CacheControl'] = there['CacheControl']
            if 'ContentDisposition' in there:
                copy['ContentDisposition'] = there['ContentDisposition']
            if 'ContentEncoding' in there:
                copy['ContentEncoding'] = there['ContentEncoding']
            if 'ContentLanguage' in there:
                copy['ContentLanguage'] = there['ContentLanguage']
            if 'Expires' in there:
                copy['Expires'] = there['Expires']
            if 'WebsiteRedirectLocation' in there:
                copy['WebsiteRedirectLocation'] = there[
                    'WebsiteRedirectLocation'
                ]
            if 'StorageClass' in there:
                copy['StorageClass'] = there['StorageClass']
            if 'ServerSideEncryption' in there:
                copy['ServerSideEncryption'] = there['ServerSideEncryption']
            if 'SSEKMSKeyId' in there:
                copy['SSEKMSKeyId'] = there['SSEKMSKeyId']
            if 'BucketKeyEnabled' in there:
                copy['BucketKeyEnabled'] = there['BucketKeyEnabled']
            s3.copy_object(**copy)
            return merged
        except ClientError as error:
            if error.response['Error']['Code'] != 'PreconditionFailed':
                error.args = (f'{bucket}/{key}: {error}',)
                raise
    raise RuntimeError(f'{bucket}/{key} changed {TRIES} times. Try later.')


def add_tags(
    s3: S3Client, bucket: str, key: str, tags: dict[str, str]
) -> dict[str, str]:
    """Merge `tags` into those of an object; return all of them.

    Raises:
        ClientError: as S3 says; more than ten tags are refused.
    """
    try:
        response = s3.get_object_tagging(Bucket=bucket, Key=key)
        there = {tag['Key']: tag['Value'] for tag in response['TagSet']}
        merged = {**there, **tags}
        s3.put_object_tagging(
            Bucket=bucket,
            Key=key,
            Tagging={
                'TagSet': [{'Key': k, 'Value': v} for k, v in merged.items()]
            },
        )
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
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
    there = s3.head_object(Bucket='my-reports', Key='report.csv')
    print(there['Metadata'])
    #> {'author': 'me', 'status': 'final'}
    print(there['ContentType'], there['CacheControl'])
    #> text/csv max-age=60

    print(add_tags(s3, 'my-reports', 'report.csv', {'year': '2026'}))
    #> {'team': 'sales', 'year': '2026'}
