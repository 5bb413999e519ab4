"""Let a browser upload a large file in parts.

In short:

    import boto3, requests
    from botocore.config import Config

    v4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})
    s3 = boto3.client('s3', region_name='us-east-1', config=v4)
    at = {'Bucket': bucket, 'Key': key}
    started = s3.create_multipart_upload(**at, ContentType='application/pdf')
    at['UploadId'] = started['UploadId']
    params = {**at, 'PartNumber': 1, 'ContentLength': 4}
    url = s3.generate_presigned_url('upload_part', params, ExpiresIn=3600)
    etag = requests.put(url, b'%PDF').headers['ETag']  # the browser does
    parts = [{'PartNumber': 1, 'ETag': etag}]
    s3.complete_multipart_upload(**at, MultipartUpload={'Parts': parts})

Your program starts the upload and signs a URL for each part; the browser
sends each part with a PUT and reads its ETag from the response; your program
completes the upload with these ETags in order. What goes wrong:

- The script cannot read the ETags: a CORS rule of the bucket must expose
  them. `allow_page` adds one.
- There are at most 10,000 parts, of 5,242,880 bytes to 5 GiB. Only the last
  may be smaller. S3 tells you so after everything was sent; `part_urls` tells
  you before.
- Without a signed length, each URL takes up to 5 GiB. So have the page send
  `file.size` first, decide whether that is too much, and give it to
  `part_urls`: then S3 takes exactly these bytes.
- URLs expire, and a large file takes long. Sign new ones for the same upload.
- Uploads that nobody completes or aborts cost money. Call `abort`, and have a
  rule of `lifecycle` remove what closed pages have left.
- Version 2 of the signature, boto3's default in some regions, is refused here
  by a ValueError: use `signing_client`. `presigned_url` says why.

These URLs don't work in a bucket that retains objects (Object Lock): there,
S3 wants a checksum of each part.

In the page, `file` is from an `<input type="file">`; `urls` and `partSize`
come from your program:

    const etags = [];
    for (const [index, url] of urls.entries()) {
      const part = file.slice(index * partSize, (index + 1) * partSize);
      const response = await fetch(url, {method: 'PUT', body: part});
      if (!response.ok) throw new Error(await response.text());
      etags.push(response.headers.get('ETag'));
    }

Copy presigned_url.py along.

Needs s3:PutObject to start, to complete and for the URLs, and
s3:AbortMultipartUpload to abort; with a KMS key of your own, also
kms:GenerateDataKey and kms:Decrypt; `allow_page` needs s3:GetBucketCORS and
s3:PutBucketCORS. Needs boto3 1.36 to complete.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://github.com/boto/boto3/issues/2305
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from presigned_url import allow_page, sign, signing_client

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MB = 1024**2


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
    size: int,
    part_size: int,
    seconds: int = 3600,
) -> list[str]:
    """Return a URL for a PUT of each part, from the first to the last.

    The file has `size` bytes, each part `part_size`, and the last what is
    left: S3 takes no other length. An empty file is one empty part.

    Raises:
        ValueError: S3 would not join such parts, or the client does not sign
            with Version 4.
    """
    if size > part_size and part_size < 5 * MB:
        raise ValueError('Only the last part may have less than 5 MiB.')
    if min(size, part_size) > 5120 * MB:
        raise ValueError('A part has 5 GiB at most.')
    if size > 10_000 * part_size:
        raise ValueError('More than 10,000 parts: make them larger.')
    starts = range(0, size, part_size) if size else [0]
    return [
        sign(
            s3,
            'upload_part',
            {
                'Bucket': bucket,
                'Key': key,
                'UploadId': upload_id,
                'PartNumber': number,
                'ContentLength': min(part_size, size - start),
            },
            seconds,
        )
        for number, start in enumerate(starts, 1)
    ]


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

    # The page says how large its file is; your program signs the parts.
    film = bytes(5 * MB) + b'the end'
    upload_id = start(s3, 'my-films', 'film.mp4', 'video/mp4')
    urls = part_urls(
        s3, 'my-films', 'film.mp4', upload_id, len(film), part_size=5 * MB
    )
    print(len(film), 'bytes in', len(urls), 'parts')
    #> 5242887 bytes in 2 parts

    # The browser sends them, and gives you the ETags.
    first = requests.put(urls[0], film[:5 * MB], timeout=10)
    last = requests.put(urls[1], film[5 * MB:], timeout=10)
    etags = [first.headers['ETag'], last.headers['ETag']]
    finish(s3, 'my-films', 'film.mp4', upload_id, etags, len(film))
    head = s3.head_object(Bucket='my-films', Key='film.mp4')
    print('Stored:', head['ContentLength'], 'bytes of', head['ContentType'])
    #> Stored: 5242887 bytes of video/mp4

    # Somebody closes the page: nothing of this upload stays.
    upload_id = start(s3, 'my-films', 'unwanted.mp4', 'video/mp4')
    abort(s3, 'my-films', 'unwanted.mp4', upload_id)
    listed = s3.list_multipart_uploads(
        Bucket='my-films', Prefix='unwanted.mp4'
    )
    print('Unfinished:', listed.get('Uploads', []))
    #> Unfinished: []


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_parts')
