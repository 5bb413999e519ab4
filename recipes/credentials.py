"""Get credentials, and know whose account you work on.

In short:

    import boto3

    session = boto3.Session()  # or boto3.Session(profile_name='work')
    sts = session.client('sts', region_name='us-east-1')
    print(sts.get_caller_identity()['Arn'])
    #> arn:aws:sts::123456789012:user/moto
    s3 = session.client('s3')

Where there are none yet, take the first of these that you can have:

- Single sign-on, where your company has it: `aws configure sso` once, with
  `default` as the profile's name, then `aws sso login` whenever the session
  has ended.
- Your user of the AWS console: `aws login`, renewed for up to 12 hours. It
  needs AWS CLI 2.32 or newer, the policy SignInLocalDevelopmentAccess, and
  boto3 1.41 with `pip install "botocore[crt]"`.
- On AWS, a role of the machine, container or function. boto3 finds it.
- Last, access keys of a user: `aws configure`. They never expire by
  themselves. Never write them into code.

A region comes from `aws configure set region eu-central-1`. This is what
goes wrong:

- The credentials are not those that you think. boto3 looks in code, in the
  environment, in the profile of ~/.aws, and last at the machine. So keys in
  the environment win over `AWS_PROFILE`, while `Session(profile_name=…)` wins
  over them. `who_am_i` says what was found. And with `ExpectedBucketOwner`,
  which most calls take, S3 refuses with a 403 if the bucket belongs to
  another account than you think.
- They have expired: `ExpiredToken`. Where the first request is a HEAD, as in
  `download_file` and `head_object`, you only see a bare 400, `Bad Request`,
  because the response to a HEAD has no body. Sign in, and make a new
  `Session`.
- You need two sets at once, as to copy from one account to another.
  `boto3.client` knows one, so make a `Session` for each, and clients of each.
- They belong to a user or role that has no policy, and so may do nothing.
- A container on EC2 gets none if the machine requires IMDSv2 with a hop limit
  of 1. With 2 it does, and so does every other container there. ECS and EKS
  can give each task or pod a role of its own.

A profile with `role_arn` renews its credentials before they expire, unless it
has `mfa_serial`: then boto3 asks for a code, once. What `assume_role` returns
is fixed: a client made with it fails with `ExpiredToken` an hour later, by
default.

    [profile reader]
    role_arn = arn:aws:iam::123456789012:role/reader
    source_profile = default

Needs sts:AssumeRole for the role; sts:GetCallerIdentity needs none.
https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
https://docs.aws.amazon.com/boto3/latest/guide/session.html
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html
https://docs.aws.amazon.com/signin/latest/userguide/command-line-sign-in.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html
https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
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

    `source` is what boto3 calls it, such as `env`, `assume-role`, `sso`. For
    an unknown profile, `boto3.Session` itself raises `ProfileNotFound`.

    Raises:
        NoCredentialsError: boto3 found none.
        PartialCredentialsError: it found an access key without its secret,
            or `role_arn` without the source of credentials.
        InvalidConfigError: the profile lacks another setting, or names a
            profile that is not there.
        SSOTokenLoadError, TokenRetrievalError, UnauthorizedSSOTokenError:
            nobody has signed in, or that has ended: `aws sso login`.
        LoginTokenLoadError, LoginRefreshRequired: the same for `aws login`.
        LoginInsufficientPermissions: the policy of `aws login` is missing.
        MissingDependencyException: `aws login` without `botocore[crt]`.
        CredentialRetrievalError: the profile's `credential_process` failed,
            or its `credential_source` has no credentials.
        FileNotFoundError, ValueError: there is no such `credential_process`,
            or it printed no JSON.
        EOFError: MFA, where nobody can type a code.
        EndpointConnectionError: no network.
        ClientError: AWS does not know the keys, they have expired, or the
            role does not trust you.
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
        # As in ~/.aws/config: a user's keys, and a role that the user takes.
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
        print(f'{me["account"]}, by {me["source"]}')
        #> 123456789012, by assume-role
        print(me['identity'].rpartition('/')[0])
        #> arn:aws:sts::123456789012:assumed-role/reader

        # Is the bucket in that account? S3 would refuse if it was not.
        s3 = session.client('s3', region_name='us-east-1')
        s3.create_bucket(Bucket='my-own-bucket')
        s3.head_bucket(
            Bucket='my-own-bucket', ExpectedBucketOwner=me['account']
        )

        # Another set of credentials is another session.
        me = who_am_i(boto3.Session(profile_name='me'))
        print('by', me['source'])
        #> by config-file
        os.environ.pop('AWS_CONFIG_FILE')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes credentials')
