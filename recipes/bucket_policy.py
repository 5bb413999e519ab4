"""Make a bucket private, public, or open to an account.

A new bucket is private: nobody outside its account may read it, and Block
Public Access refuses a policy that lets everybody in.

Another account needs two policies. The bucket's allows that account
(`share_with_account`); a policy in that account allows its users and roles
(`policy_for_readers`). With only one of them, S3 says `AccessDenied`.

The public needs a bucket policy, and no Block Public Access that forbids it,
neither the bucket's nor the account's. `make_public` turns off the bucket's,
which also lets public statements of others through, but not the account's
(`s3control`), which protects all other buckets. While that one is on, S3 says
`AccessDenied`. It may also do so for some seconds after the bucket's is off:
call again. Better for a website is a private bucket behind CloudFront (origin
access control), with your own domain and a cache. What is encrypted with a KMS
key never becomes public: whoever reads it needs a permission on the key.

A bucket has one policy. These functions replace their own statements, by the
`Sid`, and keep all others. S3 has no conditional write for policies, so let
one program at a time change them: of two changes, one may be lost.

Needs s3:GetBucketPolicy, s3:PutBucketPolicy, s3:DeleteBucketPolicy,
s3:GetBucketPublicAccessBlock and s3:PutBucketPublicAccessBlock; `is_public`
needs s3:GetBucketPolicyStatus.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

OWN = re.compile(r'ReadBy(Everybody|Account\d{12})')  # their Sids


def make_private(s3: S3Client, bucket: str) -> list[dict[str, Any]]:
    """Turn Block Public Access on, and withdraw what these functions allow.

    Returns the statements that stay, because others wrote them. They may
    let other accounts in, but not the public.

    Raises:
        ClientError: as S3 says; `AccessDenied` also if others wrote a public
            statement, and `MalformedPolicy` if theirs names a role that was
            deleted: S3 does not take it again. The public is out by then.
    """
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            'BlockPublicAcls': True,
            'IgnorePublicAcls': True,
            'BlockPublicPolicy': True,
            'RestrictPublicBuckets': True,
        },
    )
    policy = read_policy(s3, bucket)
    others = [
        statement
        for statement in policy['Statement']
        if not OWN.fullmatch(statement.get('Sid', ''))
    ]
    if others == policy['Statement']:
        return others
    if others:
        s3.put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({**policy, 'Statement': others})
        )
    else:
        s3.delete_bucket_policy(Bucket=bucket)
    return others


def make_public(s3: S3Client, bucket: str) -> None:
    """Let everybody read each object whose key they know, and list nothing.

    Raises:
        ClientError: as S3 says; `AccessDenied` also while Block Public
            Access forbids it. The bucket's may be off by then.
    """
    try:
        response = s3.get_public_access_block(Bucket=bucket)
    except ClientError as error:
        code = error.response['Error']['Code']
        if code != 'NoSuchPublicAccessBlockConfiguration':
            raise
    else:
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                **response['PublicAccessBlockConfiguration'],
                'BlockPublicPolicy': False,
                'RestrictPublicBuckets': False,
            },
        )
    statement = {
        'Sid': 'ReadByEverybody',
        'Effect': 'Allow',
        'Principal': '*',
        'Action': 's3:GetObject',
        'Resource': f'arn:{s3.meta.partition}:s3:::{bucket}/*',
    }
    put_statement(s3, bucket, statement)


def share_with_account(s3: S3Client, bucket: str, account: str) -> None:
    """Let another account list and read this bucket.

    `account` is its id of 12 digits. It decides who of its users and roles
    may do so: `policy_for_readers`.
    """
    partition = s3.meta.partition
    statement = {
        'Sid': f'ReadByAccount{account}',
        'Principal': {'AWS': f'arn:{partition}:iam::{account}:root'},
        **read_statement(bucket, partition),
    }
    put_statement(s3, bucket, statement)


def policy_for_readers(bucket: str, partition: str = 'aws') -> str:
    """Return the IAM policy that a user or role of the other account needs."""
    statement = read_statement(bucket, partition)
    return json.dumps({'Version': '2012-10-17', 'Statement': [statement]})


def read_statement(bucket: str, partition: str) -> dict[str, Any]:
    """Return what allows to list and read a bucket, without saying whom."""
    arn = f'arn:{partition}:s3:::{bucket}'
    return {
        'Effect': 'Allow',
        'Action': ['s3:ListBucket', 's3:GetObject'],
        # Listing is an action on the bucket, reading one on its objects.
        'Resource': [arn, f'{arn}/*'],
    }


def is_public(s3: S3Client, bucket: str) -> bool:
    """Return whether S3 says that the bucket's policy is public.

    That is about the policy alone: Block Public Access may still keep the
    public out, and an old bucket's ACLs may let it in.
    """
    try:
        response = s3.get_bucket_policy_status(Bucket=bucket)
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchBucketPolicy':
            raise
        return False
    return response['PolicyStatus']['IsPublic']


def read_policy(s3: S3Client, bucket: str) -> dict[str, Any]:
    """Return the bucket's policy; if it has none, one without statements."""
    try:
        text = s3.get_bucket_policy(Bucket=bucket)['Policy']
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchBucketPolicy':
            raise
        return {'Version': '2012-10-17', 'Statement': []}
    policy: dict[str, Any] = json.loads(text)
    if isinstance(policy['Statement'], dict):  # a single one needs no list
        policy['Statement'] = [policy['Statement']]
    return policy


def put_statement(
    s3: S3Client, bucket: str, statement: dict[str, Any]
) -> None:
    """Add a statement to the policy, or replace the one with its Sid."""
    policy = read_policy(s3, bucket)
    policy['Statement'] = [
        *(x for x in policy['Statement'] if x.get('Sid') != statement['Sid']),
        statement,
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-site')
    share_with_account(s3, 'my-site', '210987654321')
    print(is_public(s3, 'my-site'))
    #> False
    make_public(s3, 'my-site')
    print(is_public(s3, 'my-site'))
    #> True
    print(make_private(s3, 'my-site'), is_public(s3, 'my-site'))
    #> [] False


if __name__ == '__main__':
    print('See it run: uv run python -m recipes bucket_policy')
