"""Make a bucket private, public, or open to an account.

In short:

    import json

    statement = {
        'Effect': 'Allow',
        # `root` is the other account, not its root user.
        'Principal': {'AWS': 'arn:aws:iam::210987654321:root'},
        'Action': ['s3:ListBucket', 's3:GetObject'],
        'Resource': [f'arn:aws:s3:::{bucket}', f'arn:aws:s3:::{bucket}/*'],
    }
    # For everybody: 'Principal': '*', 'Action': 's3:GetObject'. Before that,
    # end Block Public Access: s3.delete_public_access_block(Bucket=bucket)
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    # This replaces the policy that the bucket has.
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

A new bucket is private: nobody outside its account may read it, and Block
Public Access refuses a policy that lets everybody in. The lines above let
another account list and read the bucket. What goes wrong:

- A bucket has one policy, and the lines above replace it. The functions below
  put their own statements in and take them out, by the `Sid`, and keep all
  others. S3 has no conditional write for policies, so let one program at a
  time change them: of two changes, one may be lost.
- The other account still gets `AccessDenied`. It must allow its users and
  roles what the bucket allows the account: give it `policy_for_readers`.
  For objects with a KMS key, they also need a permission on the key.
- To let everybody read, use `'Principal': '*'`, the action `s3:GetObject`,
  and only the second resource. S3 refuses that with `AccessDenied` until
  Block Public Access is off at every level: bucket, account and organization.
  `make_public` turns off the bucket's. If others wrote public statements,
  those count again, too. It leaves the account's (`s3control`) and the
  organization's on, because they protect all other buckets. If one of them
  forbids the policy, it turns the bucket's on again.
- What is encrypted with a KMS key never becomes public.
- An old bucket may have ACLs that let the public in. No policy shows that,
  so `policy_is_public` does not either; `make_private` keeps the public out.

For a website, a private bucket behind CloudFront (origin access control) is
better: with your own domain and a cache. For one file, a presigned URL is
enough. `public_url` in public_buckets.py returns a public object's address.

Needs s3:GetBucketPolicy, s3:PutBucketPolicy, s3:DeleteBucketPolicy,
s3:GetBucketPublicAccessBlock and s3:PutBucketPublicAccessBlock;
`policy_is_public` and `stop_sharing` need s3:GetBucketPolicyStatus, which
moto imitates since 5.2.4.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_s3.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
https://github.com/hashicorp/terraform-provider-aws/issues/31363
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any, Callable

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

EVERYBODY = '*'  # as a policy says it
OUR_SID = re.compile(r'ReadBy(Everybody|Account\d{12})')


def make_private(s3: S3Client, bucket: str) -> list[dict[str, Any]]:
    """Turn Block Public Access on, and withdraw what these functions allow.

    Returns the statements that stay, because others wrote them. They may
    let other accounts in, but not the public. Presigned URLs keep working
    until they expire.

    Raises:
        ClientError: as S3 says; `AccessDenied` also if others wrote a public
            statement, and `MalformedPolicy` if theirs names a role that was
            deleted: S3 does not take it again. The public is out by then.
    """
    put_block(
        s3,
        bucket,
        {
            'BlockPublicAcls': True,
            'IgnorePublicAcls': True,
            'BlockPublicPolicy': True,
            'RestrictPublicBuckets': True,
        },
    )
    return withdraw(s3, bucket, lambda sid: bool(OUR_SID.fullmatch(sid)))


def make_public(s3: S3Client, bucket: str) -> None:
    """Let everybody read each object whose key they know, and list nothing.

    Raises:
        ClientError: as S3 says; `AccessDenied` also while Block Public Access
            of the account or the organization forbids it. The bucket's is
            put back as it was before, whatever the error.
    """
    statement = {
        'Sid': sid_for(EVERYBODY),
        'Effect': 'Allow',
        'Principal': EVERYBODY,
        'Action': 's3:GetObject',
        'Resource': f'arn:{s3.meta.partition}:s3:::{bucket}/*',
    }
    block = read_block(s3, bucket)
    policy = add(read_policy(s3, bucket), statement)
    try:
        if block:
            put_block(
                s3,
                bucket,
                {
                    **block,
                    'BlockPublicPolicy': False,
                    'RestrictPublicBuckets': False,
                },
            )
        # S3 may take some seconds to notice that.
        for seconds in (1, 2, 4, 8):
            try:
                return put_policy(s3, bucket, policy)
            except ClientError as error:
                if error.response['Error']['Code'] != 'AccessDenied':
                    raise
            time.sleep(seconds)
        put_policy(s3, bucket, policy)
    except BaseException:  # Ctrl-C, too
        if block:
            put_block(s3, bucket, block)
        raise


def share_with_account(s3: S3Client, bucket: str, account: str) -> None:
    """Let another account list and read this bucket.

    `account` is its id of 12 digits. That account decides which of its users
    and roles may do so: `policy_for_readers`.
    """
    partition = s3.meta.partition
    statement = {
        'Sid': sid_for(account),
        'Principal': {'AWS': f'arn:{partition}:iam::{account}:root'},
        **read_statement(bucket, partition),
    }
    put_policy(s3, bucket, add(read_policy(s3, bucket), statement))


def stop_sharing(
    s3: S3Client, bucket: str, account: str
) -> list[dict[str, Any]]:
    """Take back what `share_with_account` allowed this account.

    With '*', take back what `make_public` allowed, and turn the bucket's
    Block Public Access on for policies, unless S3 says that a statement of
    others still lets the public in.

    Returns the statements that stay. One that others wrote may still let
    this account in.
    """
    sid_of_account = sid_for(account)
    stay = withdraw(s3, bucket, lambda sid: sid == sid_of_account)
    if account == EVERYBODY and not policy_is_public(s3, bucket):
        on = {'BlockPublicPolicy': True, 'RestrictPublicBuckets': True}
        put_block(s3, bucket, {**read_block(s3, bucket), **on})
    return stay


def policy_for_readers(bucket: str, partition: str = 'aws') -> str:
    """Return the IAM policy that a user or role of the other account needs."""
    statement = read_statement(bucket, partition)
    return json.dumps({'Version': '2012-10-17', 'Statement': [statement]})


def policy_is_public(s3: S3Client, bucket: str) -> bool:
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


def sid_for(account: str) -> str:
    """Return what names the statement for an account, or for '*'."""
    if account == EVERYBODY:
        return 'ReadByEverybody'
    if not re.fullmatch(r'\d{12}', account, re.ASCII):
        raise ValueError(f'Not the 12 digits of an account: {account!r}')
    return f'ReadByAccount{account}'


def read_statement(bucket: str, partition: str) -> dict[str, Any]:
    """Return what allows to list and read a bucket, without saying whom."""
    arn = f'arn:{partition}:s3:::{bucket}'
    return {
        'Effect': 'Allow',
        'Action': ['s3:ListBucket', 's3:GetObject'],
        # Listing is an action on the bucket, reading one on its objects.
        'Resource': [arn, f'{arn}/*'],
    }


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


def add(policy: dict[str, Any], statement: dict[str, Any]) -> dict[str, Any]:
    """Return the policy with this statement, in place of one of its Sid."""
    others = [
        each
        for each in policy['Statement']
        if each.get('Sid') != statement['Sid']
    ]
    return {**policy, 'Statement': [*others, statement]}


def withdraw(
    s3: S3Client, bucket: str, is_ours: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """Take statements out of the policy by their Sid; return the others."""
    policy = read_policy(s3, bucket)
    others = [
        each
        for each in policy['Statement']
        if not is_ours(each.get('Sid', ''))
    ]
    if others == policy['Statement']:
        return others
    if others:
        put_policy(s3, bucket, {**policy, 'Statement': others})
    else:
        s3.delete_bucket_policy(Bucket=bucket)
    return others


def put_policy(s3: S3Client, bucket: str, policy: dict[str, Any]) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def read_block(s3: S3Client, bucket: str) -> dict[str, Any]:
    """Return the bucket's Block Public Access; {} if nobody has set it."""
    try:
        response = s3.get_public_access_block(Bucket=bucket)
    except ClientError as error:
        code = error.response['Error']['Code']
        if code != 'NoSuchPublicAccessBlockConfiguration':
            raise
        return {}
    return {**response['PublicAccessBlockConfiguration']}


def put_block(s3: S3Client, bucket: str, block: Any) -> None:
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=block
    )


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-site')

    # A partner's account may read. Its users need this policy there.
    share_with_account(s3, 'my-site', '210987654321')
    print(policy_for_readers('my-site'))
    #> {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", …

    # For a while, everybody may read.
    make_public(s3, 'my-site')
    print('Is the policy public?', policy_is_public(s3, 'my-site'))
    #> Is the policy public? True

    # That ends, and the partner may still read.
    stay = stop_sharing(s3, 'my-site', '*')
    print('What stays:', [statement['Sid'] for statement in stay])
    #> What stays: ['ReadByAccount210987654321']
    print('Is the policy public?', policy_is_public(s3, 'my-site'))
    #> Is the policy public? False

    # Now nobody outside the account may.
    print('What stays:', make_private(s3, 'my-site'))
    #> What stays: []


if __name__ == '__main__':
    print('See it run: uv run python -m recipes bucket_policy')
