"""Upload and download a file, with progress, and check it.

In short:

    s3.upload_file(
        Filename='report.pdf',
        Bucket=bucket,
        Key=key,
        ExtraArgs={'ContentType': 'application/pdf'},
    )
    s3.download_file(Bucket=bucket, Key=key, Filename='copy.pdf')

boto3 moves files of 8 MB and more in parts, ten at a time, and tries again
what fails. What it leaves to you:

- Without `ContentType`, S3 stores `binary/octet-stream`, and browsers save
  the file instead of showing it. `upload` asks for the type.
- You see nothing until it is done. Pass `progress`, which boto3 calls with
  the bytes of each step, from several threads. A progress bar:

      with tqdm(total=path.stat().st_size, unit='B', unit_scale=True) as bar:
          upload(s3, path, bucket, key, 'video/mp4', progress=bar.update)

- A Cancel button has to end a transfer. With `upload` and `download`,
  whatever `progress` raises ends it. boto3 alone would try again first, and
  then raise something else. On Windows, up to Python 3.13, Ctrl-C waits until
  boto3 has moved the whole file. Here, it ends within seconds, unless S3
  itself is silent, and removes the parts.
- The ETag is no checksum: after an upload in parts it is not the MD5 of the
  file. `upload` reads the file twice, the first time for its CRC32, which S3
  compares and keeps. `download` compares what it writes with that.
  `download_file` does so below 8 MB only. If S3 has no CRC32 of the whole,
  as after an upload in parts by an older boto3, nothing is compared.
- In a slow network, ten parts at a time block everything else; in a fast one,
  they are too few. `config` takes what boto3 takes:

      from boto3.s3.transfer import TransferConfig

      slow = TransferConfig(max_concurrency=2, max_bandwidth=1_000_000)
      fast = TransferConfig(max_concurrency=20, multipart_chunksize=64 * MB)

  `max_bandwidth` is in bytes a second. For more than ten threads, give the
  client as many connections: `Config(max_pool_connections=20)`. If awscrt
  is installed, boto3 may use it on some machines, and ignore these.
- The network is gone for some seconds. That ends both, unless the client of
  `configure_client` goes on trying.

Where the network stays away, or the process is killed, parts are left in the
bucket and cost money (`lifecycle` has a rule for them). A killed download
leaves a `.….part` file beside its target.

Cloudflare R2 does not take the CRC32 of a whole file that is sent in parts.

Needs s3:PutObject, s3:AbortMultipartUpload and s3:GetObject; with a key of
KMS also kms:GenerateDataKey and kms:Decrypt. Needs boto3 1.36: an older one
refuses `ChecksumCRC32` with a ValueError. From 1.38.22 on, a download that
somebody replaces meanwhile is noticed even where S3 has no CRC32.
https://docs.aws.amazon.com/boto3/latest/guide/s3-uploading-files.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-example-download-file.html
https://docs.aws.amazon.com/boto3/latest/reference/customizations/s3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
https://developers.cloudflare.com/r2/api/s3/api/
https://github.com/python/cpython/issues/125541
"""

from __future__ import annotations

import base64
import errno
import os
import shutil
import tempfile
import uuid
import zlib
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Callable, Mapping, cast

import boto3
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client, type_defs

MB = 1024 * 1024


