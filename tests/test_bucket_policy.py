"""Tests of recipes/bucket_policy.py."""

import json
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

import bucket_policy
from bucket_policy import (
    make_private,
    make_public,
    policy_is_public,
    share_with_account,
    stop_sharing,
)
from faults import ERROR, denied, lost, says, slow_down

PARTNER = '210987654321'
OTHERS = {
    'Sid': 'ReadByEverybodyElse',
    'Effect': 'Allow',
    'Principal': {'AWS': '123456789012'},
    'Action': '*',
    'Resource': '*',
}
PUBLIC = {**OTHERS, 'Sid': 'Site', 'Principal': '*'}
FOUR = [
    'BlockPublicAcls',
    'IgnorePublicAcls',
    'BlockPublicPolicy',
    'RestrictPublicBuckets',
]
ON = dict.fromkeys(FOUR, True)
OFF_FOR_POLICIES = {
    **ON,
    'BlockPublicPolicy': False,
    'RestrictPublicBuckets': False,
}


def statements_of_bucket(s3):
    policy = s3.get_bucket_policy(Bucket='bucket')['Policy']
    return json.loads(policy)['Statement']


def put_policy(s3, statements):
    policy = {'Version': '2012-10-17', 'Statement': statements}
    s3.put_bucket_policy(Bucket='bucket', Policy=json.dumps(policy))


def put_block(s3, block):
    s3.put_public_access_block(
        Bucket='bucket', PublicAccessBlockConfiguration=block
    )


def block_of(s3):
    response = s3.get_public_access_block(Bucket='bucket')
    return response['PublicAccessBlockConfiguration']


