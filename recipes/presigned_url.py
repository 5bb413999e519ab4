"""Let others download or upload one object by a URL.

Whoever has a presigned URL can use it, with no credentials and as often as
they like, until it expires or the credentials that signed it do: those of
`aws login`, for example, in 15 minutes. The most is 7 days (604,800 seconds);
a URL that asks for more is refused when it is used, and so is one for a
missing key or without permission. Signing sends nothing.

Version 2 of the signature, boto3's default in some regions, is refused here
by a ValueError: it signs neither size nor conditions, and AWS announced that
buckets made after 24 June 2020 refuse it. `signing_client` asks for Version 4,
and for the virtual addressing style: it puts the region's own host into the
URL. Without it, S3 redirects what is meant for a new bucket in another
region, and the signature does not fit the new host.

An upload must send each header that was signed, with the value that was
signed. In a page, `file` is from an `<input type="file">`; the browser sets
Content-Length itself, and only `once` wants If-None-Match:

    const response = await fetch(url, {
      method: 'PUT',
      headers: {'Content-Type': 'image/png', 'If-None-Match': '*'},
      body: file,
    });
    if (!response.ok) throw new Error(await response.text());

A link, an image or a video needs no CORS rule; a script does: `allow_page`.
A browser plays what was uploaded as video/mp4, unless it gets a `file_name`.

Needs s3:GetObject for a download, s3:PutObject for an upload: whoever signs
needs it when the URL is used. `allow_page` needs s3:GetBucketCORS and
s3:PutBucketCORS. Needs boto3 1.35.2 for `once`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-presigned-urls.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://github.com/boto/boto3/pull/4768
https://aws.amazon.com/blogs/aws/amazon-s3-update-sigv2-deprecation-period-extended-modified/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def signing_client(region: str) -> S3Client:
    """Return a client that signs for this region, the bucket's own."""
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
    return sign(s3, 'get_object', params, seconds)


def upload_url(
    s3: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    seconds: int = 300,
    size: int | None = None,
    once: bool = False,
) -> str:
    """Return a URL for a PUT with the header `Content-Type: content_type`.

    With `size`, S3 takes exactly so many bytes, otherwise up to 5 GB. With
    `once`, the PUT must send `If-None-Match: *`, and S3 answers 412 if the
    key exists. Without it, each upload replaces what is there.
    """
    params: dict[str, Any] = {
        'Bucket': bucket,
        'Key': key,
        'ContentType': content_type,
    }
    if size is not None:
        params['ContentLength'] = size
    if once:
        params['IfNoneMatch'] = '*'
    return sign(s3, 'put_object', params, seconds)


def sign(
    s3: S3Client, operation: str, params: dict[str, Any], seconds: int
) -> str:
    """Return the URL; a ValueError if it is not signed with Version 4."""
    url = s3.generate_presigned_url(
        operation, Params=params, ExpiresIn=seconds
    )
    # A client that signs URLs with Version 2 has s3v4 in its settings, too.
    if 'X-Amz-Signature=' not in url:
        raise ValueError('Not signed with Version 4: use signing_client().')
    return url


def allow_page(s3: S3Client, bucket: str, origin: str) -> None:
    """Let scripts of web pages from this origin use the bucket's URLs.

    Adds a CORS rule before the others, so that for this origin theirs no
    longer count. Of two that are added at the same time, one may be lost.

    `origin` is what `location.origin` says in the page, such as
    https://www.example.com; a final slash is left out.
    """
    origin = origin.rstrip('/')
    rule_id = f'allow_page {origin}'
    try:
        rules = s3.get_bucket_cors(Bucket=bucket)['CORSRules']
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchCORSConfiguration':
            raise
        rules = []
    s3.put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            'CORSRules': [
                # First, because S3 uses the first rule that matches.
                {
                    'ID': rule_id,
                    'AllowedOrigins': [origin],
                    'AllowedMethods': ['GET', 'PUT', 'POST'],
                    'AllowedHeaders': ['*'],
                    'ExposeHeaders': ['ETag'],
                },
                *(rule for rule in rules if rule.get('ID') != rule_id),
            ]
        },
    )


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    for region in ('us-east-1', 'eu-central-1'):
        s3 = signing_client(region)
        url = download_url(s3, 'my-shared-files', 'note.txt')
        print(urlsplit(url).netloc)
        #> my-shared-files.s3.amazonaws.com
        #> my-shared-files.s3.eu-central-1.amazonaws.com

    s3 = signing_client('eu-central-1')
    s3.create_bucket(
        Bucket='my-shared-files',
        CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'},
    )
    url = upload_url(
        s3, 'my-shared-files', 'note.txt', 'text/plain', size=6, once=True
    )
    headers = {'Content-Type': 'text/plain', 'If-None-Match': '*'}
    for _ in range(2):
        response = requests.put(url, b'Hello!', headers=headers, timeout=10)
        print(response.status_code)
        #> 200
        #> 412

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


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_url')
