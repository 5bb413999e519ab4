"""Upload and download a file, with progress, and check it.

Files of 8 MB and more move in parts, several at a time, so the callback is
called from several threads, with the bytes of each step. A progress bar:

    with tqdm(total=path.stat().st_size, unit='B', unit_scale=True) as bar:
        upload(s3, path, 'my-bucket', 'a.zip', 'application/zip', bar.update)

The ETag is no check: after an upload in parts it is not the MD5 of the file.
`upload` reads the file twice, the first time for its CRC32, which S3 compares
and keeps. Of an object in parts, `download_file` does not look at it;
`download` does. Cloudflare R2 does not take the CRC32 of a whole file that
is sent in parts.

Ctrl-C waits for the requests that are under way; then what was sent in parts
is removed. A process that is killed leaves parts in the bucket, which cost
money (`lifecycle` has a rule for them), or a `.….part` file beside the
target of a download.

Needs s3:PutObject, s3:AbortMultipartUpload and s3:GetObject; with a key of
KMS also kms:GenerateDataKey and kms:Decrypt. Needs boto3 1.36: an older one
refuses `ChecksumCRC32` with a ValueError. From 1.38.22 on, a download that
somebody replaces meanwhile is noticed even where S3 has no CRC32.
https://docs.aws.amazon.com/boto3/latest/guide/s3-uploading-files.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-example-download-file.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://developers.cloudflare.com/r2/api/s3/api/
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
import uuid
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MB = 1024 * 1024


def crc32_of_file(path: str | Path) -> str:
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
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Upload a file; S3 stores only what has the CRC32 of the file.

    Args:
        progress: called with bytes, from several threads.
        extra: what else `ExtraArgs` of `upload_file` takes, such as
            `{'CacheControl': 'max-age=3600'}`.

    Raises:
        S3UploadFailedError: what S3 says; `BadDigest`, for example, if the
            file changed meanwhile or was damaged on the way.
        BotoCoreError: EndpointConnectionError, for example, without network.
        OSError: the file cannot be read.
    """
    crc32 = crc32_of_file(path)
    try:
        s3.upload_file(
            Filename=str(path),
            Bucket=bucket,
            Key=key,
            ExtraArgs={
                'ContentType': content_type,
                'ChecksumCRC32': crc32,
                **(extra or {}),
            },
            Callback=progress,
        )
    except S3UploadFailedError as error:
        # S3 joined the parts, the response got lost, and the second try
        # found no upload to complete: then the file is there.
        if 'NoSuchUpload' not in str(error) or not has_crc32(
            s3, bucket, key, crc32
        ):
            raise


def has_crc32(s3: S3Client, bucket: str, key: str, crc32: str) -> bool:
    """Return whether S3 has an object with this CRC32."""
    try:
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode='ENABLED')
    except ClientError:
        return False
    return head.get('ChecksumCRC32') == crc32


def download(
    s3: S3Client,
    bucket: str,
    key: str,
    path: str | Path,
    progress: Callable[[int], None] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Download an object to a file, and compare it with the CRC32 S3 has.

    The file appears once all of it is there. It replaces an old one, whose
    mode it keeps, but not its owner. A symbolic link stays, and leads to the
    new file.

    Args:
        progress: called with bytes, from several threads.
        extra: what else `ExtraArgs` of `download_file` takes, such as
            `{'VersionId': …}`.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        BotoCoreError: EndpointConnectionError, for example, without network;
            FlexibleChecksumError, if less than 8 MB were damaged on the way.
        s3transfer.exceptions.RetriesExceededError: it broke off five times.
        s3transfer.exceptions.S3DownloadFailedError: somebody replaced it.
        RuntimeError: what arrived is not what S3 has: damaged or replaced.
        OSError: there is no such folder, or no space left.
    """
    path = Path(os.path.realpath(path))
    path.parent.stat()  # without the folder, this error names it
    if path.exists() and not path.is_file():
        raise OSError(f'{path} is no file.')
    part = path.parent / f'.{uuid.uuid4().hex}.part'
    try:
        with open(part, 'xb') as file:
            if path.exists():
                shutil.copymode(path, part)
            s3.download_fileobj(
                Bucket=bucket,
                Key=key,
                Fileobj=file,
                Callback=progress,
                ExtraArgs=dict(extra or {}),
            )
        head = s3.head_object(
            Bucket=bucket,
            Key=key,
            **{'ChecksumMode': 'ENABLED', **(extra or {})},
        )
        # Of an object in parts, whose ETag ends in "-" and their number, it
        # can be the CRC32 of their CRC32s.
        whole = '-' not in head['ETag'] or (
            head.get('ChecksumType') == 'FULL_OBJECT'
        )
        crc32 = head.get('ChecksumCRC32') if whole else None
        if crc32 and crc32 != crc32_of_file(part):
            raise RuntimeError(
                f'{bucket}/{key} was damaged on the way, or replaced by '
                'somebody: download it again.'
            )
        os.replace(part, path)
    finally:
        if part.exists():
            part.unlink()


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-big-files')

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, 'source.zip'), Path(folder, 'target.zip')
        source.write_bytes(bytes(9 * MB))

        steps: list[int] = []
        upload(
            s3,
            source,
            'my-big-files',
            'a.zip',
            'application/zip',
            progress=steps.append,
        )
        print(sum(steps), 'bytes uploaded')
        #> 9437184 bytes uploaded

        download(s3, 'my-big-files', 'a.zip', target)
        print('the same:', target.read_bytes() == bytes(9 * MB))
        #> the same: True

    head = s3.head_object(Bucket='my-big-files', Key='a.zip')
    print(head['ContentType'], head['ETag'])
    #> application/zip "…-2"


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_and_download')
