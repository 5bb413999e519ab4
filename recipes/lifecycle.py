"""Delete or archive old objects automatically after N days.

By lifecycle rules, S3 does it by itself, once a day, also for objects that
are there already. It adds the days to the time of the upload, rounds up to
the next midnight UTC, and may take longer. What it deletes is gone for good,
unless the bucket keeps versions: then the object gets a delete marker, and
`tidy_up` frees the space. `head_object` tells when an object is to go, as
`Expiration`.

An archive class costs less to keep and more to read, and each move costs a
request. So small objects do not pay: by default, S3 leaves those below
128 KB where they are. What is deleted early is billed for the least time:
90 days in GLACIER_IR and GLACIER, 180 in DEEP_ARCHIVE. The last two must be
restored before they can be read.

A bucket has one set of rules. These functions replace the rule with the same
ID and keep all others. S3 has no conditional write for rules, so let one
program at a time change them: of two changes, one may be lost.

Needs s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration. Needs
boto3 1.35.32: an older one resets what a bucket has instead of the 128 KB.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-set-lifecycle-configuration-intro.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
https://repost.aws/knowledge-center/s3-lifecycle-rule-delay
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.literals import TransitionStorageClassType
    from mypy_boto3_s3.type_defs import LifecycleRuleUnionTypeDef


def delete_after(s3: S3Client, bucket: str, prefix: str, days: int) -> None:
    """Delete what is below a prefix so many days after its upload.

    An empty prefix means the whole bucket; `tmp` takes `tmp2/`, too.
    """
    put_rule(
        s3,
        bucket,
        {
            'ID': f'delete {prefix}',
            'Status': 'Enabled',
            'Filter': {'Prefix': prefix},
            'Expiration': {'Days': days},
        },
    )


def archive_after(
    s3: S3Client,
    bucket: str,
    prefix: str,
    days: int,
    storage_class: TransitionStorageClassType = 'GLACIER_IR',
) -> None:
    """Move what is below a prefix to a storage class after so many days.

    What is in GLACIER_IR can be read as before.
    """
    put_rule(
        s3,
        bucket,
        {
            'ID': f'archive {prefix}',
            'Status': 'Enabled',
            'Filter': {'Prefix': prefix},
            'Transitions': [{'Days': days, 'StorageClass': storage_class}],
        },
    )


def tidy_up(s3: S3Client, bucket: str, days: int) -> None:
    """Remove old versions, lone delete markers, and unfinished uploads.

    A version is old once it is replaced or deleted. So many days later it
    is gone for good. A delete marker goes when it hides no more versions,
    and an upload in parts 7 days after it began.
    """
    put_rule(
        s3,
        bucket,
        {
            'ID': 'tidy up',
            'Status': 'Enabled',
            'Filter': {'Prefix': ''},
            'NoncurrentVersionExpiration': {'NoncurrentDays': days},
            'Expiration': {'ExpiredObjectDeleteMarker': True},
            'AbortIncompleteMultipartUpload': {'DaysAfterInitiation': 7},
        },
    )


def put_rule(
    s3: S3Client, bucket: str, rule: LifecycleRuleUnionTypeDef
) -> None:
    """Add a rule, or replace the one with its ID; all else stays."""
    try:
        config: Any = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        del config['ResponseMetadata']
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchLifecycleConfiguration':
            raise
        config = {'Rules': []}
    rules = [x for x in config.pop('Rules') if x.get('ID') != rule['ID']]
    for old in rules:
        if 'Prefix' in old:  # S3 takes none beside the Filter of another
            old['Filter'] = {'Prefix': old.pop('Prefix')}
    # What is left is TransitionDefaultMinimumObjectSize, from which on S3
    # moves objects. Not sent again, it would become 128 KB.
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={'Rules': [*rules, rule]},
        **config,
    )


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-logs')

    archive_after(s3, 'my-logs', 'logs/', days=30)
    tidy_up(s3, 'my-logs', days=30)
    delete_after(s3, 'my-logs', 'tmp/', days=1)
    delete_after(s3, 'my-logs', 'tmp/', days=7)  # replaces the 1
    response = s3.get_bucket_lifecycle_configuration(Bucket='my-logs')
    for rule in response['Rules']:
        print(rule['ID'], rule.get('Expiration'))
        #> archive logs/ None
        #> tidy up {'ExpiredObjectDeleteMarker': True}
        #> delete tmp/ {'Days': 7}


if __name__ == '__main__':
    print('See it run: uv run python -m recipes lifecycle')
