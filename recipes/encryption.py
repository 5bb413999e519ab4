"""Encrypt what a bucket stores with your own key in KMS.

S3 encrypts every new object by itself (SSE-S3), free of charge. With a key
in KMS, whoever reads needs permission on the key, too. A bucket key saves
most of the requests to KMS, which cost money.

The default of a bucket is for new objects; what is there stays as it is. S3
does not check the key that you name: a wrong one shows at the first upload.
Name it by its ARN, in the bucket's region: an alias means the key of that name
in the account of whoever uploads. Another account cannot use the key that AWS
manages (`aws/s3`).

Needs s3:GetEncryptionConfiguration, s3:PutEncryptionConfiguration and
s3:PutObject; on the key, kms:GenerateDataKey to upload, kms:Decrypt to
download, and both to upload in parts.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NONE = 'ServerSideEncryptionConfigurationNotFoundError'


def use_kms_key(s3: S3Client, bucket: str, key_arn: str) -> None:
    """Have new objects of a bucket encrypted with this key by default.

    Replaces the default that there was. Whether the bucket refuses keys that
    are sent along (SSE-C) stays as it was, with boto3 1.41 and newer.
    """
    rule: Any = {}
    try:
        response = s3.get_bucket_encryption(Bucket=bucket)
        rule = response['ServerSideEncryptionConfiguration']['Rules'][0]
    except ClientError as error:
        if error.response['Error']['Code'] != NONE:
            raise
    rule['ApplyServerSideEncryptionByDefault'] = {
        'SSEAlgorithm': 'aws:kms',
        'KMSMasterKeyID': key_arn,
    }
    rule['BucketKeyEnabled'] = True
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={'Rules': [rule]}
    )


def upload_with_key(
    s3: S3Client, bucket: str, key: str, body: bytes, key_arn: str
) -> None:
    """Store one object with this key, whatever the bucket's default is."""
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=body,
        ServerSideEncryption='aws:kms',
        SSEKMSKeyId=key_arn,
        BucketKeyEnabled=True,
    )


# fmt: off
def demo() -> None:
    key_arn = 'arn:aws:kms:us-east-1:123456789012:key/my-key'
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-secrets')

    use_kms_key(s3, 'my-secrets', key_arn)
    response = s3.get_bucket_encryption(Bucket='my-secrets')
    rule = response['ServerSideEncryptionConfiguration']['Rules'][0]
    default = rule['ApplyServerSideEncryptionByDefault']
    print(default['SSEAlgorithm'], rule['BucketKeyEnabled'])
    #> aws:kms True

    upload_with_key(s3, 'my-secrets', 'a.txt', b'secret', key_arn)
    head = s3.head_object(Bucket='my-secrets', Key='a.txt')
    print(head['ServerSideEncryption'], head['BucketKeyEnabled'])
    #> aws:kms True


if __name__ == '__main__':
    print('See it run: uv run python -m recipes encryption')
