"""Change the metadata of an object, and add tags to it.

In short:

    head = s3.head_object(Bucket=bucket, Key=key)
    s3.copy_object(
        Bucket=bucket,
        Key=key,
        CopySource={'Bucket': bucket, 'Key': key},
        # What is not given here is dropped: CacheControl, StorageClass, …
        MetadataDirective='REPLACE',
        Metadata={**head['Metadata'], 'status': 'final'},
        ContentType=head['ContentType'],  # or a new one: 'text/csv'
    )
    # This replaces all tags that the object has.
    tags = {'TagSet': [{'Key': 'team', 'Value': 'sales'}]}
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tags)

Metadata is fixed at the upload. To change it, S3 copies the object onto
itself: nothing is downloaded. What goes wrong:

- The copy drops whatever the request does not give again: content type,
  cache control, the name for a download (`ContentDisposition`), encryption,
  storage class and more. `change_metadata` reads what is there and gives it
  all again.
- Somebody replaces the content in between, and the copy puts the old one
  back. `IfMatch` refuses that, and `change_metadata` starts over. Whoever
  changes only the metadata leaves the ETag as it is, and is not noticed: let
  a single program change it.
- Tags need no copy, but `put_object_tagging` replaces all of them, as above.
  `add_tags` reads them first. They go to the version that was read, even if
  somebody replaces the object meanwhile. S3 has no condition for tags: if
  two programs add some at the same time, those of one are lost.
- boto3 refuses metadata that is not ASCII. Store `urllib.parse.quote(value)`,
  and read with `unquote`. What others have stored without it, S3 returns like
  `=?UTF-8?…?=` (RFC 2047).
- A file name that is not ASCII: boto3 sends headers as UTF-8 and reads them
  as Latin-1, so that `Müller.pdf` comes back as `MÃ¼ller.pdf`, and each copy
  would make it worse. `change_metadata` repairs what it has read. Better
  store what every client understands:
  `ContentDisposition=f"attachment; filename*=UTF-8''{quote(name)}"`.

The copy keeps the tags. It loses the ACL and an `Expires` that is no date,
and its ETag may be another. With versioning it is one more version, and the
old ones stay as they were: if the old one was locked (retention, legal
hold), the new one is not. One such copy takes 5 GB at most.

Needs s3:GetObject and s3:PutObject; with tags s3:GetObjectTagging and
s3:PutObjectTagging, and with versioning s3:PutObjectVersionTagging; with
annotations s3:GetObjectAnnotation and s3:PutObjectAnnotation; with a KMS key
kms:Decrypt and kms:GenerateDataKey. Needs boto3 1.40.61 for metadata: an
older one refuses `IfMatch` and sends nothing.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
https://www.rfc-editor.org/rfc/rfc6266#section-5
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Mapping

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

TRIES = 5
# What S3 forgets unless it is given again, by its name in boto3.
FORGOTTEN = {
    'BucketKeyEnabled',
    'CacheControl',
    'ContentDisposition',
    'ContentEncoding',
    'ContentLanguage',
    'ContentType',
    'Expires',
    'SSEKMSKeyId',
    'ServerSideEncryption',
    'StorageClass',
    'WebsiteRedirectLocation',
}


def change_metadata(
    s3: S3Client,
    bucket: str,
    key: str,
    metadata: Mapping[str, str | None],
    content_type: str | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, str]:
    """Merge `metadata` into that of an object; return all of it.

    Args:
        metadata: values in ASCII, None to remove a name; S3 keeps names in
            lower case; 2 KB in all.
        content_type: a new one; None keeps what is there.
        extra: other headers to change, as boto3's ExtraArgs, such as
            `{'CacheControl': 'no-cache'}`.

    Raises:
        ClientError: as S3 says; `404` if there is no such object.
        RuntimeError: somebody else was first each time.
    """
    lower = {name.lower(): value for name, value in metadata.items()}
    for number in range(TRIES):
        head = s3.head_object(Bucket=bucket, Key=key)
        merged = merge(head['Metadata'], lower)
        headers = {**headers_of(head), **(extra or {})}
        if content_type is not None:
            headers['ContentType'] = content_type
        try:
            s3.copy_object(
                Bucket=bucket,
                Key=key,
                CopySource={'Bucket': bucket, 'Key': key},
                # The one guards what is read, the other what is replaced.
                CopySourceIfMatch=head['ETag'],
                IfMatch=head['ETag'],
                MetadataDirective='REPLACE',
                Metadata=merged,
                **headers,
            )
            return merged
        except ClientError as error:
            if error.response['Error']['Code'] not in (
                'PreconditionFailed',
                'ConditionalRequestConflict',
            ):
                raise
        time.sleep(random.uniform(0, 0.1 * 2**number))
    raise RuntimeError(f'{bucket}/{key} changed {TRIES} times. Try later.')


def merge(
    old: Mapping[str, str], new: Mapping[str, str | None]
) -> dict[str, str]:
    """Return both, without what is None in the new one."""
    both = {**old, **new}
    return {name: value for name, value in both.items() if value is not None}


def headers_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to give again when the object is stored anew."""
    headers = {
        name: value for name, value in response.items() if name in FORGOTTEN
    }
    if 'ContentDisposition' in headers:
        headers['ContentDisposition'] = repaired(headers['ContentDisposition'])
    return headers


