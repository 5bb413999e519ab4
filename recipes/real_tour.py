"""Run the tour on your own AWS account, in two new buckets.

Rehearse it in the mock:  uv run python -m recipes real_tour
Run it on your account:   uv run python -m recipes real_tour --on-my-account

The rehearsal sends nothing. On your account, it first prints whose account
that is, where boto3 found the credentials, and the names of the two buckets,
each with a random UUID in it. Then it asks. `--yes` answers for scripts.

After the tour it removes the buckets, also after an error, Ctrl-C, or where
nobody reads its output any more. They stay if the process is killed, or AWS
cannot be reached. Then run the command that was printed before the tour: it
takes such names alone. They also stay if something in your account turns on
versioning in new buckets: then it says how to remove them by hand.

The tour reads the names of all your buckets, and writes to its own two.
It makes about 25 requests, for a small fraction of a cent. It runs in
us-east-1, so not on an account of AWS in China or of AWS GovCloud (US).
Credentials of `aws login` need: uv run --with "botocore[crt]" python -m …

This policy allows what it sends. sts:GetCallerIdentity needs none.

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

import argparse
import re
import sys
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
)

if TYPE_CHECKING:
    from typing import Any, Iterator

COMMAND = 'uv run python -m recipes real_tour'
NO_CREDENTIALS = (
    'boto3 found no credentials. How to get some stands in README.md, under '
    '"Your own account".'
)
NO_TERMINAL = (
    'the profile wants a code of MFA, which nobody can type here. Run it in '
    'a terminal.'
)
VERSIONS = (
    'Has something turned on versioning there? Then old versions are left: '
    'in the console of S3, empty this bucket, and delete it.'
)
PATTERN = re.compile(r's3-tour-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-[12]')


def own_name(word: str) -> str:
    """Return the name of a bucket, if it is one that this tour makes."""
    if not PATTERN.fullmatch(word):
        raise argparse.ArgumentTypeError(f'no tour makes a bucket {word!r}')
    return word


def parse(words: list[str]) -> argparse.Namespace:
    """Return what the words of the command line ask for."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description='Without options, it rehearses the tour in the mock.',
        allow_abbrev=False,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--on-my-account',
        action='store_true',
        help='run the tour on the account that boto3 finds; asks first',
    )
    what.add_argument(
        '--clean-up',
        nargs='+',
        type=own_name,
        metavar='NAME',
        help='remove the buckets of a tour that was killed; does not ask',
    )
    parser.add_argument('--yes', action='store_true', help='do not ask')
    asked = parser.parse_args(words)  # which names an unknown option
    if not asked.on_my_account and not asked.clean_up:
        parser.error('say --on-my-account, or --clean-up and names')
    return asked


def print_account() -> None:
    """Print whose account it is, and where the credentials are from.

    Raises:
        BotoCoreError: there are no credentials, or AWS cannot be reached.
        ClientError: AWS refuses the credentials, as when they have expired.
    """
    sts = boto3.client('sts', region_name='us-east-1')
    identity = sts.get_caller_identity()
    # The session of all that boto3.client makes, here and in the tour.
    session = boto3.DEFAULT_SESSION or boto3.Session()
    credentials = session.get_credentials()
    print(f'Account      {identity["Account"]}')
    print(f'Identity     {identity["Arn"]}')
    print(f'Credentials  {credentials.method if credentials else None}')
    print('Region       us-east-1', flush=True)


def goes_on() -> bool:
    """Ask, and return whether the answer is yes."""
    print('Go on? [y/N] ', end='', flush=True)
    answer = sys.stdin.readline() if sys.stdin else ''
    return answer.strip().lower() in ('y', 'yes')


def take_tour(names: list[str]) -> int:
    """Run the tour in buckets of these names; return an exit status."""
    # Not above, or this file could not be imported on its own.
    from main_aws_s3 import tour

    status = 1
    with made_by_s3() as made:
        try:
            tour(*names)
            status = 0
        except (BotoCoreError, ClientError, RuntimeError) as error:
            print(f'The tour stopped: {error}', file=sys.stderr)
        finally:
            if not made:
                print('No bucket was made, so nothing is left.', flush=True)
            elif not clean_up(made):
                status = 1
    return status


