"""Tests of recipes/bucket_policy.py."""

import json

import pytest
from botocore.exceptions import ClientError

import bucket_policy
import encryption
import faults
import lifecycle
import receive_events as events

ACCOUNT = '123456789012'


QUEUE = f'arn:aws:sqs:us-east-1:{ACCOUNT}:queue'


KEY = f'arn:aws:kms:us-east-1:{ACCOUNT}:key/key'


OTHERS = {
    'Sid': 'ReadByEverybodyElse',
    'Effect': 'Allow',
    'Principal': {'AWS': ACCOUNT},
    'Action': '*',
    'Resource': '*',
}


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


@pytest.fixture
def sent(s3):
    """What is sent by `s3`, and the faults that it meets."""
    sent = faults.Faults()
    sent.watch(s3)
    return sent


def statements_of_bucket(s3):
    policy = s3.get_bucket_policy(Bucket='bucket')['Policy']
    return json.loads(policy)['Statement']


def put_policy(s3, statements):
    policy = {'Version': '2012-10-17', 'Statement': statements}
    s3.put_bucket_policy(Bucket='bucket', Policy=json.dumps(policy))


CHANGES = [
    ('BucketNotificationConfiguration', events.send_to_queue, QUEUE, 'in/'),
    ('BucketPolicy', bucket_policy.make_public),
    ('BucketPolicy', bucket_policy.make_private),
    ('BucketLifecycleConfiguration', lifecycle.tidy_up, 1),
    ('BucketEncryption', encryption.use_kms_key, KEY),
]


@pytest.mark.parametrize('change', CHANGES)
def test_what_cannot_be_read_is_not_replaced(s3, sent, change):
    setting, function, *args = change
    sent.come(**{f'Get{setting}': [faults.denied]})
    with pytest.raises(ClientError, match='AccessDenied'):
        function(s3, 'bucket', *args)
    assert f'Put{setting}' not in sent.sent
    assert f'Delete{setting}' not in sent.sent


def test_block_public_access_that_cannot_be_read_stays_on(s3, sent):
    sent.come(GetPublicAccessBlock=[faults.denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        bucket_policy.make_public(s3, 'bucket')
    assert sent.sent == ['GetPublicAccessBlock']


def test_public_and_shared_are_said_once_and_others_stay(s3):
    put_policy(s3, OTHERS)  # one statement needs no list
    for _ in range(2):
        bucket_policy.make_public(s3, 'bucket')
        bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    theirs, *ours = statements_of_bucket(s3)
    assert theirs == OTHERS
    readers = {'AWS': 'arn:aws:iam::210987654321:root'}
    assert [(x['Principal'], x['Action']) for x in ours] == [
        ('*', 's3:GetObject'),
        (readers, ['s3:ListBucket', 's3:GetObject']),
    ]


def test_private_is_what_others_have_written_and_no_public(s3):
    put_policy(s3, [OTHERS])
    bucket_policy.make_public(s3, 'bucket')
    bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    assert bucket_policy.make_private(s3, 'bucket') == [OTHERS]
    assert statements_of_bucket(s3) == [OTHERS]
    response = s3.get_public_access_block(Bucket='bucket')
    assert all(response['PublicAccessBlockConfiguration'].values())


@pytest.mark.parametrize('statements', [[], [OTHERS]])
def test_a_policy_without_own_statements_is_left_alone(s3, sent, statements):
    if statements:
        put_policy(s3, statements)
    sent.come()
    assert bucket_policy.make_private(s3, 'bucket') == statements
    assert sent.sent == ['PutPublicAccessBlock', 'GetBucketPolicy']


def test_public_by_policy_does_not_turn_on_public_acls(s3):
    bucket_policy.make_private(s3, 'bucket')
    bucket_policy.make_public(s3, 'bucket')
    response = s3.get_public_access_block(Bucket='bucket')
    assert response['PublicAccessBlockConfiguration'] == {
        'BlockPublicAcls': True,
        'IgnorePublicAcls': True,
        'BlockPublicPolicy': False,
        'RestrictPublicBuckets': False,
    }


def test_the_readers_need_what_the_bucket_allows_their_account(s3):
    bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    [statement] = statements_of_bucket(s3)
    theirs = json.loads(bucket_policy.policy_for_readers('bucket'))
    names = ('Effect', 'Action', 'Resource')
    assert theirs['Statement'] == [{name: statement[name] for name in names}]


def test_not_being_told_is_not_being_private(s3, sent):
    sent.come(GetBucketPolicyStatus=[faults.denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        bucket_policy.is_public(s3, 'bucket')
