"""Catch an error; know whether an object exists.

In short:

    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key='no-such-key')
        exists = True
    except ClientError as error:
        if error.response['Error']['Code'] != '404':
            raise  # such as 403: you may not read it
        s3.head_bucket(Bucket=bucket)  # or is there no such bucket?
        exists = False
    print('It exists:', exists)
    #> It exists: False

Catch an error if you know what to do about it, and let the others propagate.
A `ClientError` is what S3 responded, with S3's code in it. What goes wrong:

- A HEAD asks about an object without fetching it. Its response has no body,
  so boto3 knows a status and no code. `404`: the object is not there, or the
  bucket is not. `403`: a permission is missing, the access key or the clock
  is wrong, or, without s3:ListBucket, the object is not there. `400`: perhaps
  the token has expired. `download_file` and `copy` begin with a HEAD, too. A
  GET of the same object says the code: `exists` does that.
- `upload_file` raises `S3UploadFailedError`, which is no `ClientError`. The
  code is in the error that it was raised from: `code_of` finds it.
- Without a response, there is no code. If boto3 cannot connect, finds no
  credentials, or thinks a parameter wrong, it raises a `BotoCoreError`.
- Downloads may also raise `RetriesExceededError`, if the body broke off each
  time, and `S3DownloadFailedError` of s3transfer, if somebody replaced the
  object meanwhile.

Whether an object exists can change before your next call. To create only
what is not there, see `safe_writes`.

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
        ClientError: S3 does not say, with its code: `AccessDenied`,
            `ExpiredToken`, `NoSuchBucket`.
    """
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        # The response to a HEAD does not say why. That to a GET does.
        try:
            s3.get_object(Bucket=bucket, Key=key)['Body'].close()
        except s3.exceptions.NoSuchKey:
            return False
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

    for key in ('here', 'absent'):
        print(f'{key} exists:', exists(s3, 'my-things', key))
        #> here exists: True
        #> absent exists: False

    # A HEAD has a status, a GET has a code.
    try:
        s3.head_object(Bucket='my-things', Key='absent')
    except ClientError as error:
        print('HEAD:', code_of(error))
        #> HEAD: 404
    # The common codes have a class on the client.
    try:
        s3.get_object(Bucket='my-things', Key='absent')
    except s3.exceptions.NoSuchKey as error:
        print('GET:', code_of(error))
        #> GET: NoSuchKey

    # What upload_file raises is no ClientError.
    try:
        s3.upload_file(__file__, 'no-such-bucket', 'handle_errors.py')
    except (S3UploadFailedError, ClientError, BotoCoreError) as error:
        print(type(error).__name__, 'from', code_of(error))
        #> S3UploadFailedError from NoSuchBucket

    # This is not even sent.
    try:
        s3.get_object(Bucket='my-things', Key='')
    except (ClientError, BotoCoreError) as error:
        print(code_of(error))
        #> ParamValidationError


if __name__ == '__main__':
    print('See it run: uv run python -m recipes handle_errors')
