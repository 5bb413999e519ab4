"""Upload a large file in parts; resume where it stopped.

In short:

    upload = {'Bucket': bucket, 'Key': key}
    kind = {'ContentType': 'application/pdf'}
    made = s3.create_multipart_upload(**upload, **kind)
    upload['UploadId'] = made['UploadId']
    parts = []  # if it stops, go on from here
    with open('report.pdf', 'rb') as file:
        file.seek(len(parts) * 8 * 1024**2)
        while body := file.read(8 * 1024**2):
            number = len(parts) + 1
            sent = s3.upload_part(**upload, PartNumber=number, Body=body)
            parts.append({'PartNumber': number, 'ETag': sent['ETag']})
    s3.complete_multipart_upload(**upload, MultipartUpload={'Parts': parts})

`upload_file` is shorter and faster, but what it has sent is removed after a
failure. Here it stays. This is what the lines above leave to you:

- The program was killed, and id and parts are gone with it. S3 lists them.
  `resume_upload` asks for them, and sends only what is missing.
- The file has changed since. `resume_upload` compares each part with the
  file by its CRC32 or MD5, and sends again what differs.
- There are at most 10,000 parts. Those of `resume_upload` grow with the
  file. Four are sent at a time, and tried again for up to a minute.
- You give up. The parts still cost money: `abort` removes them, and a rule of
  `lifecycle` removes those that you forget.

It takes the newest unfinished upload of the key for its own, so let one
program at a time upload to a key.

Copy read_write_many.py and upload_chunks.py along.
Needs s3:PutObject, s3:ListBucketMultipartUploads,
s3:ListMultipartUploadParts, s3:AbortMultipartUpload and s3:GetObject. With a
key of KMS, also kms:GenerateDataKey and kms:Decrypt.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
https://github.com/boto/boto3/issues/256
"""

from __future__ import annotations

import hashlib
import math
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, cast

import boto3

from read_write_many import for_each
from upload_chunks import complete, crc32_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client, type_defs

MB = 1024 * 1024


def resume_upload(
    s3: S3Client,
    path: str | Path,
    bucket: str,
    key: str,
    content_type: str = 'application/octet-stream',
    extra: Mapping[str, Any] | None = None,
) -> int:
    """Upload what a call before has not; return how many parts that was.

    Args:
        content_type: of a new upload; one that goes on keeps its own.
        extra: what else `create_multipart_upload` takes, such as
            `{'StorageClass': 'STANDARD_IA'}`, for a new upload, too. Not what
            each part would need: `RequestPayer`, `SSECustomerKey`.

    Raises:
        ClientError, BotoCoreError: call again to go on; after
            `InvalidRequest`, `abort` first, since another program began it.
        RuntimeError: the file changed meanwhile; nothing was stored.
    """
    before = os.stat(path)
    # S3 takes 10,000 parts at most. Four at a time are in memory.
    part_size = max(8 * MB, math.ceil(before.st_size / 10_000))
    numbers = range(1, max(1, math.ceil(before.st_size / part_size)) + 1)
    upload_id = open_upload(s3, bucket, key, content_type, extra)
    pages = s3.get_paginator('list_parts').paginate(
        Bucket=bucket, Key=key, UploadId=upload_id
    )
    listed = [part for page in pages for part in page.get('Parts', [])]
    kept = {part['PartNumber']: part for part in listed}
    parts: dict[int, type_defs.CompletedPartTypeDef] = {}
    sent: list[int] = []

    def send_unless_kept(number: int) -> None:
        with open(path, 'rb') as file:
            file.seek((number - 1) * part_size)
            body = file.read(part_size)
        crc32 = crc32_of(body)
        if number in kept and is_same(kept[number], body):
            etag = kept[number]['ETag']
        else:
            etag = s3.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=body,
                ChecksumCRC32=crc32,
            )['ETag']
            sent.append(number)
        parts[number] = {
            'PartNumber': number,
            'ETag': etag,
            'ChecksumCRC32': crc32,
        }

    for _, error in for_each(send_unless_kept, numbers, threads=4):
        if error:
            raise error
    now = os.stat(path)
    if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
        raise RuntimeError(f'{path} changed while it was uploaded.')
    complete(s3, bucket, key, upload_id, [parts[number] for number in numbers])
    return len(sent)


def abort(s3: S3Client, bucket: str, key: str) -> None:
    """Remove the parts of all unfinished uploads of this key.

    Parts that are on their way may arrive afterwards: end the programs that
    send them first.
    """
    for upload in unfinished(s3, bucket, key):
        # Gone already: boto3 sent it again after a lost response.
        with suppress(s3.exceptions.NoSuchUpload):
            s3.abort_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload['UploadId']
            )


def open_upload(
    s3: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    extra: Mapping[str, Any] | None = None,
) -> str:
    """Return the id of the newest upload of this key, or of a new one."""
    uploads = [
        upload
        for upload in unfinished(s3, bucket, key)
        # Others cannot take parts with a CRC32. Some stores do not say.
        if upload.get('ChecksumAlgorithm', 'CRC32') == 'CRC32'
    ]
    if uploads:  # of several in one second, S3 lists the newest last
        return sorted(uploads, key=lambda x: x['Initiated'])[-1]['UploadId']
    return s3.create_multipart_upload(
        Bucket=bucket,
        Key=key,
        ContentType=content_type,
        ChecksumAlgorithm='CRC32',
        **cast(Any, extra or {}),
    )['UploadId']


def unfinished(
    s3: S3Client, bucket: str, key: str
) -> list[type_defs.MultipartUploadTypeDef]:
    """Return the uploads of this key that nobody has completed."""
    paginator = s3.get_paginator('list_multipart_uploads')
    return [
        upload
        for page in paginator.paginate(Bucket=bucket, Prefix=key)
        for upload in page.get('Uploads', [])
        if upload['Key'] == key
    ]


def is_same(part: type_defs.PartTypeDef, body: bytes) -> bool:
    """Return whether a part that S3 has is this one."""
    if 'ChecksumCRC32' in part:
        return part['ChecksumCRC32'] == crc32_of(body)
    # Some stores do not list it. There, the ETag is the MD5. FIPS allows one
    # that keeps no secret.
    md5 = hashlib.md5(body, usedforsecurity=False)
    return part['ETag'] == f'"{md5.hexdigest()}"'


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-videos')

    # A program before this one sent the first part, and was killed:
    upload_id = open_upload(s3, 'my-videos', 'a.mp4', 'video/mp4')
    s3.upload_part(
        Bucket='my-videos',
        Key='a.mp4',
        UploadId=upload_id,
        PartNumber=1,
        Body=b'x' * 8 * MB,
    )

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'a.mp4')
        path.write_bytes(b'x' * 9 * MB)
        sent = resume_upload(s3, path, 'my-videos', 'a.mp4', 'video/mp4')
    print('Sent', sent, 'of 2 parts')
    #> Sent 1 of 2 parts
    head = s3.head_object(Bucket='my-videos', Key='a.mp4')
    print(head['ContentLength'], 'bytes,', head['ContentType'])
    #> 9437184 bytes, video/mp4

    # Whoever gives up takes the parts away:
    open_upload(s3, 'my-videos', 'b.mp4', 'video/mp4')
    abort(s3, 'my-videos', 'b.mp4')
    print('Unfinished uploads:', unfinished(s3, 'my-videos', 'b.mp4'))
    #> Unfinished uploads: []


if __name__ == '__main__':
    print('See it run: uv run python -m recipes resume_upload')