@pytest.mark.parametrize(
    'change',
    [
        make_public,
        make_private,
        lambda s3, bucket: share_with_account(s3, bucket, PARTNER),
        lambda s3, bucket: stop_sharing(s3, bucket, PARTNER),
    ],
)
def test_a_policy_that_cannot_be_read_is_not_replaced(change, mine):
    mine.faults.come(GetBucketPolicy=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        change(mine, 'bucket')
    changed = {'PutBucketPolicy', 'DeleteBucketPolicy'}
    assert not changed & {*mine.faults.sent}


@pytest.mark.parametrize('reads', ['GetPublicAccessBlock', 'GetBucketPolicy'])
def test_nothing_is_opened_before_all_is_read(reads, s3, mine):
    put_block(s3, ON)
    mine.faults.come(**{reads: [denied]})
    with pytest.raises(ClientError, match='AccessDenied'):
        make_public(mine, 'bucket')
    assert 'PutPublicAccessBlock' not in mine.faults.sent
    assert block_of(s3) == ON


def test_a_refused_policy_leaves_the_block_as_it_was(s3, mine, waits):
    put_block(s3, {**ON, 'IgnorePublicAcls': False})
    mine.faults.come(PutBucketPolicy=repeat(denied))
    with pytest.raises(ClientError, match='AccessDenied'):
        make_public(mine, 'bucket')
    assert block_of(s3) == {**ON, 'IgnorePublicAcls': False}
    assert 5 < sum(waits) < 30


def test_ctrl_c_leaves_the_block_as_it_was(s3, mine):
    def ctrl_c(request, work):
        raise KeyboardInterrupt

    put_block(s3, ON)
    mine.faults.come(PutBucketPolicy=[ctrl_c])
    with pytest.raises(KeyboardInterrupt):
        make_public(mine, 'bucket')
    assert block_of(s3) == ON


def test_a_block_whose_change_got_no_response_is_put_back(s3, mine):
    put_block(s3, ON)
    # The last try is the one that puts it back.
    mine.faults.come(PutPublicAccessBlock=[*[lost] * 3])
    with pytest.raises(Exception, match='Connection was closed'):
        make_public(mine, 'bucket')
    assert block_of(s3) == ON


def test_where_nobody_has_set_a_block_none_is_set(s3, mine):
    mine.faults.come(PutBucketPolicy=repeat(denied))
    with pytest.raises(ClientError, match='AccessDenied'):
        make_public(mine, 'bucket')
    assert 'PutPublicAccessBlock' not in mine.faults.sent


def test_s3_has_some_seconds_to_notice_that_it_is_allowed(s3, mine, waits):
    put_block(s3, ON)
    mine.faults.come(PutBucketPolicy=[denied, denied, slow_down])
    make_public(mine, 'bucket')
    assert policy_is_public(s3, 'bucket')
    assert block_of(s3) == OFF_FOR_POLICIES
    assert sum(waits) < 10


def test_other_errors_than_a_refusal_come_at_once(s3, mine, waits):
    malformed = says(400, ERROR.format('MalformedPolicy'))
    mine.faults.come(PutBucketPolicy=repeat(malformed))
    with pytest.raises(ClientError, match='MalformedPolicy'):
        make_public(mine, 'bucket')
    assert waits == []


def test_public_by_policy_does_not_turn_on_public_acls(s3, mine):
    make_private(s3, 'bucket')
    make_public(s3, 'bucket')
    assert block_of(s3) == OFF_FOR_POLICIES


def test_public_and_shared_are_said_once_and_others_stay(s3, mine):
    put_policy(s3, OTHERS)  # one statement needs no list
    for _ in range(2):
        make_public(s3, 'bucket')
        share_with_account(s3, 'bucket', PARTNER)
    theirs, *ours = statements_of_bucket(s3)
    assert theirs == OTHERS
    readers = {'AWS': f'arn:aws:iam::{PARTNER}:root'}
    assert [(x['Principal'], x['Action'], x['Resource']) for x in ours] == [
        ('*', 's3:GetObject', 'arn:aws:s3:::bucket/*'),
        (
            readers,
            ['s3:ListBucket', 's3:GetObject'],
            ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/*'],
        ),
    ]


def test_private_is_what_others_have_written_and_no_public(s3, mine):
    put_policy(s3, [OTHERS])
    make_public(s3, 'bucket')
    share_with_account(s3, 'bucket', PARTNER)
    assert make_private(s3, 'bucket') == [OTHERS]
    assert statements_of_bucket(s3) == [OTHERS]
    assert block_of(s3) == ON


@pytest.mark.parametrize('statements', [[], [OTHERS]])
def test_a_policy_without_own_statements_is_left_alone(s3, mine, statements):
    if statements:
        put_policy(s3, statements)
    assert make_private(mine, 'bucket') == statements
    assert mine.faults.sent == ['PutPublicAccessBlock', 'GetBucketPolicy']


def test_the_public_is_out_before_the_policy_is_asked(s3, mine):
    make_public(s3, 'bucket')
    mine.faults.come(GetBucketPolicy=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        make_private(mine, 'bucket')
    assert block_of(s3) == ON


def test_a_share_is_taken_back_and_all_others_stay(s3, mine):
    put_policy(s3, [OTHERS])
    make_public(s3, 'bucket')
    share_with_account(s3, 'bucket', PARTNER)
    before = statements_of_bucket(s3)
    share_with_account(s3, 'bucket', '000000000001')
    assert stop_sharing(s3, 'bucket', '000000000001') == before
    assert statements_of_bucket(s3) == before


def test_a_public_share_is_taken_back_with_its_block(s3, mine):
    put_block(s3, {**ON, 'IgnorePublicAcls': False})
    share_with_account(s3, 'bucket', PARTNER)
    [partners] = statements_of_bucket(s3)
    make_public(s3, 'bucket')
    assert stop_sharing(s3, 'bucket', '*') == [partners]
    assert statements_of_bucket(s3) == [partners]
    assert block_of(s3) == {**ON, 'IgnorePublicAcls': False}


def test_the_last_share_leaves_no_policy(s3, mine):
    share_with_account(s3, 'bucket', PARTNER)
    assert stop_sharing(mine, 'bucket', PARTNER) == []
    assert 'PutPublicAccessBlock' not in mine.faults.sent
    with pytest.raises(ClientError, match='NoSuchBucketPolicy'):
        statements_of_bucket(s3)


def test_what_others_made_public_is_not_blocked_with_ours(s3, mine):
    put_policy(s3, [PUBLIC])
    put_block(s3, OFF_FOR_POLICIES)
    make_public(s3, 'bucket')
    assert stop_sharing(s3, 'bucket', '*') == [PUBLIC]
    assert block_of(s3) == OFF_FOR_POLICIES


@pytest.mark.parametrize('account', ['21098765432', 'partner', '', '٢' * 12])
@pytest.mark.parametrize('change', [share_with_account, stop_sharing])
def test_what_is_no_account_is_not_shared_with_nor_forgotten(
    change, account, mine
):
    with pytest.raises(ValueError, match='Not the 12 digits of an account'):
        change(mine, 'bucket', account)
    assert mine.faults.sent == []


def test_the_readers_need_what_the_bucket_allows_their_account(s3, mine):
    share_with_account(s3, 'bucket', PARTNER)
    [statement] = statements_of_bucket(s3)
    theirs = json.loads(bucket_policy.policy_for_readers('bucket'))
    names = ('Effect', 'Action', 'Resource')
    assert theirs['Statement'] == [{name: statement[name] for name in names}]


def test_not_being_told_is_not_being_private(mine):
    mine.faults.come(GetBucketPolicyStatus=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        policy_is_public(mine, 'bucket')
