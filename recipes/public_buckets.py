"""Read a public bucket without credentials.

Open data sets are kept in buckets that everybody may read. Without
credentials, boto3 raises `NoCredentialsError`. An unsigned client needs and
sends none; on the command line that is `--no-sign-request`.

Some such buckets let you read objects and not list them. Then a listing is
`AccessDenied`, and so is a missing key. With `RequestPayer='requester'` the
reader pays, which takes credentials.

Your own files can be shown to the world from a private bucket: a URL of
`presigned_url` lets a browser read one for a while, or play a video. For
many readers, put a CDN such as CloudFront in front of the bucket.

Needs no permission of yours. But the bucket's policy must allow everybody,
or in an old bucket its ACLs, and Block Public Access must be off, for the
bucket and for its account.
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
https://registry.opendata.aws/
https://github.com/boto/boto3/issues/1200
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import boto3
from botocore import UNSIGNED
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def unsigned_client(region: str) -> S3Client:
    """Return a client that signs nothing, for a bucket in this region."""
    return boto3.client(
        's3',
        region_name=region,
        config=Config(signature_version=UNSIGNED),
    )


# fmt: off
def demo() -> None:
    owner = boto3.client('s3', region_name='us-east-1')
    owner.create_bucket(Bucket='my-open-data')
    owner.put_object(Bucket='my-open-data', Key='a.csv', Body=b'a,b\n1,2\n')
    # On AWS, Block Public Access of bucket and account must be off for this.
    statement = {
        'Effect': 'Allow',
        'Principal': '*',
        'Action': 's3:GetObject',
        'Resource': 'arn:aws:s3:::my-open-data/*',
    }
    owner.put_bucket_policy(
        Bucket='my-open-data',
        Policy=json.dumps({'Version': '2012-10-17', 'Statement': [statement]}),
    )

    anybody = unsigned_client('us-east-1')
    response = anybody.get_object(Bucket='my-open-data', Key='a.csv')
    print(response['Body'].read())
    #> b'a,b\n1,2\n'


if __name__ == '__main__':
    print('See it run: uv run python -m recipes public_buckets')
