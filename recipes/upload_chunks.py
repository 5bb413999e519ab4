"""Upload data of unknown size, chunk by chunk.

In short:

    import tempfile

    chunks = (b'%d, ' % number for number in range(1000))
    with tempfile.TemporaryFile() as file:
        file.writelines(chunks)
        file.seek(0)
        s3.upload_fileobj(
            Fileobj=file,
            Bucket=bucket,
            Key=key,
            ExtraArgs={'ContentType': 'text/plain'},
        )

- Without `seek(0)`, boto3 stores an empty object, without an error: it reads
  a file from where it stands. The same goes for an `io.BytesIO`. Afterwards
  the file is closed.
- The file needs room on the disk, and nothing is sent before the last chunk
  has come. `upload_chunks` keeps a few parts in memory instead, and sends
  each as soon as it is full.
- The source may fail in the middle: a query, or another server. Then
  `upload_chunks` removes what it has sent, and raises that error.
- Database cursors may work only in the thread that has made them. So
  `upload_chunks` takes the chunks in the thread that calls it.

To copy an object between two accounts that share no credentials, read it with
`open_object`, and send it on through this machine:

    with open_object(theirs, 'their-bucket', key) as file:
        chunks = iter(lambda: file.read(8 * 1024 * 1024), b'')
        upload_chunks(mine, 'my-bucket', key, chunks, 'video/mp4')

One part is sent at a time: a file goes faster with `upload_and_download`. An
outage of some seconds ends it, and the chunks may not come twice: use the
client of `configure_client`, which goes on trying. If the network stays away,
or the program is killed, parts stay behind and cost money; a rule of
`lifecycle` removes them.

Needs s3:PutObject and s3:AbortMultipartUpload; with a key of KMS, also
kms:Decrypt and kms:GenerateDataKey.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
https://developers.cloudflare.com/r2/objects/multipart-objects/
https://github.com/boto/boto3/issues/3354
"""

from __future__ import annotations

import base64
import sqlite3
import zlib
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MB = 1024 * 1024
LARGEST = 5 * 1024**3  # bytes, of a part


def upload_chunks(
    s3: S3Client,
    bucket: str,
    key: str,
    chunks: Iterable[bytes],
    content_type: str = 'application/octet-stream',
    part_size: int = 8 * MB,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Upload chunks of any size, one after another, as one object.

    If anything fails, or on Ctrl-C, it raises the error, and removes the
    parts if S3 can be reached. Then nothing is stored, unless only the last
    response got lost.

    Args:
        part_size: bytes of the first 1,000 parts, 5 MiB or more. Since S3
            takes 10,000, each further 1,000 are twice as large: 16 MiB from
            8 GB on, 1 GiB from 1 TB on. Four are in memory, besides the
            chunk. Some stores, such as Cloudflare R2, want parts of one
            size: there, have at most 1,000.
        extra: what else `put_object` and `create_multipart_upload` take,
            such as `{'ServerSideEncryption': 'aws:kms'}`. Not what each part
            would need, too: `RequestPayer`, `SSECustomerKey`.
    """
    parts = parts_of(chunks, part_size)
    body = next(parts)
    if len(body) < part_size:  # all there is, perhaps nothing
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type,
            **cast(Any, extra or {}),
        )
        return
    upload_id = s3.create_multipart_upload(
        Bucket=bucket,
        Key=key,
        ContentType=content_type,
        ChecksumAlgorithm='CRC32',
        **cast(Any, extra or {}),
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
    """Yield the chunks as parts that grow, and last what is left."""
    part = bytearray()
    count = 0
    for chunk in chunks:
        part += chunk
        while len(part) >= size:
            yield bytes(part[:size])
            del part[:size]
            count += 1
            if count % 1000 == 0:
                size = min(2 * size, LARGEST)
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

    # A table of a database, row by row:
    with closing(sqlite3.connect(':memory:')) as database:
        cursor = database.execute(
            "SELECT 'name', 'size' UNION ALL VALUES ('Zoë', 1), ('Kim', 2)"
        )
        lines = (f'{name},{size}\n'.encode() for name, size in cursor)
        upload_chunks(s3, 'my-tables', 'a.csv', lines, 'text/csv')
    print(s3.get_object(Bucket='my-tables', Key='a.csv')['Body'].read())
    #> b'name,size\nZo\xc3\xab,1\nKim,2\n'

    # What is larger than a part goes in parts:
    upload_chunks(s3, 'my-tables', 'large', (bytes(MB) for _ in range(9)))
    head = s3.head_object(Bucket='my-tables', Key='large')
    print(head['ContentLength'] // MB, 'MB in parts:', head['ETag'])
    #> 9 MB in parts: "…-2"


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_chunks')