def repaired(header: str) -> str:
    """Return a header as it was sent: in UTF-8, but read as Latin-1."""
    try:
        return header.encode('latin-1').decode('utf-8')
    except UnicodeError:  # it was not sent in UTF-8, or read well
        return header


def add_tags(
    s3: S3Client, bucket: str, key: str, tags: Mapping[str, str | None]
) -> dict[str, str]:
    """Merge `tags` into those of an object; return all of them.

    Args:
        tags: by name; None removes one.

    Raises:
        ClientError: as S3 says; more than ten tags are refused.
    """
    response = s3.get_object_tagging(Bucket=bucket, Key=key)
    old_tags = {tag['Key']: tag['Value'] for tag in response['TagSet']}
    merged = merge(old_tags, tags)
    version: dict[str, Any] = {}
    if 'VersionId' in response:  # absent where versioning was never on
        version['VersionId'] = response['VersionId']
    s3.put_object_tagging(
        Bucket=bucket,
        Key=key,
        Tagging={
            'TagSet': [
                {'Key': name, 'Value': value} for name, value in merged.items()
            ]
        },
        **version,
    )
    return merged


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-reports')
    s3.put_object(
        Bucket='my-reports',
        Key='report.csv',
        Body='a,b\n1,2\n',
        ContentType='text/csv',
        CacheControl='max-age=60',
        Metadata={'author': 'me', 'status': 'draft'},
        Tagging='team=sales',
    )

    # Two values change, all else stays.
    change_metadata(
        s3, 'my-reports', 'report.csv', {'status': 'final'},
        extra={'ContentDisposition': "attachment; filename*=UTF-8''M%C3%A4rz"},
    )
    head = s3.head_object(Bucket='my-reports', Key='report.csv')
    print(head['Metadata'])
    #> {'author': 'me', 'status': 'final'}
    print(head['ContentType'], head['CacheControl'])
    #> text/csv max-age=60
    print(head['ContentDisposition'])
    #> attachment; filename*=UTF-8''M%C3%A4rz

    # A tag comes, and one goes.
    print(add_tags(s3, 'my-reports', 'report.csv', {'year': '2026'}))
    #> {'team': 'sales', 'year': '2026'}
    print(add_tags(s3, 'my-reports', 'report.csv', {'team': None}))
    #> {'year': '2026'}


if __name__ == '__main__':
    print('See it run: uv run python -m recipes metadata_and_tags')
