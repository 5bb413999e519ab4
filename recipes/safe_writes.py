"""Write from several servers: create once, update, delete.

`IfNoneMatch='*'` stores an object only if there is none. `IfMatch` replaces
or deletes one only if it still has the ETag that you have read. If not, S3
responds 412 (`PreconditionFailed`), and 404 where there is none to match.
It responds 409 (`ConditionalRequestConflict`) if two requests met and
nothing was stored: that is to be tried again.

A 412 may be your own doing. If S3 stores an object and its response gets lost,
boto3 sends the request again, and now the object is there. So `create_once`
and `update` leave a mark in the metadata of what they write, and after a 412
they look whether it is theirs. `update` keeps the marks of the last 16 writes,
content type and metadata, but neither tags nor other headers. Let all writers
of an object use it, since a plain `put_object` drops the marks, and let no
body come back (add a UUID), since equal bodies have equal ETags: otherwise a
change may be made twice.

An object can be a lock: `create_once` takes it, `delete_if_match` releases
it. Give it a body of its own, such as a UUID. It stays if its holder dies.

Needs s3:GetObject and s3:PutObject, s3:ListBucket to learn that a key is
absent, and s3:DeleteObject to delete. Needs boto3 1.35.2 for `IfNoneMatch`
and 1.35.69 for `IfMatch`; an older one refuses the parameter.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://github.com/aws/aws-sdk-java-v2/issues/6580
"""

from __future__ import annotations

import random
import time
import uuid
from typing import TYPE_CHECKING, Callable

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

MARKS = 'last-writes'  # the metadata that holds the marks
TRIES = 20
CONFLICT = 'ConditionalRequestConflict'


def create_once(
    s3: S3Client,
    bucket: str,
    key: str,
    body: bytes,
    content_type: str = 'application/octet-stream',
) -> bool:
    """Store an object if there is none; return whether this call did it.

    If somebody deletes it before this call has looked, it stores it again.

    Raises:
        ClientError: S3 refuses, for another reason; after a 5xx, whether it
            was stored is open.
        BotoCoreError: no response came; whether it was stored is open.
        RuntimeError: conflicts did not end.
    """
    mark = uuid.uuid4().hex[:12]
    for number in range(TRIES):
        try:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata={MARKS: mark},
                IfNoneMatch='*',
            )
            return True
        except ClientError as error:
            code = error.response['Error']['Code']
            if code == 'PreconditionFailed':
                head = look(s3, bucket, key)
                if head is not None:
                    return mark in head['Metadata'].get(MARKS, '').split()
                # Somebody has deleted it since, so the key is free again.
            elif code != CONFLICT:
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: conflicts did not end. Try later.')


def update(
    s3: S3Client, bucket: str, key: str, change: Callable[[bytes], bytes]
) -> bytes:
    """Replace what an object holds by what `change` makes of it; return it.

    `change` is called again each time that somebody else was first.

    Raises:
        ClientError: S3 refuses, for another reason; `NoSuchKey` if there
            is no object; after a 5xx, whether it was changed is open.
        BotoCoreError: no response came; whether it was changed is open.
        RuntimeError: others were first each time; nothing was changed.
    """
    mark, body = uuid.uuid4().hex[:12], b''
    for number in range(TRIES + 1):
        response = s3.get_object(Bucket=bucket, Key=key)
        marks = response['Metadata'].get(MARKS, '').split()
        if mark in marks:
            return body  # the try before was stored after all
        if number == TRIES:
            break
        body = change(response['Body'].read())
        try:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=response['ContentType'],
                Metadata={
                    **response['Metadata'],
                    MARKS: ' '.join([*marks[-15:], mark]),
                },
                IfMatch=response['ETag'],
            )
            return body
        except ClientError as error:
            code = error.response['Error']['Code']
            if code not in ('PreconditionFailed', CONFLICT):
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: others were first. Try later.')


def delete_if_match(s3: S3Client, bucket: str, key: str, etag: str) -> bool:
    """Delete an object if it has this ETag; return whether none is left.

    False means that there is another one, which stays. True does not tell
    who deleted it: if the response gets lost, boto3 asks again, and by then
    S3 has none. With versioning, this adds a delete marker.

    Raises:
        ClientError: S3 refuses, for another reason; after a 5xx, whether it
            was deleted is open.
        BotoCoreError: no response came; whether it was deleted is open.
        RuntimeError: conflicts did not end.
    """
    for number in range(TRIES):
        try:
            s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag)
            return True
        except ClientError as error:
            code = error.response['Error']['Code']
            if code == 'NoSuchKey':
                return True
            if code == 'PreconditionFailed':
                # Some servers respond 412 where there is none, too.
                return look(s3, bucket, key) is None
            if code != CONFLICT:
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: conflicts did not end. Try later.')


def look(
    s3: S3Client, bucket: str, key: str
) -> HeadObjectOutputTypeDef | None:
    """Return what S3 says of an object, or None if there is none."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response['Error']['Code'] == '404':
            return None
        raise


def pause(number: int) -> None:
    """Wait for up to a second, at random, so that those who met part."""
    time.sleep(random.uniform(0, min(1, 0.05 * 2**number)))


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-counters')

    print(create_once(s3, 'my-counters', 'visits', b'0'))
    #> True
    print(create_once(s3, 'my-counters', 'visits', b'99'))
    #> False

    def add_one(body: bytes) -> bytes:
        return b'%d' % (int(body) + 1)

    print(update(s3, 'my-counters', 'visits', add_one))
    #> b'1'
    etag = s3.head_object(Bucket='my-counters', Key='visits')['ETag']
    print(update(s3, 'my-counters', 'visits', add_one))
    #> b'2'
    print(delete_if_match(s3, 'my-counters', 'visits', etag))
    #> False


if __name__ == '__main__':
    print('See it run: uv run python -m recipes safe_writes')
