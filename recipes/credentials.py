"""Know whose account you work on, and let credentials renew themselves.

boto3 looks for credentials in code, in the environment, in the profile of
~/.aws, and last at the machine that it runs on. So keys in the environment
win over `AWS_PROFILE`; `Session(profile_name=…)` wins over them. Never
write a key into code. `who_am_i` reports what was found; anybody may ask that.

A profile with `role_arn` renews its credentials before they expire, and so
does one of single sign-on, until its session ends: then run
`aws sso login --profile NAME`. What `assume_role` returns is fixed. A
client made with it fails with `ExpiredToken` an hour later, by default.

    [profile reader]
    role_arn = arn:aws:iam::123456789012:role/reader
    source_profile = default

`ExpectedBucketOwner`, which most calls take, has S3 refuse with a 403 if
the bucket belongs to another account than you think.

Needs sts:AssumeRole for the role; sts:GetCallerIdentity needs none.
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
https://github.com/boto/boto3/issues/443
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import boto3


def who_am_i(session: boto3.Session) -> dict[str, str]:
    """Return the account, the identity, and where the credentials are from.

    `source` is what boto3 calls it, such as `env`, `assume-role`, `sso`.

    Raises:
        NoCredentialsError: boto3 found none.
        SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError:
            nobody has signed in, or that has expired: `aws sso login`.
        ClientError: other credentials are wrong or have expired.
    """
    identity = session.client(
        'sts', region_name=session.region_name or 'us-east-1'
    ).get_caller_identity()
    credentials = session.get_credentials()
    return {
        'account': identity['Account'],
        'identity': identity['Arn'],
        'source': credentials.method if credentials else '',
    }


# fmt: off
def demo() -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, 'config')
        config.write_text(
            '[profile me]\n'
            'aws_access_key_id = fake\n'
            'aws_secret_access_key = fake\n'
            '[profile reader]\n'
            'role_arn = arn:aws:iam::123456789012:role/reader\n'
            'source_profile = me\n'
        )
        os.environ['AWS_CONFIG_FILE'] = str(config)
        session = boto3.Session(profile_name='reader')
        me = who_am_i(session)
        print(me['account'], me['source'])
        #> 123456789012 assume-role
        print(me['identity'].rpartition('/')[0])
        #> arn:aws:sts::123456789012:assumed-role/reader

        s3 = session.client('s3', region_name='us-east-1')
        s3.create_bucket(Bucket='my-own-bucket')
        s3.head_bucket(
            Bucket='my-own-bucket', ExpectedBucketOwner=me['account']
        )
        os.environ.pop('AWS_CONFIG_FILE')
