"""Encrypt what a bucket stores with your own key in KMS.

In short:

    key_arn = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-…'
    default = {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': key_arn}
    s3.put_bucket_encryption(  # replaces all that it has
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            'Rules': [
                {
                    'ApplyServerSideEncryptionByDefault': default,
                    'BucketKeyEnabled': True,
                }
            ]
        },
    )

From then on, S3 encrypts every new object with this key. For a single object,
leave the bucket as it is and give `upload_file` the key:
`ExtraArgs={'ServerSideEncryption': 'aws:kms', 'SSEKMSKeyId': key_arn,
'ContentType': 'application/pdf'}`. `put_object` takes the same names as
arguments.

You may not need any of this: S3 encrypts all objects with a key of its own
(SSE-S3), free of charge. With a key in KMS, only those who may use the key
can read an object. That is also what goes wrong:

- Somebody may read the bucket and still gets `AccessDenied`. Whoever
  downloads needs kms:Decrypt on the key, whoever uploads
  kms:GenerateDataKey, and an upload in parts needs both.
- S3 does not check the key that you name: a wrong one shows at the first
  upload. Name it by its ARN, in the bucket's region. An alias would mean
  the key of that name in the account of whoever uploads.
- Another account can never use the key that AWS manages (`aws/s3`).
- Old objects keep their encryption. In newer boto3,
  `s3.update_object_encryption` changes that of one object, without a copy.
  It cannot change it back to SSE-S3: that takes a copy.
- New objects are closed to the public, and to CloudFront until the key's
  policy lets it in. A service of AWS that stores something here needs the
  key, too, and an Application Load Balancer cannot store its logs with any
  key of yours.
- KMS charges for each request. A bucket key saves most of them, so the
  function below turns it on. It changes the encryption context, though:
  KMS then sees the ARN of the bucket, and no longer that of the object. A
  policy that asks for `kms:EncryptionContext:aws:s3:arn` has to name the
  bucket.
- The call above replaces all that the bucket had. `use_kms_key` keeps
  whether the bucket refuses keys that are sent along (SSE-C), with boto3
  1.41 and newer.

`s3.delete_bucket_encryption(Bucket=bucket)` takes the default back: new
objects get SSE-S3 again, and old ones still need your key. So do not delete
the key: without it, nobody can ever read them again.

Needs s3:GetEncryptionConfiguration and s3:PutEncryptionConfiguration;
`update_object_encryption` needs s3:UpdateObjectEncryption, kms:Encrypt,
kms:Decrypt, kms:GenerateDataKey and kms:ReEncrypt*.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionRule.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UpdateObjectEncryption.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

NOT_SET = 'ServerSideEncryptionConfigurationNotFoundError'


def use_kms_key(s3: S3Client, bucket: str, key_arn: str) -> None:
    """Have new objects of a bucket encrypted with this key by default.

    Raises:
        ClientError: as S3 says; the default is then what it was.
    """
    rule: Any = {}
    try:
        response = s3.get_bucket_encryption(Bucket=bucket)
        rule = response['ServerSideEncryptionConfiguration']['Rules'][0]
    except ClientError as error:
        if error.response['Error']['Code'] != NOT_SET:
            raise
    rule['ApplyServerSideEncryptionByDefault'] = {
        'SSEAlgorithm': 'aws:kms',
        'KMSMasterKeyID': key_arn,
    }
    rule['BucketKeyEnabled'] = True
    s3.put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={'Rules': [rule]}
    )


# fmt: off
def demo() -> None:
    key_arn = 'arn:aws:kms:us-east-1:123456789012:key/my-key'
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-secrets')
    use_kms_key(s3, 'my-secrets', key_arn)

    # An upload like any other is encrypted with the key.
    s3.put_object(Bucket='my-secrets', Key='a.txt', Body=b'secret')
    head = s3.head_object(Bucket='my-secrets', Key='a.txt')
    print(head['ServerSideEncryption'], head['SSEKMSKeyId'])
    #> aws:kms arn:aws:kms:us-east-1:123456789012:key/my-key
    print('bucket key:', head['BucketKeyEnabled'])
    #> bucket key: True

    # This takes it back, for new objects.
    s3.delete_bucket_encryption(Bucket='my-secrets')
    s3.put_object(Bucket='my-secrets', Key='b.txt', Body=b'no secret')
    for key in ('a.txt', 'b.txt'):
        head = s3.head_object(Bucket='my-secrets', Key=key)
        print(key, 'with my key' if 'SSEKMSKeyId' in head else 'without')
        #> a.txt with my key
        #> b.txt without


if __name__ == '__main__':
    print('See it run: uv run python -m recipes encryption')
