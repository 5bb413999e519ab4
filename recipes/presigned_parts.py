"""Let a browser upload a large file in parts, by a presigned URL for each.

Your program starts the upload and signs; the browser sends each part with a
PUT and reads its ETag from the response; your program completes it with
these ETags in order. All parts but the last have at least 5 MiB (5,242,880
bytes).

The bucket's CORS rules must expose the ETag, or the browser's script cannot
read it: see `allow_page`. Each URL expires: give a slow upload enough time.
Parts cost money until the upload is completed or aborted.

Behind a proxy, sign with the host that the browser will use, as that of
`endpoint_url`: the host is part of what is signed.

Needs s3:PutObject to start, to complete and for the URLs,
s3:AbortMultipartUpload to abort, and s3:PutBucketCORS for `allow_page`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://github.com/boto/boto3/issues/2305
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def start(s3: S3Client, bucket: str, key: str, content_type: str) -> str:
    """Start an upload in parts; return its id."""
    try:
        response = s3.create_multipart_upload(
            Bucket=bucket, Key=key, ContentType=content_type
        )
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    return response['UploadId']


def part_urls(
    s3: S3Client,
    bucket: str,
    key: str,
    upload_id: str,
    parts: int,
    seconds: int = 3600,
) -> list[str]:
    """Return a URL for a PUT of each part, from the first to the last.

    `s3` is a client for Version 4 of the signature, as in `presigned_url`.
    """
    return [
        s3.generate_presigned_url(
            'upload_part',
            Params={
                'Bucket': bucket,
                'Key': key,
                'UploadId': upload_id,
                'PartNumber': number,
            },
            ExpiresIn=seconds,
        )
        for number in range(1, parts + 1)
    ]


def complete(
    s3: S3Client, bucket: str, key: str, upload_id: str, etags: list[str]
) -> None:
    """Join the parts to an object, given their ETags in order.

    Raises:
        ClientError: `InvalidPart` if an ETag is wrong. `NoSuchUpload` if it
            was aborted, or if a request whose response got lost has
            completed it: then a HEAD finds the object.
    """
    try:
        s3.complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={
                'Parts': [
                    {'PartNumber': number, 'ETag': etag}
                    for number, etag in enumerate(etags, 1)
                ]
            },
        )
    except ClientError as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise


def abort(s3: S3Client, bucket: str, key: str, upload_id: str) -> None:
    """Remove the parts of an upload that is not to be completed.

    A part that is being sent may stay: call it again later.
    """
    try:
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        # Gone already: boto3 sent it again after a lost response.
        if error.response['Error']['Code'] != 'NoSuchUpload':
            error.args = (f'{bucket}/{key}: {error}',)
            raise


def allow_page(s3: S3Client, bucket: str, origin: str) -> None:
    """Let web pages of this origin send parts; replaces all CORS rules."""
    s3.put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            'CORSRules': [
                {
                    'AllowedOrigins': [origin],
                    'AllowedMethods': ['PUT'],
                    'AllowedHeaders': ['*'],
                    'ExposeHeaders': ['ETag'],
                }
            ]
        },
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
    s3.create_bucket(Bucket='my-films')
    allow_page(s3, 'my-films', 'https://www.example.com')

    upload_id = start(s3, 'my-films', 'film.mp4', 'video/mp4')
    bodies = [bytes(5 * 1024 * 1024), b'the end']
    etags = []
    for url, body in zip(
        part_urls(s3, 'my-films', 'film.mp4', upload_id, parts=2), bodies
    ):
        response = requests.put(url, body, timeout=10)  # in the browser
        response.raise_for_status()
        etags.append(response.headers['ETag'])
    complete(s3, 'my-films', 'film.mp4', upload_id, etags)

    there = s3.head_object(Bucket='my-films', Key='film.mp4')
    print(there['ContentLength'], 'bytes of', there['ContentType'])
    #> 5242887 bytes of video/mp4

    upload_id = start(s3, 'my-films', 'unwanted.mp4', 'video/mp4')
    abort(s3, 'my-films', 'unwanted.mp4', upload_id)
    left = s3.list_multipart_uploads(Bucket='my-films').get('Uploads', [])
    print(upload_id in [upload['UploadId'] for upload in left])
    #> False
