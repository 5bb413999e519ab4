"""Create an object once, and change one that others change, too.

`IfNoneMatch='*'` stores an object only if there is none. `IfMatch` replaces
or deletes one only if it still has the ETag that you have read. If not, S3
responds 412 (`PreconditionFailed`), and 404 where there is none to match.
It responds 409 (`ConditionalRequestConflict`) if two requests met and
nothing was stored: that is to be tried again.

A 412 may be your own doing. If S3 stores an object and its response gets
lost, boto3 sends the request again, and now the object is there. So these
functions leave a mark in the metadata of what they write, and after a 412
they look whether it is theirs. `update` keeps the marks of the last 16
writes, so that it finds its own where others have written since. It keeps
content type and metadata, but neither tags nor other headers.

Needs s3:GetObject and s3:PutObject, s3:ListBucket to learn that a key is
absent, and s3:DeleteObject to delete. Needs boto3 1.35.2 for `IfNoneMatch`
and 1.35.69 for `IfMatch`; an older one refuses the parameter.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://github.com/aws/aws-sdk-java-v2/issues/6580
"""

from __future__ import annotations

import random
import time
import uuid
from typing import TYPE_CHECKING, Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

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
        RuntimeError: conflicts did not end; nothing was stored.
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
                marks = marks_of(s3, bucket, key)
                if marks is not None:
                    return mark in marks
                # Somebody has deleted it since, so the key is free again.
            elif code != CONFLICT:
                error.args = (f'{bucket}/{key}: {error}',)
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: conflicts did not end. Try later.')


def marks_of(s3: S3Client, bucket: str, key: str) -> list[str] | None:
    """Return the marks of the last writes, or None if there is no object."""
    try:
        response = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response['Error']['Code'] == '404':
            return None
        error.args = (f'{bucket}/{key}: {error}',)
        raise
    return response['Metadata'].get(MARKS, '').split()


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
        try:
            response = s3.get_object(Bucket=bucket, Key=key)
            marks = response['Metadata'].get(MARKS, '').split()
            if mark in marks:
                return body  # the try before was stored after all
            if number == TRIES:
                break
            body = change(response['Body'].read())
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
                error.args = (f'{bucket}/{key}: {error}',)
                raise
        except BotoCoreError as error:
            error.args = (f'{bucket}/{key}: {error}',)
            raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: others were first. Try later.')


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
    print(update(s3, 'my-counters', 'visits', add_one))
    #> b'2'

    # Delete it only if nobody has changed it since.
    seen = s3.head_object(Bucket='my-counters', Key='visits')['ETag']
    update(s3, 'my-counters', 'visits', add_one)
    try:
        s3.delete_object(Bucket='my-counters', Key='visits', IfMatch=seen)
    except ClientError as error:
        print(error.response['Error']['Code'])
        #> PreconditionFailed
