"""Let a browser upload a file by a form, within limits that you set.

A presigned URL cannot allow a range of sizes; a presigned form can. S3
checks each condition, and refuses an upload that breaks one. Nearly every
field of the form must be covered by a condition; the file comes last.

A key that ends in `${filename}` would let whoever sends the form overwrite
any key with that beginning, so it is refused here: check keys that contain
what users typed.

As for URLs, ask for Version 4 of the signature and the region's own host.

Needs s3:PutObject: whoever signs needs it when the form is sent.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-presigned-urls.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def upload_form(
    s3: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    most: int,
    seconds: int = 300,
) -> dict[str, Any]:
    """Return the `url` and the `fields` of a form.

    It uploads one file of this type and of 1 to `most` bytes.

    Raises:
        ValueError: the key would let the form choose its end.
    """
    if key.endswith('${filename}'):
        raise ValueError('${filename} allows any key with this beginning.')
    return s3.generate_presigned_post(
        Bucket=bucket,
        Key=key,
        Fields={'Content-Type': content_type},
        Conditions=[
            {'Content-Type': content_type},
            ['content-length-range', 1, most],
        ],
        ExpiresIn=seconds,
    )


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    s3 = boto3.client(
        's3',
        region_name='us-east-1',
        config=Config(
            signature_version='s3v4', s3={'addressing_style': 'virtual'}
        ),
    )
    s3.create_bucket(Bucket='my-photos')

    form = upload_form(s3, 'my-photos', 'a.png', 'image/png', most=1_000_000)
    # A web page would send this: <form action=url method=post …>.
    response = requests.post(
        form['url'],
        data=form['fields'],
        files={'file': b'\x89PNG'},
        timeout=10,
    )
    print(response.status_code)
    #> 204
    there = s3.head_object(Bucket='my-photos', Key='a.png')
    print(there['ContentType'], there['ContentLength'], 'bytes')
    #> image/png 4 bytes
