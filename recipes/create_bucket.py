"""Create a bucket in the region of the client.

Put a bucket near those who use it. Outside us-east-1, the request must name
the region of the client; in us-east-1, it must not. A new bucket is private
and encrypted. It refuses public access and ACLs, and since April 2026, except
in Bahrain and the UAE, encryption with a key that you send along (SSE-C).

The name is taken for all accounts of a partition. Once you delete the
bucket, anybody can take it.

Needs s3:CreateBucket, and s3:ListBucket to look and to wait.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType


def create_bucket(s3: S3Client, bucket: str, owner: str | None = None) -> None:
    """Create a bucket and wait until S3 knows it; yours already is fine.

    Looks first, because to create one's own bucket again in us-east-1
    resets its ACL.

    Args:
        owner: the id of your account. Without it, a bucket of somebody else
            that you may list is taken for yours.

    Raises:
        ClientError: `BucketAlreadyExists` if another account has the name,
            `InvalidBucketName` and others as S3 says.
        ValueError: the bucket is there, but in another region.
    """
    # S3 knows no region aws-global: boto3 means us-east-1 by it.
    region = s3.meta.region_name.replace('aws-global', 'us-east-1')
    try:
        if owner:
            head = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        else:
            head = s3.head_bucket(Bucket=bucket)
        there = head.get('BucketRegion', region)
        if there != region:
            raise ValueError(f'{bucket} is there, but in {there}.')
        return
    except ClientError as error:
        # 403 may be somebody else's bucket: to create it will show.
        if error.response['Error']['Code'] not in ('403', '404'):
            error.args = (f'{bucket}: {error}',)
            raise
    try:
        if region == 'us-east-1':
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={
                    'LocationConstraint': cast(
                        'BucketLocationConstraintType', region
                    )
                },
            )
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass  # from a run before, or boto3 sent it again after a lost response
    except ClientError as error:
        error.args = (f'{bucket}: {error}',)
        raise
    s3.get_waiter('bucket_exists').wait(Bucket=bucket)


# fmt: off
def demo() -> None:
    for region in ('eu-central-1', 'us-east-1'):
        s3 = boto3.client('s3', region_name=region)
        create_bucket(s3, f'my-bucket-in-{region}')
        response = s3.head_bucket(Bucket=f'my-bucket-in-{region}')
        print(response['BucketRegion'])
        #> eu-central-1
        #> us-east-1
