"""Run the tour on your own AWS account, in two new buckets.

On your account:   uv run python -m recipes.real_tour
Rehearse it first: uv run python -m recipes real_tour

It first prints the account, the profile and the region, and sends nothing
but that question to AWS. Then it creates two buckets whose names hold a
random UUID, prints the command that removes them, runs the tour in them,
and removes them, whatever happens. If the program is killed, run the
command that it printed: it takes names of that pattern only, and prints
what it removes. It empties and deletes each on its own, so one that fails
keeps no other.

The tour lists the names of all your buckets and changes none of them. It
makes about 25 requests: a small fraction of a cent.

This policy allows what it sends, clean-up included. sts:GetCallerIdentity
needs no permission.

{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Resource": "*",
     "Action": ["s3:ListAllMyBuckets"]},
    {"Effect": "Allow", "Resource": "arn:aws:s3:::s3-tour-*",
     "Action": ["s3:CreateBucket", "s3:DeleteBucket", "s3:ListBucket"]},
    {"Effect": "Allow", "Resource": "arn:aws:s3:::s3-tour-*/*",
     "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]}
  ]
}

https://docs.aws.amazon.com/boto3/latest/guide/credentials.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://aws.amazon.com/s3/pricing/
"""

from __future__ import annotations

import re
import sys
import uuid
from unittest import mock

import boto3
from botocore.exceptions import BotoCoreError, ClientError

COMMAND = 'uv run python -m recipes.real_tour'
PATTERN = re.compile(r's3-tour-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[12]')


def tell_account() -> None:
    """Print whose account it is; raises where there are no credentials."""
    session = boto3.Session()
    sts = session.client('sts', region_name='us-east-1')
    identity = sts.get_caller_identity()
    print(f'Account {identity["Account"]}, as {identity["Arn"]}')
    print(f'Profile {session.profile_name}, region us-east-1')


def new_names() -> list[str]:
    """Print and return two names that nobody has, and how to remove them."""
    run = uuid.uuid4()
    names = [f's3-tour-{run}-1', f's3-tour-{run}-2']
    print('If this is killed, remove what it leaves behind:')
    print(f'{COMMAND} {" ".join(names)}', flush=True)
    return names


def take_tour(names: list[str]) -> None:
    """Run the tour in buckets of these names, on the account."""
    import main_aws_s3

    main_aws_s3.tour(*names)


def remove(names: list[str]) -> bool:
    """Empty and delete buckets of this tour, print it; return whether all.

    Raises:
        SystemExit: a name is not of this tour; none was touched.
    """
    others = [name for name in names if not PATTERN.fullmatch(name)]
    if others:
        sys.exit(f'Left alone, as no tour makes such names: {others}')
    s3 = boto3.client('s3', region_name='us-east-1')
    all_gone = True
    for name in names:
        try:
            # One page is enough: the tour makes a handful of objects.
            for entry in s3.list_objects_v2(Bucket=name).get('Contents', []):
                s3.delete_object(Bucket=name, Key=entry['Key'])
                print(f'Removed {name}/{entry["Key"]}')
            s3.delete_bucket(Bucket=name)
            print(f'Removed {name}')
        except s3.exceptions.NoSuchBucket:
            print(f'Gone: {name}')
        except (BotoCoreError, ClientError) as error:
            all_gone = False
            print(f'Still there: {name}. {error}')
    return all_gone


def main() -> None:
    tell_account()
    if sys.argv[1:]:
        sys.exit(not remove(sys.argv[1:]))
    names = new_names()
    try:
        take_tour(names)
    finally:
        all_gone = remove(names)
    sys.exit(not all_gone)


# fmt: off
def demo() -> None:
    tell_account()
    #> Account …, as …
    #> Profile default, region us-east-1
    names = new_names()
    #> If this is killed, remove what it leaves behind:
    #> uv run python -m recipes.real_tour s3-tour-…-1 s3-tour-…-2

    def kill(number: int, title: str) -> None:
        if number == 9:
            raise KeyboardInterrupt

    # As if somebody killed it before section 9.
    with mock.patch('main_aws_s3.log_section', kill):
        try:
            take_tour(names)
            #> …
        except KeyboardInterrupt:
            print('Killed half way.')
            #> Killed half way.

    remove(names)
    #> Removed s3-tour-…-1/data/config.json
    #> Removed s3-tour-…-1/data/hello.txt
    #> Removed s3-tour-…-1/documents/readme.md
    #> Removed s3-tour-…-1/images/sample.png
    #> Removed s3-tour-…-1
    #> Removed s3-tour-…-2
    remove(names)
    #> Gone: s3-tour-…-1
    #> Gone: s3-tour-…-2
# fmt: on


# Not where it is run as a file: then it only defines functions.
if __name__ == '__main__' and __package__ == 'recipes':
    main()