def upload(
    s3: S3Client,
    path: str | Path,
    bucket: str,
    key: str,
    content_type: str,
    progress: Callable[[int], object] | None = None,
    extra: Mapping[str, Any] | None = None,
    config: TransferConfig | None = None,
) -> None:
    """Upload a file; S3 stores only what has the CRC32 of the file.

    Args:
        progress: called with bytes, from several threads.
        extra: what else `ExtraArgs` of `upload_file` takes, such as
            `{'CacheControl': 'max-age=3600'}`.
        config: threads, size of the parts, bandwidth.

    Raises:
        S3UploadFailedError: what S3 says; `BadDigest`, for example, if the
            file changed meanwhile or was damaged on the way.
        BotoCoreError: EndpointConnectionError, for example, without network.
        OSError: the file cannot be read.
        Exception: what `progress` raises.
    """
    crc32 = crc32_of_file(path)
    given = {
        'ContentType': content_type,
        'ChecksumCRC32': crc32,
        **(extra or {}),
    }
    try:
        run(
            lambda step: s3.upload_file(
                Filename=str(path),
                Bucket=bucket,
                Key=key,
                ExtraArgs=given,
                Callback=step,
                Config=config,
            ),
            progress,
        )
    except S3UploadFailedError as error:
        # S3 joined the parts, the response got lost, and the second try
        # found no upload to complete: then the file is there.
        if not joining_found_no_upload(error) or not is_stored(
            s3, bucket, key, given
        ):
            raise


def joining_found_no_upload(error: S3UploadFailedError) -> bool:
    cause = error.__context__
    return (
        isinstance(cause, ClientError)
        and cause.operation_name == 'CompleteMultipartUpload'
        and cause.response['Error']['Code'] == 'NoSuchUpload'
    )


def is_stored(
    s3: S3Client, bucket: str, key: str, given: Mapping[str, Any]
) -> bool:
    """Return whether S3 has the object that was given to `upload_file`."""
    names = (
        'ExpectedBucketOwner',
        'RequestPayer',
        'SSECustomerAlgorithm',
        'SSECustomerKey',
    )
    more: Any = {name: given[name] for name in names if name in given}
    try:
        head = s3.head_object(
            Bucket=bucket, Key=key, ChecksumMode='ENABLED', **more
        )
    except ClientError:
        return False
    # An older object can have the same content, but another type.
    return head.get('ChecksumCRC32') == given['ChecksumCRC32'] and all(
        head.get(name, value) == value for name, value in given.items()
    )


def download(
    s3: S3Client,
    bucket: str,
    key: str,
    path: str | Path,
    progress: Callable[[int], object] | None = None,
    extra: Mapping[str, Any] | None = None,
    config: TransferConfig | None = None,
) -> None:
    """Download an object to a file, and compare it with the CRC32 S3 has.

    The file appears once all of it is there. It replaces an old one, whose
    mode it keeps, but not its owner. A symbolic link stays, and leads to the
    new file.

    Args:
        progress: called with bytes, from several threads.
        extra: what else `ExtraArgs` of `download_file` takes, such as
            `{'VersionId': …}`.
        config: threads, size of the parts, bandwidth.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        BotoCoreError: EndpointConnectionError, for example, without network;
            FlexibleChecksumError, if less than 8 MB were damaged on the way.
        s3transfer.exceptions.RetriesExceededError: it broke off five times.
        s3transfer.exceptions.S3DownloadFailedError: somebody replaced it.
        RuntimeError: what arrived is not what S3 has: damaged or replaced.
        OSError: there is no such folder, no space left, or the old file is
            read-only.
        Exception: what `progress` raises.
    """
    path = Path(os.path.realpath(path))
    path.parent.stat()  # without the folder, this error names it
    if path.exists() and not path.is_file():
        raise OSError(f'{path} is no file.')
    if path.exists() and not os.access(path, os.W_OK):
        # Windows would refuse to replace it after all was downloaded.
        code = errno.EACCES
        raise PermissionError(code, os.strerror(code), str(path))
    extra = dict(extra or {})
    head = s3.head_object(
        Bucket=bucket, Key=key, **{'ChecksumMode': 'ENABLED', **extra}
    )
    crc32 = crc32_of_whole(head)
    part = path.parent / f'.{uuid.uuid4().hex}.part'
    try:
        with open(part, 'xb') as file:
            target: Summed | IO[bytes] = file
            threshold = (config or TransferConfig()).multipart_threshold
            if crc32 and head['ContentLength'] >= threshold:
                # The sum needs the bytes in their order, for which boto3
                # keeps up to ten parts in memory. Below that size, boto3
                # writes bytes again if the first response breaks off.
                target = Summed(file)
            run(
                lambda step: s3.download_fileobj(
                    Bucket=bucket,
                    Key=key,
                    Fileobj=cast('IO[bytes]', target),
                    ExtraArgs=extra,
                    Callback=step,
                    Config=config,
                ),
                progress,
            )
        if isinstance(target, Summed):
            found = in_base64(target.crc32)
        else:
            found = crc32_of_file(part)
        if crc32 and crc32 != found:
            raise RuntimeError(
                f'{bucket}/{key} was damaged on the way, or replaced by '
                'somebody: download it again.'
            )
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class Summed:
    """A file that keeps the CRC32 of what is written to it.

    It cannot seek, so boto3 writes one block after another.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.crc32 = file, 0

    def write(self, block: bytes) -> int:
        self.crc32 = zlib.crc32(block, self.crc32)
        return self.file.write(block)


def crc32_of_whole(head: type_defs.HeadObjectOutputTypeDef) -> str | None:
    """Return the CRC32 of an object's bytes, if S3 has it."""
    # Of an object in parts, whose ETag ends in "-" and their number, it can
    # be the CRC32 of their CRC32s.
    if '-' in head['ETag'] and head.get('ChecksumType') != 'FULL_OBJECT':
        return None
    return head.get('ChecksumCRC32')


