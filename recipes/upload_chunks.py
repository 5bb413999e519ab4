"""Upload chunks as they come, of a size that nobody knows.

`upload_chunks` sends what a generator or a database cursor yields. It takes
each chunk in the thread that calls it: some cursors work in no other. If
the program is killed meanwhile, parts stay behind and cost money; a rule of
`lifecycle` removes them.

boto3's `upload_fileobj` closes a stream, and reads it from where it stands:
after writing to an `io.BytesIO`, call `seek(0)`, or it stores an empty object.

Needs s3:PutObject and s3:AbortMultipartUpload; with a key of KMS, also
kms:Decrypt and kms:GenerateDataKey.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
https://github.com/boto/boto3/issues/3354
"""

from __future__ import annotations

import base64
import sqlite3
import zlib
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Iterable, Iterator

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MB = 1024 * 1024


def upload_chunks(
    s3: S3Client,
    bucket: str,
    key: str,
    chunks: Iterable[bytes],
    content_type: str = 'application/octet-stream',
    part_size: int = 8 * MB,
) -> None:
    """Upload chunks of any size, one after another, as one object.

    If anything fails, or on Ctrl-C, it removes the parts and raises the
    error. Then nothing is stored, unless only the last response got lost.

    Args:
        part_size: bytes, 5 MiB or more. There can be 10,000 parts, so 8 MiB
            are enough for 80 GB. Four are in memory, besides the chunk.
    """
    parts = parts_of(chunks, part_size)
    body = next(parts)
    if len(body) < part_size:  # all there is, perhaps nothing
        s3.put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type
        )
        return
    upload_id = s3.create_multipart_upload(
        Bucket=bucket,
        Key=key,
        ContentType=content_type,
        ChecksumAlgorithm='CRC32',
    )['UploadId']
    done: list[CompletedPartTypeDef] = []
    try:
        while body:
            part: CompletedPartTypeDef = {'PartNumber': len(done) + 1}
            part['ChecksumCRC32'] = crc32_of(body)
            part['ETag'] = s3.upload_part(
                Bucket=bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=part['PartNumber'],
                Body=body,
                ChecksumCRC32=part['ChecksumCRC32'],
            )['ETag']
            done.append(part)
            body = next(parts, b'')
        complete(s3, bucket, key, upload_id, done)
    except BaseException:
        with suppress(Exception):  # the first error counts
            s3.abort_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload_id
            )
        raise


def parts_of(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Yield the chunks as parts of `size` bytes, and then what is left."""
    part = bytearray()
    for chunk in chunks:
        part += chunk
        while len(part) >= size:
            yield bytes(part[:size])
            del part[:size]
    yield bytes(part)


def crc32_of(body: bytes) -> str:
    """Return a CRC32 as S3 writes it: in Base64."""
    return base64.b64encode(zlib.crc32(body).to_bytes(4, 'big')).decode()


def complete(
    s3: S3Client,
    bucket: str,
    key: str,
    upload_id: str,
    parts: list[CompletedPartTypeDef],
) -> None:
    """Have S3 join the parts, if it has not done so before."""
    try:
        s3.complete_multipart_upload(
            Bucket=bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={'Parts': parts},
        )['ETag']  # absent where S3 did not join them
    except s3.exceptions.NoSuchUpload:
        # boto3 may have sent it twice. S3 has the CRC32 of all CRC32s.
        crcs = [base64.b64decode(part['ChecksumCRC32']) for part in parts]
        stored = ''
        with suppress(BotoCoreError, ClientError):
            stored = s3.head_object(
                Bucket=bucket, Key=key, ChecksumMode='ENABLED'
            ).get('ChecksumCRC32', '')
        if stored.partition('-')[0] != crc32_of(b''.join(crcs)):
            raise


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-tables')

    with closing(sqlite3.connect(':memory:')) as database:
        cursor = database.execute(
            "SELECT 'name', 'size' UNION ALL VALUES ('Zoë', 1), ('Kim', 2)"
        )
        lines = (f'{name},{size}\n'.encode() for name, size in cursor)
        upload_chunks(s3, 'my-tables', 'a.csv', lines, 'text/csv')
    response = s3.get_object(Bucket='my-tables', Key='a.csv')
    print(response['ContentType'], response['ContentLength'], 'bytes')
    #> text/csv 23 bytes

    upload_chunks(s3, 'my-tables', 'large', (bytes(MB) for _ in range(9)))
    head = s3.head_object(Bucket='my-tables', Key='large')
    print(head['ContentLength'] // MB, 'MB in parts:', '-2' in head['ETag'])
    #> 9 MB in parts: True


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_chunks')
