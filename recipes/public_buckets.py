"""Read a public bucket without credentials.

In short:

    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    s3 = boto3.client('s3', config=Config(signature_version=UNSIGNED))
    print(s3.get_object(Bucket=bucket, Key=key)['Body'].read())
    #> b'%PDF'
    pages = s3.get_paginator('list_objects_v2').paginate(
        Bucket=bucket, Prefix=prefix
    )
    for page in pages:
        for entry in page.get('Contents', []):
            print(entry['Key'], entry['Size'])
    #> photos/a.png 1
    #> photos/trip/ 0
    #> photos/trip/b.png 1

Open data sets are kept in buckets that everybody may read. On the command
line it is `--no-sign-request`. What goes wrong:

- `NoCredentialsError`: the client is not unsigned.
- `AccessDenied` for a listing: many such buckets let you read objects, but
  not list them. There, a missing key is `AccessDenied`, too.
- `AccessDenied` for all: the bucket may want the reader to pay. That takes
  credentials, and `RequestPayer='requester'` in each call.
- The address of an object for a browser, curl or pandas: a key may have
  spaces, `+` or `#`, which a URL must quote. `public_url` has boto3 do that.
  A script of a web page needs a CORS rule, too: `allow_page` in
  presigned_url.py adds one to your bucket.

Your own files can be shown to the world from a private bucket: a URL of
`presigned_url` lets a browser read one for a while, or play a video. For
many readers, put a CDN such as CloudFront in front of the bucket. To make a
bucket public, see `bucket_policy`.

Needs no permission of yours. But the bucket's policy must allow everybody,
or in an old bucket its ACLs, and Block Public Access must be off at every
level: bucket, account and organization.
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
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
        config=Config(
            signature_version=UNSIGNED,
            # Has `public_url` name the region in the host.
            s3={'addressing_style': 'virtual'},
        ),
    )


def public_url(s3: S3Client, bucket: str, key: str) -> str:
    """Return the address of a public object, which never expires.

    It sends nothing, so it does not know whether the object is public.
    """
    url = s3.generate_presigned_url(
        'get_object', Params={'Bucket': bucket, 'Key': key}
    )
    return url.partition('?')[0]  # without a signature, if `s3` has signed


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    # Somebody keeps open data in a bucket, and lets everybody read it.
    owner = boto3.client('s3', region_name='us-east-1')
    owner.create_bucket(Bucket='my-open-data')
    owner.put_object(
        Bucket='my-open-data', Key='2026/tea & milk.csv', Body=b'a,b\n1,2\n'
    )
    # On AWS, Block Public Access must be off for this: see bucket_policy.py.
    statement = {
        'Effect': 'Allow',
        'Principal': '*',
        'Action': 's3:GetObject',
        'Resource': 'arn:aws:s3:::my-open-data/*',
    }
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    owner.put_bucket_policy(Bucket='my-open-data', Policy=json.dumps(policy))

    # You read it without credentials.
    anybody = unsigned_client('us-east-1')
    response = anybody.get_object(
        Bucket='my-open-data', Key='2026/tea & milk.csv'
    )
    print(response['Body'].read())
    #> b'a,b\n1,2\n'

    # Whatever takes a URL can read it, too: a browser, curl, pandas.
    url = public_url(anybody, 'my-open-data', '2026/tea & milk.csv')
    print(url)
    #> https://my-open-data.s3.amazonaws.com/2026/tea%20%26%20milk.csv
    print(requests.get(url, timeout=10).content)
    #> b'a,b\n1,2\n'


if __name__ == '__main__':
    print('See it run: uv run python -m recipes public_buckets')
