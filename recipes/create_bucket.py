"""Create a bucket in the region of the client.

In short:

    region = s3.meta.region_name
    if region == 'us-east-1':
        s3.create_bucket(Bucket='my-new-bucket')
    else:
        s3.create_bucket(
            Bucket='my-new-bucket',
            CreateBucketConfiguration={'LocationConstraint': region},
        )
    print(s3.head_bucket(Bucket='my-new-bucket')['BucketRegion'])
    #> us-east-1

Choose a region near those who use the bucket: it cannot move. A new bucket
is private and encrypted. It refuses public access and ACLs, and since April
2026, except in Bahrain and the UAE, encryption with a key that you send along
(SSE-C). What goes wrong:

- Somebody has the name: `BucketAlreadyExists`. No two accounts of a partition
  can have a bucket of the same name, except in a regional namespace of your
  own. Once you delete a bucket, anybody can take its name.
- You have it already: `BucketAlreadyOwnedByYou`. In us-east-1 that is no
  error, but it resets the bucket's ACL. `create_bucket` leaves a bucket of
  yours alone, and raises an error if it is in another region.
- You have just deleted it: `OperationAborted`, perhaps for an hour.
- Not every request sees a new bucket at once. `create_bucket` waits for it.

Needs s3:CreateBucket, and s3:ListBucket to look and to wait.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
https://github.com/aws/aws-cli/issues/3567
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType


def create_bucket(s3: S3Client, bucket: str, owner: str | None = None) -> None:
    """Create a bucket, unless you have it, and wait until S3 knows it.

    Asks for it first, because creating your own bucket again in us-east-1
    resets its ACL. If S3 does not let you ask, this creates nothing.

    Args:
        owner: the id of your account. Without it, a bucket of somebody else
            that you may list is taken for yours.

    Raises:
        ValueError: the bucket is there, but in another region.
        PermissionError: S3 does not let you ask (403). The message names
            the bucket's region, if S3 tells it.
        ClientError: as S3 says: `InvalidBucketName`; `ExpiredToken`;
            `OperationAborted` while another program creates or deletes it;
            `BucketAlreadyExists` if another account was first;
            `IllegalLocationConstraintException` if this client knows the
            name from another region, where the bucket is gone: make a new
            client.
    """
    if is_there(s3, bucket, owner):
        return
    try:
        if region_of(s3) == 'us-east-1':
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={
                    'LocationConstraint': cast(
                        'BucketLocationConstraintType', region_of(s3)
                    )
                },
            )
    except s3.exceptions.BucketAlreadyOwnedByYou:
        # Another program of yours did it, or boto3 sent this twice because
        # the first response got lost.
        is_there(s3, bucket, owner)
    s3.get_waiter('bucket_exists').wait(Bucket=bucket)


def is_there(s3: S3Client, bucket: str, owner: str | None = None) -> bool:
    """Return whether your bucket is in the region of the client.

    Raises:
        ValueError, PermissionError, ClientError: as for `create_bucket`.
    """
    account: Any = {'ExpectedBucketOwner': owner} if owner else {}
    name = 'x-amz-bucket-region'
    try:
        response = s3.head_bucket(Bucket=bucket, **account)
    except ClientError as error:
        code = error.response['Error']['Code']
        if code == '404':
            return False
        if code == '400':
            # The response to a HEAD does not say why; that to a GET does.
            s3.list_objects_v2(Bucket=bucket, MaxKeys=1, **account)
        if code != '403':
            raise
        headers = error.response['ResponseMetadata']['HTTPHeaders']
        raise PermissionError(
            f'S3 does not let you see {bucket} '
            f'(region: {headers.get(name, "unknown")}): '
            "it is somebody else's, or you lack s3:ListBucket, or your access "
            'key or your clock is wrong.'
        ) from error
    # If the bucket is in another region, boto3 has asked there.
    headers = response['ResponseMetadata']['HTTPHeaders']
    region = headers.get(name, region_of(s3))
    if region != region_of(s3):
        raise ValueError(f'{bucket} is there, but in {region}.')
    return True


def region_of(s3: S3Client) -> str:
    """Return the region in which this client creates buckets."""
    # S3 knows no region aws-global: boto3 means us-east-1 by it.
    return s3.meta.region_name.replace('aws-global', 'us-east-1')


# fmt: off
def demo() -> None:
    for region in ('eu-central-1', 'us-east-1'):
        s3 = boto3.client('s3', region_name=region)
        create_bucket(s3, f'my-bucket-in-{region}')
        # A second time, it finds it there.
        create_bucket(s3, f'my-bucket-in-{region}')
        response = s3.head_bucket(Bucket=f'my-bucket-in-{region}')
        print('Created in', response['BucketRegion'])
        #> Created in eu-central-1
        #> Created in us-east-1

    # This client creates buckets in us-east-1.
    try:
        create_bucket(s3, 'my-bucket-in-eu-central-1')
    except ValueError as error:
        print(error)
        #> my-bucket-in-eu-central-1 is there, but in eu-central-1.


if __name__ == '__main__':
    print('See it run: uv run python -m recipes create_bucket')
