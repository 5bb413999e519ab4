"""Know whether an object exists, and tell errors apart.

Catch an error if you know what to do about it, and let the others
propagate. boto3 raises several kinds. `ClientError` is a response of S3, with
S3's code in it. `upload_file` raises `S3UploadFailedError`, which is no
`ClientError`: the code is in the error that it comes from. Where no
response came or no request was sent, it is a `BotoCoreError`, without code.
Downloads may also raise `RetriesExceededError`, if the body broke off each
time, and `S3DownloadFailedError` of s3transfer, if the object was replaced.

A HEAD asks for one object without fetching it. But its response has no
body, so boto3 only has a status to tell: `403` may be a missing permission, a
wrong access key or a wrong clock, `400` an expired token. A GET says which.
`download_file` and `copy` usually begin with a HEAD. So for a missing key they
say `404`, where `get_object` says `NoSuchKey`.

A HEAD says 404 if the bucket is absent, too. Without s3:ListBucket, an
absent key is a 403: then nobody knows. To create only what is absent, use
`safe_writes`.

Needs s3:GetObject, and s3:ListBucket to be told that a key is absent.
https://docs.aws.amazon.com/boto3/latest/guide/error-handling.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://github.com/boto/boto3/issues/2448
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def exists(s3: S3Client, bucket: str, key: str) -> bool:
    """Return whether an object is there.

    Raises:
        ClientError: S3 does not say, as with `AccessDenied`.
    """
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response['Error']['Code'] == '404':
            return False
        # The response to a HEAD does not say why. That to a GET does.
        s3.get_object(Bucket=bucket, Key=key)['Body'].close()
        raise
    return True


def code_of(error: BaseException) -> str:
    """Return S3's code of an error, or else the name of its class.

    Looks at the error, and at those that it was raised from.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ClientError):
            return cause.response['Error']['Code']
        if isinstance(cause, BotoCoreError):
            return type(cause).__name__
        # boto3's own errors name no cause. With others, what was being
        # handled may have nothing to do with it.
        package = type(cause).__module__.partition('.')[0]
        is_boto3 = package in ('boto3', 's3transfer')
        cause = cause.__context__ if is_boto3 else cause.__cause__
    return type(error).__name__


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-things')
    s3.put_object(Bucket='my-things', Key='here')

    print(exists(s3, 'my-things', 'here'), exists(s3, 'my-things', 'absent'))
    #> True False

    # The common ones have a class on the client, for `except`.
    try:
        s3.get_object(Bucket='my-things', Key='absent')
    except s3.exceptions.NoSuchKey as error:
        print(error.response['Error']['Message'])
        #> The specified key does not exist.

    try:
        s3.upload_file(__file__, 'no-such-bucket', 'errors.py')
    except (S3UploadFailedError, ClientError, BotoCoreError) as error:
        print(type(error).__name__, code_of(error))
        #> S3UploadFailedError NoSuchBucket

    try:
        s3.get_object(Bucket='my-things', Key='')
    except (ClientError, BotoCoreError) as error:
        print(code_of(error))
        #> ParamValidationError


if __name__ == '__main__':
    print('See it run: uv run python -m recipes handle_errors')