def crc32_of_file(path: str | Path) -> str:
    """Return the CRC32 of a file as S3 writes it: in Base64."""
    crc32 = 0
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(MB), b''):
            crc32 = zlib.crc32(block, crc32)
    return in_base64(crc32)


def in_base64(crc32: int) -> str:
    return base64.b64encode(crc32.to_bytes(4, 'big')).decode()


def run(
    transfer: Callable[[Callable[[int], None]], None],
    progress: Callable[[int], object] | None,
) -> None:
    """Run a transfer until it ends, or `progress` raises, or on Ctrl-C.

    `transfer` is called with what it shall call with bytes.
    """
    errors: list[BaseException] = []

    def step(size: int) -> None:
        try:
            if progress and not errors:
                progress(size)
        except BaseException as error:
            # boto3 would take KeyboardInterrupt or SystemExit for a success.
            errors.append(error)
        if errors:
            raise CancelledError  # boto3 does not try this again

    # While boto3 waits, older Pythons on Windows do not see Ctrl-C. So it
    # waits in another thread, and this one looks around.
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(transfer, step)
        try:
            while not future.done():
                wait([future], timeout=0.5)
        except BaseException as error:
            errors.append(error)
    if errors:
        raise errors[0]
    future.result()


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-big-files')

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, 'source.mp4'), Path(folder, 'target.mp4')
        source.write_bytes(bytes(9 * MB))
        steps: list[int] = []
        upload(
            s3,
            source,
            'my-big-files',
            'a.mp4',
            'video/mp4',
            progress=steps.append,
        )
        print(sum(steps), 'bytes in', len(steps), 'steps')
        #> 9437184 bytes in … steps

        head = s3.head_object(Bucket='my-big-files', Key='a.mp4')
        print(head['ContentType'], 'with the ETag', head['ETag'])
        #> video/mp4 with the ETag "…-2"

        download(s3, 'my-big-files', 'a.mp4', target)
        print('The same:', target.read_bytes() == source.read_bytes())
        #> The same: True

        # There is no b.mp4. Whatever the error, the old file stays.
        try:
            download(s3, 'my-big-files', 'b.mp4', target)
        except ClientError as error:
            print('Status:', error.response['Error']['Code'])
            #> Status: 404
        print('There are:', sorted(os.listdir(folder)))
        #> There are: ['source.mp4', 'target.mp4']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_and_download')
