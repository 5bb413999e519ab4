"""Delete or archive old objects automatically after N days.

In short:

    rule = {
        'ID': 'delete tmp/',
        'Status': 'Enabled',
        'Filter': {'Prefix': 'tmp/'},
        'Expiration': {'Days': 7},
    }
    # This replaces all rules that the bucket has.
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={'Rules': [rule]}
    )

From then on, S3 does it by itself, once a day, also for objects that were
there before. It adds the days to the time of the upload, rounds up to the
next midnight UTC, and may take longer. This is what goes wrong:

- The call replaces all rules that the bucket had. The functions below add a
  rule, or replace the one with the same ID, and keep all others.
- A rule that matches nothing is no error. `/logs/` and `logs/*.gz` match
  nothing, because keys have no leading slash, and a prefix no wildcards:
  refused here. To see whether a rule takes an object, ask `head_object`:
  `Expiration` says when the object is to go, and by which rule.
- `tmp` takes `tmp2/` as well. Here, it means `tmp/`.
- Two rules take the same object: the shorter time wins. So a rule for the
  whole bucket that deletes after 30 days overrules one that keeps
  `contracts/` for ten years. Look at the rules that are there first.
- What S3 deletes is gone for good, unless the bucket keeps versions: then the
  object only gets a delete marker, and still costs as much as before.
  `tidy_up` frees that space.
- An archive class costs less to keep and more to read, and each move costs a
  request. So by default, S3 leaves objects below 128 KB where they are. If
  you delete early, you still pay for the minimum: 90 days in GLACIER_IR and
  GLACIER, 180 in DEEP_ARCHIVE. What is in the last two must be restored
  before it can be read.

`remove_rule` takes a rule back. What the rule has deleted or archived by then
stays deleted or archived.

To keep objects, whatever the rules say, use Object Lock: S3 deletes no
version that has a legal hold, or whose retention has not ended.

S3 has no conditional write for rules. Let one program at a time change
them: of two changes, one may be lost.

Needs s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration. Needs
boto3 1.35.32: an older one resets what a bucket has instead of the 128 KB.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-set-lifecycle-configuration-intro.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
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
    """Delete what is in a folder so many days after its upload.

    Calling it again for the same folder replaces the number of days.

    Raises:
        ValueError: as a prefix, this would match nothing, or everything.
        ClientError: as S3 says; the rules are then what they were.
    """
    prefix = folder_of_rule(prefix)
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
    """Move what is in a folder to a storage class after so many days.

    What is in GLACIER_IR can be read as before.

    Raises:
        ValueError: as a prefix, this would match nothing, or everything.
        ClientError: as S3 says; the rules are then what they were.
    """
    prefix = folder_of_rule(prefix)
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


def folder_of_rule(prefix: str) -> str:
    """Return a prefix that takes what is in this folder, and no more."""
    if not prefix:
        # An empty variable must not empty the bucket.
        raise ValueError(
            'An empty prefix means the whole bucket. If you want that, give '
            "put_rule a rule with 'Filter': {'Prefix': ''}."
        )
    if prefix.startswith('/') or '*' in prefix or '://' in prefix:
        raise ValueError(
            f'{prefix!r} would match nothing. Write it as the keys begin: no '
            'leading slash, no wildcard, no s3://.'
        )
    return prefix if prefix.endswith('/') else f'{prefix}/'


def put_rule(
    s3: S3Client, bucket: str, rule: LifecycleRuleUnionTypeDef
) -> None:
    """Add a rule, or replace the one with its ID; all else stays.

    Takes whatever S3 takes, such as a filter by tag or size.
    """
    config = rules_and_settings(s3, bucket)
    old_rules = config.pop('Rules')
    others = [old for old in old_rules if old.get('ID') != rule['ID']]
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={'Rules': [*others, rule]},
        **config,
    )


def remove_rule(s3: S3Client, bucket: str, rule_id: str) -> None:
    """Remove the rule with this ID, such as `delete tmp/`; all else stays.

    Raises:
        LookupError: the bucket has no such rule; the error names its rules.
    """
    config = rules_and_settings(s3, bucket)
    old_rules = config.pop('Rules')
    others = [old for old in old_rules if old.get('ID') != rule_id]
    if len(others) == len(old_rules):
        names = [old.get('ID') for old in old_rules]
        raise LookupError(f'{bucket} has no rule {rule_id!r}, only {names}.')
    if others:
        s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={'Rules': others}, **config
        )
    else:  # S3 refuses a list without rules
        s3.delete_bucket_lifecycle(Bucket=bucket)


def rules_and_settings(s3: S3Client, bucket: str) -> dict[str, Any]:
    """Return `Rules`, and what else is to be sent again with them.

    That is TransitionDefaultMinimumObjectSize, from which on S3 moves
    objects. Not sent again, it would become 128 KB.
    """
    try:
        config: Any = s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchLifecycleConfiguration':
            raise
        return {'Rules': []}
    del config['ResponseMetadata']
    for rule in config['Rules']:
        if 'Prefix' in rule:  # S3 takes none beside the Filter of another
            rule['Filter'] = {'Prefix': rule.pop('Prefix')}
    return {**config}


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-logs')

    archive_after(s3, 'my-logs', 'logs/', days=30)
    tidy_up(s3, 'my-logs', days=30)
    delete_after(s3, 'my-logs', 'tmp/', days=1)
    delete_after(s3, 'my-logs', 'tmp/', days=7)  # in place of the 1
    response = s3.get_bucket_lifecycle_configuration(Bucket='my-logs')
    for rule in response['Rules']:
        print(rule['ID'], rule.get('Transitions') or rule['Expiration'])
        #> archive logs/ [{'Days': 30, 'StorageClass': 'GLACIER_IR'}]
        #> tidy up {'ExpiredObjectDeleteMarker': True}
        #> delete tmp/ {'Days': 7}

    try:
        delete_after(s3, 'my-logs', '/logs/*.gz', days=30)
    except ValueError as error:
        print(error)
        #> '/logs/*.gz' would match nothing. Write it as the keys begin: no …

    remove_rule(s3, 'my-logs', 'delete tmp/')
    response = s3.get_bucket_lifecycle_configuration(Bucket='my-logs')
    print('left:', [rule['ID'] for rule in response['Rules']])
    #> left: ['archive logs/', 'tidy up']


if __name__ == '__main__':
    print('See it run: uv run python -m recipes lifecycle')
