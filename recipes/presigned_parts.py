"""Let a browser upload a large file in parts.

Your program starts the upload and signs a URL for each part; the browser
sends each part with a PUT and reads its ETag from the response; your program
completes the upload with these ETags in order. There are at most 10,000
parts, of 5,242,880 bytes and more; only the last may be smaller, or empty.

In the page, `file` is from an `<input type="file">`. It can read the ETags
only if a CORS rule of the bucket exposes them: see `allow_page`.

    const etags = [];
    for (const [index, url] of urls.entries()) {
      const part = file.slice(index * partSize, (index + 1) * partSize);
      const response = await fetch(url, {method: 'PUT', body: part});
      if (!response.ok) throw new Error(await response.text());
      etags.push(response.headers.get('ETag'));
    }

Each URL takes up to 5 GiB. So have the page send `file.size` first, decide
whether that is too much, and give it to `complete`. URLs expire; sign new
ones for the same upload. Parts cost money until they are joined or aborted.

Version 2 of the signature, boto3's default in some regions, is refused here
by a ValueError: use `signing_client`. `presigned_url` says why.

Copy presigned_url.py along.

Needs s3:PutObject to start, to complete and for the URLs, and
s3:AbortMultipartUpload to abort; `allow_page` needs s3:GetBucketCORS and
s3:PutBucketCORS. Needs boto3 1.36 to complete.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://github.com/boto/boto3/issues/2305
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from presigned_url import allow_page, signing_client

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def start(s3: S3Client, bucket: str, key: str, content_type: str) -> str:
    """Start an upload in parts; return its id."""
    response = s3.create_multipart_upload(
        Bucket=bucket, Key=key, ContentType=content_type
    )
    return response['UploadId']


def part_urls(
    s3: S3Client,
    bucket: str,
    key: str,
    upload_id: str,
    parts: int,
    seconds: int = 3600,
) -> list[str]:
    """Return a URL for a PUT of each part, from the first to the last."""
    urls = [
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
    # A client that signs URLs with Version 2 has s3v4 in its settings, too.
    if not all('X-Amz-Signature=' in url for url in urls):
        raise ValueError('Not signed with Version 4: use signing_client().')
    return urls


def finish(
    s3: S3Client,
    bucket: str,
    key: str,
    upload_id: str,
    etags: list[str],
    size: int,
) -> None:
    """Join the parts, given their ETags in order, to `size` bytes in all.

    Raises:
        ClientError: `InvalidRequest` if the size is another, as where the
            last ETag is missing. `InvalidPart` if one is wrong.
            `NoSuchUpload` if it was aborted, or completed by a request whose
            response got lost: a HEAD of the key shows which, if each upload
            has a key of its own, such as one with a UUID.
    """
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
        MpuObjectSize=size,
    )


def abort(s3: S3Client, bucket: str, key: str, upload_id: str) -> None:
    """Remove the parts of an upload that is not to be completed.

    A part that is being sent may stay: call it again later. An upload that
    is gone, aborted or completed, is no error.
    """
    try:
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        # Gone already: boto3 sent it again after a lost response.
        if error.response['Error']['Code'] != 'NoSuchUpload':
            raise


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    s3 = signing_client('us-east-1')
    s3.create_bucket(Bucket='my-films')
    allow_page(s3, 'my-films', 'https://www.example.com')

    upload_id = start(s3, 'my-films', 'film.mp4', 'video/mp4')
    film = bytes(5 * 1024 * 1024) + b'the end'
    urls = part_urls(s3, 'my-films', 'film.mp4', upload_id, parts=2)
    etags = []
    for url, part in zip(urls, [film[:-7], film[-7:]]):
        response = requests.put(url, part, timeout=10)  # in the browser
        response.raise_for_status()
        etags.append(response.headers['ETag'])
    finish(s3, 'my-films', 'film.mp4', upload_id, etags, len(film))

    head = s3.head_object(Bucket='my-films', Key='film.mp4')
    print(head['ContentLength'], 'bytes of', head['ContentType'])
    #> 5242887 bytes of video/mp4

    upload_id = start(s3, 'my-films', 'unwanted.mp4', 'video/mp4')
    abort(s3, 'my-films', 'unwanted.mp4', upload_id)
    uploads = s3.list_multipart_uploads(Bucket='my-films').get('Uploads', [])
    print(upload_id in [upload['UploadId'] for upload in uploads])
    #> False


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_parts')