@contextmanager
def made_by_s3() -> Iterator[list[str]]:
    """Give a list of the buckets that S3 may have made since then.

    It has not made a bucket that it refuses. It may have made one without
    our having its response.
    """
    made: list[str] = []

    def add(params: dict[str, Any], **_: Any) -> None:
        made.append(params['Bucket'])

    def remove(http_response: Any, **_: Any) -> None:
        if 400 <= http_response.status_code < 500:
            made.pop()

    # Clients of boto3.client and boto3.resource take over these events.
    session = boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION or boto3.Session()
    events = session.events
    events.register('before-parameter-build.s3.CreateBucket', add)
    events.register('after-call.s3.CreateBucket', remove)
    try:
        yield made
    finally:
        events.unregister('before-parameter-build.s3.CreateBucket', add)
        events.unregister('after-call.s3.CreateBucket', remove)


def clean_up(names: list[str]) -> bool:
    """Empty and delete these buckets; return whether all of them are gone.

    It prints at the end, because stdout may be what has broken.
    """
    s3 = boto3.client('s3', region_name='us-east-1')
    lines, again = [], []
    all_gone = True
    for name in names:
        try:
            # One page is enough: the tour makes a handful of objects.
            for entry in s3.list_objects_v2(Bucket=name).get('Contents', []):
                s3.delete_object(Bucket=name, Key=entry['Key'])
                lines.append(f'Removed {name}/{entry["Key"]}')
            s3.delete_bucket(Bucket=name)
            lines.append(f'Removed {name}')
        except s3.exceptions.NoSuchBucket:
            lines.append(f'Gone: {name}')
        except (BotoCoreError, ClientError) as error:
            all_gone = False
            lines.append(f'Not removed: {name}: {error}')
            if 'BucketNotEmpty' in str(error):
                lines.append(VERSIONS)
            else:
                again.append(name)
    if again:
        lines.append(f'Try again: {COMMAND} --clean-up {" ".join(again)}')
    print('\n'.join(lines), flush=True)
    return all_gone


def main(words: list[str]) -> int:
    """Do what the words ask for, on your account; return an exit status.

    Raises:
        SystemExit: the words ask for nothing that this does.
        KeyboardInterrupt: after the clean-up.
    """
    asked = parse(words)
    try:
        print_account()
    except NoCredentialsError:
        print(f'Nothing was done: {NO_CREDENTIALS}', file=sys.stderr)
        return 1
    except EOFError:  # after a prompt
        print(f'\nNothing was done: {NO_TERMINAL}', file=sys.stderr)
        return 1
    except Exception as error:  # many can come of somebody's settings
        print(f'Nothing was done: {error}', file=sys.stderr)
        return 1
    if asked.clean_up:
        return 0 if clean_up(asked.clean_up) else 1

    tour_id = uuid.uuid4()
    names = [f's3-tour-{tour_id}-1', f's3-tour-{tour_id}-2']
    print(f'Buckets      {names[0]}\n             {names[1]}', flush=True)
    if not asked.yes and not goes_on():
        print('Nothing was done.')
        return 1
    print('If this is killed, remove what it leaves behind:')
    print(f'{COMMAND} --clean-up {" ".join(names)}', flush=True)
    return take_tour(names)


# fmt: off
def demo() -> None:
    print('A rehearsal: moto stands in for AWS, and nothing is sent.')
    #> A rehearsal: moto stands in for AWS, and nothing is sent.
    main(['--on-my-account', '--yes'])
    #> Account      123456789012
    #> Identity     arn:aws:sts::123456789012:user/moto
    #> Credentials  env
    #> Region       us-east-1
    #> Buckets      s3-tour-…-1
    #>              s3-tour-…-2
    #> If this is killed, remove what it leaves behind:
    #> uv run python -m recipes real_tour --clean-up s3-tour-…-1 s3-tour-…-2
    #> …
    #>   1. Creating S3 Client and Resource
    #> …
    #>   11. Deleting Buckets
    #> …
    #> […] 🎉 Tour complete
    #>              Both buckets are gone
    #> Gone: s3-tour-…-1
    #> Gone: s3-tour-…-2
    print(f'On your account: {COMMAND} --on-my-account')
    #> On your account: uv run python -m recipes real_tour --on-my-account
# fmt: on


if __name__ == '__main__':
    print('See it run: uv run python -m recipes real_tour')
