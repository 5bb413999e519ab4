"""Upload and download a file, with progress, and check what arrived.

Files of 8 MB and more are sent and fetched in parts, several at a time. So
the callback is called from several threads.

The ETag is no check: after an upload in parts it is not the MD5 of the
file. By default, the checksum of an object in parts is made from those of
its parts, so it is not the file's either. Ask for `FULL_OBJECT`, and S3
keeps the CRC32 of the whole file. `download_file` does not look at it for
a file in parts; `download` does.

Before boto3 1.38.22, an object of 8 MB and more that somebody replaces
during its download can arrive as a mixture; `download` notices that where
S3 has the CRC32.

Needs s3:PutObject, s3:AbortMultipartUpload and s3:GetObject. To upload in
parts with a key of KMS also takes kms:GenerateDataKey and kms:Decrypt. Needs
boto3 1.36: an older one refuses `ChecksumType` with a ValueError.
https://docs.aws.amazon.com/boto3/latest/guide/s3-uploading-files.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-example-download-file.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from __future__ import annotations

import base64
import os
import tempfile
import threading
import uuid
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import boto3
import s3transfer.exceptions
from boto3.exceptions import Boto3Error, S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MB = 1024 * 1024
# An older s3transfer does not notice, and has no such error.
REPLACED = getattr(s3transfer.exceptions, 'S3DownloadFailedError', ())


class Progress:
    """Add up the bytes that the threads of one transfer have moved."""

    def __init__(self) -> None:
        self.moved = 0
        self.lock = threading.Lock()

    def __call__(self, size: int) -> None:
        with self.lock:
            self.moved += size  # update a progress bar here, too


def crc32_of(path: str | Path) -> str:
    """Return the CRC32 of a file as S3 writes it: in Base64."""
    crc = 0
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(MB), b''):
            crc = zlib.crc32(block, crc)
    return base64.b64encode(crc.to_bytes(4, 'big')).decode()


def upload(
    s3: S3Client,
    path: str | Path,
    bucket: str,
    key: str,
    content_type: str,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Upload a file. S3 checks each part, and keeps the file's own CRC32.

    Raises:
        S3UploadFailedError: it names the file, the bucket and the key.
    """
    try:
        s3.upload_file(
            Filename=str(path),
            Bucket=bucket,
            Key=key,
            ExtraArgs={
                'ContentType': content_type,
                'ChecksumAlgorithm': 'CRC32',
                'ChecksumType': 'FULL_OBJECT',
            },
            Callback=progress,
        )
    except S3UploadFailedError as error:
        # S3 joined the parts, the response got lost, and the second try
        # found no upload to complete: then the file is there.
        if 'NoSuchUpload' not in str(error):
            raise
        try:
            there = s3.head_object(
                Bucket=bucket, Key=key, ChecksumMode='ENABLED'
            )
        except ClientError:
            raise error from None
        if there.get('ChecksumCRC32') != crc32_of(path):
            raise


def download(
    s3: S3Client,
    bucket: str,
    key: str,
    path: str | Path,
    progress: Callable[[int], None] | None = None,
) -> bool:
    """Download an object to a file; return whether S3 had its CRC32.

    The file appears, or is replaced, once all of it is there.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        RetriesExceededError: the body broke off each time.
        RuntimeError: what arrived is not what S3 has.
    """
    part = Path(path).parent / f'.{uuid.uuid4().hex}.part'
    changed = (
        f'{bucket}/{key} was damaged on the way, or replaced by somebody: '
        'download it again.'
    )
    try:
        s3.download_file(
            Bucket=bucket, Key=key, Filename=str(part), Callback=progress
        )
        there = s3.head_object(Bucket=bucket, Key=key, ChecksumMode='ENABLED')
        # Without a hyphen in its ETag, an object was not sent in parts.
        whole = there.get('ChecksumType') == 'FULL_OBJECT' or (
            '-' not in there['ETag']
        )
        crc32 = there.get('ChecksumCRC32') if whole else None
        if part.stat().st_size != there['ContentLength'] or (
            crc32 and crc32 != crc32_of(part)
        ):
            raise RuntimeError(changed)
        os.replace(part, path)
    except REPLACED as error:
        raise RuntimeError(changed) from error
    except (Boto3Error, BotoCoreError, ClientError) as error:
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    finally:
        if part.exists():
            part.unlink()
    return crc32 is not None


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-big-files')

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, 'source.zip'), Path(folder, 'target.zip')
        source.write_bytes(bytes(9 * MB))

        progress = Progress()
        upload(
            s3, source, 'my-big-files', 'a.zip', 'application/zip', progress
        )
        print(progress.moved, 'bytes uploaded')
        #> 9437184 bytes uploaded

        checked = download(s3, 'my-big-files', 'a.zip', target)
        print('checked:', checked, target.read_bytes() == bytes(9 * MB))
        #> checked: True True

    there = s3.head_object(Bucket='my-big-files', Key='a.zip')
    print(there['ContentType'], there['ETag'])
    #> application/zip "…-2"
