"""Write from several servers: create once, update, delete.

In short:

    s3.put_object(  # fails with PreconditionFailed if it is there already
        Bucket=bucket, Key='visits.txt', Body=b'0',
        ContentType='text/plain', IfNoneMatch='*',
    )

    response = s3.get_object(Bucket=bucket, Key='visits.txt')
    visits = int(response['Body'].read()) + 1
    s3.put_object(  # fails with PreconditionFailed if it has changed since
        Bucket=bucket, Key='visits.txt', Body=b'%d' % visits,
        ContentType='text/plain', IfMatch=response['ETag'],
    )

Without these conditions, the last one who writes wins, and what others
wrote in between is lost. `delete_object` takes `IfMatch`, too. What goes
wrong:

- Somebody else was first: 412, `PreconditionFailed`. Read again, change
  that, write again. `update` does so for you.
- Two requests met, and nothing was stored: 409,
  `ConditionalRequestConflict`. The functions try again.
- The 412 is your own doing: S3 stored the object, its response got lost, and
  boto3 sent the request again. So `create_once` and `update` leave a mark in
  the metadata of what they write, and after a 412 they look whether it is
  theirs.
- The new object has forgotten what the old one had. `update` keeps metadata,
  content type and other headers, storage class and encryption key; tags, ACL
  and lock are lost.

`update` keeps the marks of the last 16 writes. Let all writers of an object
use it, because a plain `put_object` drops the marks. And never store the same
body twice (put a UUID into it): equal bodies have equal ETags, and a change
might be made twice.

An object can be a lock. `create_once` takes it and returns its ETag, with
which `delete_if_match` releases it, and never that of somebody else. Give it
a body of its own, such as a UUID. If its holder dies, it stays: look how old
it is, and delete it if it still has the ETag that you saw. If the first
holder was only slow, two may then believe that they hold it. So make what
they do under the lock conditional as well.

Copy metadata_and_tags.py along.

Needs s3:GetObject and s3:PutObject, s3:ListBucket to learn that a key is
absent, and s3:DeleteObject to delete; with a KMS key kms:Decrypt and
kms:GenerateDataKey. Needs boto3 1.35.2 for `IfNoneMatch` and 1.35.69 for
`IfMatch`; an older one refuses the parameter.
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

from metadata_and_tags import headers_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

MARKS = 'last-writes'  # the metadata that holds the marks
KEPT_MARKS = 16
TRIES = 20
CONFLICT = 'ConditionalRequestConflict'


def create_once(
    s3: S3Client,
    bucket: str,
    key: str,
    body: bytes,
    content_type: str = 'application/octet-stream',
) -> str | None:
    """Store an object if there is none.

    If somebody deletes it before this call has looked, it stores it again.

    Returns:
        The ETag of what this call stored, or None if there was one before.

    Raises:
        ClientError: S3 refuses, for another reason; after a 5xx, whether it
            was stored is open.
        BotoCoreError: no response came; whether it was stored is open.
        RuntimeError: conflicts did not end.
    """
    mark = uuid.uuid4().hex[:12]
    for number in range(TRIES):
        try:
            response = s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata={MARKS: mark},
                IfNoneMatch='*',
            )
            return response['ETag']
        except ClientError as error:
            code = error.response['Error']['Code']
            if code == 'PreconditionFailed':
                head = head_or_none(s3, bucket, key)
                if head is not None:
                    return etag_if_ours(head, mark)
                # Somebody has deleted it since, so the key is free again.
            elif code != CONFLICT:
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: conflicts did not end. Try later.')


def etag_if_ours(head: HeadObjectOutputTypeDef, mark: str) -> str | None:
    """Return the ETag of what was stored with this mark, or None."""
    marks = head['Metadata'].get(MARKS, '').split()
    if mark not in marks:
        return None
    if marks == [mark]:
        return head['ETag']
    # Others have updated it since. What was stored is gone, and the ETag of
    # theirs would delete their work. This matches nothing.
    return f'"{mark}"'


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
    mark = uuid.uuid4().hex[:12]
    body = b''
    for number in range(TRIES + 1):
        response = s3.get_object(Bucket=bucket, Key=key)
        marks = response['Metadata'].get(MARKS, '').split()
        if mark in marks:
            return body  # the try before was stored after all
        if number == TRIES:
            break
        body = change(response['Body'].read())
        marks = [*marks, mark][-KEPT_MARKS:]
        try:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                Metadata={**response['Metadata'], MARKS: ' '.join(marks)},
                IfMatch=response['ETag'],
                **headers_of(response),
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
                return head_or_none(s3, bucket, key) is None
            if code != CONFLICT:
                raise
        pause(number)
    raise RuntimeError(f'{bucket}/{key}: conflicts did not end. Try later.')


def head_or_none(
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
    """Wait up to a second, at random, so that two do not meet again."""
    time.sleep(random.uniform(0, min(1, 0.05 * 2**number)))


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-counters')

    # Two servers want to create it.
    first = create_once(s3, 'my-counters', 'visits', b'0')
    second = create_once(s3, 'my-counters', 'visits', b'99')
    print('first:', first)
    #> first: "cfcd208495d565ef66e7dff9f98764da"
    print('second:', second)
    #> second: None

    def add_one(body: bytes) -> bytes:
        return b'%d' % (int(body) + 1)

    print('visits:', update(s3, 'my-counters', 'visits', add_one))
    #> visits: b'1'
    print('visits:', update(s3, 'my-counters', 'visits', add_one))
    #> visits: b'2'

    # A lock: only whoever has its ETag releases it.
    mine = create_once(s3, 'my-counters', 'lock', uuid.uuid4().bytes)
    theirs = create_once(s3, 'my-counters', 'lock', uuid.uuid4().bytes)
    print('mine:', mine, 'theirs:', theirs)
    #> mine: "…" theirs: None
    if mine is not None:
        released = delete_if_match(s3, 'my-counters', 'lock', mine)
        print('released:', released)
        #> released: True


if __name__ == '__main__':
    print('See it run: uv run python -m recipes safe_writes')
