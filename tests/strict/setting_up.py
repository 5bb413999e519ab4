"""Policies and rules, on a real S3 server.

It has no Block Public Access, so that is answered for it here.
"""

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

import bucket_policy
import lifecycle
from create_bucket import create_bucket


@pytest.fixture
def anybody():
    unsigned = Config(signature_version=UNSIGNED)
    return boto3.client('s3', region_name='us-east-1', config=unsigned)


def done(**_):
    block = {'PublicAccessBlockConfiguration': {}}
    return AWSResponse('', 200, {}, None), block


def code_of(call, **kwargs):
    with pytest.raises(ClientError) as error:
        call(**kwargs)
    return error.value.response['Error']['Code']


@pytest.fixture
def policies(s3, bucket):
    """A bucket with an object, where Block Public Access can be asked for."""
    for name in ('Get', 'Put'):
        s3.meta.events.register(
            f'before-call.s3.{name}PublicAccessBlock', done
        )
    s3.put_object(Bucket=bucket, Key='key', Body=b'body')
    return bucket


def test_everybody_reads_a_public_bucket_and_does_no_more(
    s3, policies, anybody
):
    bucket_policy.make_public(s3, policies)
    assert bucket_policy.policy_is_public(s3, policies)
    response = anybody.get_object(Bucket=policies, Key='key')
    assert response['Body'].read() == b'body'
    assert code_of(anybody.list_objects_v2, Bucket=policies) == 'AccessDenied'
    code = code_of(anybody.put_object, Bucket=policies, Key='key')
    assert code == 'AccessDenied'


@pytest.mark.parametrize(
    'end',
    [
        bucket_policy.make_private,
        lambda s3, bucket: bucket_policy.stop_sharing(s3, bucket, '*'),
    ],
)
def test_nobody_reads_what_is_public_no_more(end, s3, policies, anybody):
    bucket_policy.make_public(s3, policies)
    assert end(s3, policies) == []
    assert not bucket_policy.policy_is_public(s3, policies)
    code = code_of(anybody.get_object, Bucket=policies, Key='key')
    assert code == 'AccessDenied'


def test_everybody_does_not_read_what_an_account_may(s3, policies, anybody):
    bucket_policy.share_with_account(s3, policies, '210987654321')
    assert not bucket_policy.policy_is_public(s3, policies)
    code = code_of(anybody.get_object, Bucket=policies, Key='key')
    assert code == 'AccessDenied'


def test_lifecycle_rules_are_taken_and_others_stay(s3):
    s3.create_bucket(Bucket='rules')
    lifecycle.delete_after(s3, 'rules', 'tmp/', days=1)
    lifecycle.tidy_up(s3, 'rules', days=30)
    lifecycle.delete_after(s3, 'rules', 'tmp/', days=7)
    response = s3.get_bucket_lifecycle_configuration(Bucket='rules')
    rules = {rule['ID']: rule['Expiration'] for rule in response['Rules']}
    assert rules == {
        'tidy up': {'ExpiredObjectDeleteMarker': True},
        'delete tmp/': {'Days': 7},
    }
    lifecycle.remove_rule(s3, 'rules', 'tidy up')
    response = s3.get_bucket_lifecycle_configuration(Bucket='rules')
    assert [rule['ID'] for rule in response['Rules']] == ['delete tmp/']
    lifecycle.remove_rule(s3, 'rules', 'delete tmp/')
    code = code_of(s3.get_bucket_lifecycle_configuration, Bucket='rules')
    assert code == 'NoSuchLifecycleConfiguration'


def test_nothing_is_created_where_one_may_not_look(s3, anybody):
    create_bucket(s3, 'mine')
    create_bucket(s3, 'mine')
    with pytest.raises(PermissionError, match='not let you see mine'):
        create_bucket(anybody, 'mine')
