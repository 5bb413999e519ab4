"""Share one object by a presigned URL, for a download or an upload.

Whoever has the URL can use it, with no credentials, until it expires or
until the credentials that signed it do; after 7 days at the latest. So keep
it short. An upload replaces what is there, as often as one likes, and in
any size: for a limit, use `presigned_form`. Signing sends nothing: a missing
key or permission shows when the URL is used.

Ask for Version 4 of the signature; in some regions boto3 still signs with
Version 2, which buckets made after 24 June 2020 refuse. Ask for the virtual
addressing style, too: it puts the region's own host into the URL. Without
it, S3 redirects what is meant for a new bucket in another region, and the
signature does not fit the new host.

What is signed must be sent: here, the upload needs the same content type.
A link or an image needs no CORS rule; a script of a web page on another
host needs one, as `allow_page` makes it.

Needs s3:GetObject for a download, s3:PutObject for an upload: whoever
signs needs it when the URL is used. `allow_page` needs s3:PutBucketCORS.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-presigned-urls.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html
https://github.com/boto/boto3/pull/4768
https://aws.amazon.com/blogs/aws/amazon-s3-update-sigv2-deprecation-period-extended-modified/
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def make_client(region: str) -> S3Client:
    """Return a client whose URLs work in this region, the bucket's own."""
    return boto3.client(
        's3',
        region_name=region,
        config=Config(
            signature_version='s3v4', s3={'addressing_style': 'virtual'}
        ),
    )


def download_url(
    s3: S3Client,
    bucket: str,
    key: str,
    seconds: int = 300,
    file_name: str | None = None,
) -> str:
    """Return a URL for a GET; a browser saves it under `file_name`."""
    params = {'Bucket': bucket, 'Key': key}
    if file_name:
        # As RFC 6266 writes a name that is not ASCII.
        params['ResponseContentDisposition'] = (
            f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
        )
    return s3.generate_presigned_url(
        'get_object', Params=params, ExpiresIn=seconds
    )


def upload_url(
    s3: S3Client, bucket: str, key: str, content_type: str, seconds: int = 300
) -> str:
    """Return a URL for a PUT that must send this content type."""
    return s3.generate_presigned_url(
        'put_object',
        Params={'Bucket': bucket, 'Key': key, 'ContentType': content_type},
        ExpiresIn=seconds,
    )


def allow_page(s3: S3Client, bucket: str, origin: str) -> None:
    """Let web pages of this origin use URLs; replaces all CORS rules."""
    s3.put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            'CORSRules': [
                {
                    'AllowedOrigins': [origin],
                    'AllowedMethods': ['GET', 'PUT'],
                    'AllowedHeaders': ['Content-Type'],
                }
            ]
        },
    )


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    for region in ('us-east-1', 'eu-central-1'):
        url = download_url(make_client(region), 'my-shared-files', 'note.txt')
        print(urlsplit(url).netloc)
        #> my-shared-files.s3.amazonaws.com
        #> my-shared-files.s3.eu-central-1.amazonaws.com

    s3 = make_client('eu-central-1')
    s3.create_bucket(
        Bucket='my-shared-files',
        CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'},
    )
    url = upload_url(s3, 'my-shared-files', 'note.txt', 'text/plain')
    response = requests.put(
        url, b'Hello!', headers={'Content-Type': 'text/plain'}, timeout=10
    )
    response.raise_for_status()

    url = download_url(
        s3, 'my-shared-files', 'note.txt', file_name='für Zoë.txt'
    )
    response = requests.get(url, timeout=10)
    response.raise_for_status()
    print(response.text, response.headers['Content-Disposition'])
    #> Hello! attachment; filename*=UTF-8''f%C3%BCr%20Zo%C3%AB.txt

    allow_page(s3, 'my-shared-files', 'https://www.example.com')
    response = requests.options(
        url,
        headers={
            'Origin': 'https://www.example.com',
            'Access-Control-Request-Method': 'PUT',
        },
        timeout=10,
    )
    print(response.headers['Access-Control-Allow-Origin'])
    #> https://www.example.com
