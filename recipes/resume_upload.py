"""Upload a large file in parts, and go on where it stopped the last time.

`upload_file` starts anew after a failure, and removes the parts that it
has sent. Here they stay: the next call lists them, compares each with the
file by its CRC32 or MD5, and sends only what is missing or has changed.

It takes the newest upload of the key that is not complete for its own, so
let no other program upload to it. Parts that nobody completes or aborts
cost money: use `abort` if you give up, and have a lifecycle rule as in
`production`.

Needs s3:PutObject, s3:ListBucketMultipartUploads,
s3:ListMultipartUploadParts, s3:AbortMultipartUpload and s3:GetObject. With a
key of KMS, also kms:GenerateDataKey and kms:Decrypt.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
https://github.com/boto/boto3/issues/256
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import (
        CompletedPartTypeDef,
        MultipartUploadTypeDef,
        PartTypeDef,
    )

MB = 1024 * 1024


def resume_upload(
    s3: S3Client,
    path: str | Path,
    bucket: str,
    key: str,
    content_type: str = 'application/octet-stream',
    part_size: int = 8 * MB,
    threads: int = 4,
) -> int:
    """Upload a file, with the parts that a call before has left.

    Let one program at a time do this for a key, with one `part_size`. It
    has `threads` parts in memory.

    Args:
        part_size: bytes, 5 MiB or more; larger where 10,000 parts of it
            would not hold the file.

    Returns:
        How many parts this call has sent.

    Raises:
        ValueError: `part_size` is too small for S3.
        ClientError, BotoCoreError: it names the object; call again to go on.
            After `InvalidRequest`, call `abort` first: another program has
            begun that upload without CRC32s.
        RuntimeError: the file changed meanwhile; nothing was stored.
    """
    if part_size < 5 * MB:
        raise ValueError('S3 refuses parts of less than 5 MiB.')
    before = os.stat(path)
    part_size = max(part_size, math.ceil(before.st_size / 10_000))
    count = max(1, math.ceil(before.st_size / part_size))
    try:
        upload_id = unfinished(s3, bucket, key)
        if upload_id is None:
            upload_id = s3.create_multipart_upload(
                Bucket=bucket,
                Key=key,
                ContentType=content_type,
                ChecksumAlgorithm='CRC32',
            )['UploadId']
        there = parts_of(s3, bucket, key, upload_id)

        def send(number: int) -> tuple[CompletedPartTypeDef, bool]:
            with open(path, 'rb') as file:
                file.seek((number - 1) * part_size)
                body = file.read(part_size)
            part = there.get(number)
            crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4, 'big'))
            done: CompletedPartTypeDef = {
                'PartNumber': number,
                'ChecksumCRC32': crc32.decode(),
            }
            if part and is_same(part, body, done['ChecksumCRC32']):
                done['ETag'] = part['ETag']
                return done, False
            done['ETag'] = s3.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ChecksumCRC32=done['ChecksumCRC32'],
            )['ETag']
            return done, True

        with ThreadPoolExecutor(threads) as pool:
            results = list(pool.map(send, range(1, count + 1)))
        after = os.stat(path)
        if (before.st_size, before.st_mtime_ns) != (
            after.st_size,
            after.st_mtime_ns,
        ):
            raise RuntimeError(f'{path} changed while it was uploaded.')
        complete(s3, bucket, key, upload_id, [part for part, _ in results])
    except (BotoCoreError, ClientError) as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    return sum(sent for _, sent in results)


def is_same(part: PartTypeDef, body: bytes, crc32: str) -> bool:
    """Return whether a part that S3 has is this one."""
    if part['Size'] != len(body):
        return False
    if 'ChecksumCRC32' in part:
        return part['ChecksumCRC32'] == crc32
    return part['ETag'] == f'"{hashlib.md5(body).hexdigest()}"'


def complete(
    s3: S3Client,
    bucket: str,
    key: str,
    upload_id: str,
    parts: list[CompletedPartTypeDef],
) -> None:
    """Join the parts; a lost response of an earlier try is no error."""
    try:
        s3.complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={'Parts': parts},
        )
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchUpload':
            raise
        # boto3 may have sent it twice. The ETag is made from the parts'.
        digests = [bytes.fromhex(part['ETag'].strip('"')) for part in parts]
        made = hashlib.md5(b''.join(digests)).hexdigest()
        there = s3.head_object(Bucket=bucket, Key=key)['ETag']
        if there != f'"{made}-{len(parts)}"':
            raise


def unfinished(s3: S3Client, bucket: str, key: str) -> str | None:
    """Return the id of the newest upload of this key that is not complete."""
    uploads = [
        (upload['Initiated'], upload['UploadId'])
        for upload in unfinished_uploads(s3, bucket, key)
        # Others were begun by other programs, and take no such parts.
        # Some stores do not say what they take.
        if upload.get('ChecksumAlgorithm', 'CRC32') == 'CRC32'
    ]
    return max(uploads)[1] if uploads else None


def unfinished_uploads(
    s3: S3Client, bucket: str, key: str
) -> list[MultipartUploadTypeDef]:
    """Return all uploads of this key that are not complete."""
    paginator = s3.get_paginator('list_multipart_uploads')
    return [
        upload
        for page in paginator.paginate(Bucket=bucket, Prefix=key)
        for upload in page.get('Uploads', [])
        if upload['Key'] == key
    ]


def parts_of(
    s3: S3Client, bucket: str, key: str, upload_id: str
) -> dict[int, PartTypeDef]:
    """Return the parts that an upload has so far, by their numbers."""
    parts = {}
    paginator = s3.get_paginator('list_parts')
    for page in paginator.paginate(Bucket=bucket, Key=key, UploadId=upload_id):
        for part in page.get('Parts', []):
            parts[part['PartNumber']] = part
    return parts


def abort(s3: S3Client, bucket: str, key: str) -> None:
    """Remove the parts of every upload of this key that is not complete."""
    for upload in unfinished_uploads(s3, bucket, key):
        try:
            s3.abort_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload['UploadId']
            )
        except ClientError as error:
            # Gone already: boto3 sent it again after a lost response.
            if error.response['Error']['Code'] != 'NoSuchUpload':
                error.args = (f'{bucket}/{key}: {error}',)
                raise


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-videos')

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'video.mp4')
        path.write_bytes(b'x' * 6 * MB)
        # A program before this one sent the first part, and was killed.
        upload = s3.create_multipart_upload(
            Bucket='my-videos', Key='video.mp4', ChecksumAlgorithm='CRC32'
        )
        s3.upload_part(
            Bucket='my-videos',
            Key='video.mp4',
            UploadId=upload['UploadId'],
            PartNumber=1,
            Body=b'x' * 5 * MB,
            ChecksumAlgorithm='CRC32',
        )

        sent = resume_upload(
            s3, path, 'my-videos', 'video.mp4', part_size=5 * MB
        )
        print(sent, 'part sent of 2')
        #> 1 part sent of 2
        there = s3.head_object(Bucket='my-videos', Key='video.mp4')
        print(there['ContentLength'] == path.stat().st_size)
        #> True
