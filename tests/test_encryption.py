"""Tests of recipes/encryption.py."""

import pytest
from botocore.exceptions import ClientError

import encryption
from faults import denied

KEY = 'arn:aws:kms:us-east-1:123456789012:key/key'


def rule_of(s3):
    response = s3.get_bucket_encryption(Bucket='bucket')
    [rule] = response['ServerSideEncryptionConfiguration']['Rules']
    return rule


def test_the_key_is_the_default_and_a_bucket_key_saves_requests(mine):
    encryption.use_kms_key(mine, 'bucket', 'another key')
    encryption.use_kms_key(mine, 'bucket', KEY)
    assert rule_of(mine) == {
        'ApplyServerSideEncryptionByDefault': {
            'SSEAlgorithm': 'aws:kms',
            'KMSMasterKeyID': KEY,
        },
        'BucketKeyEnabled': True,
    }


def test_keys_that_are_sent_along_stay_blocked(mine):
    """moto does not know the field, so what S3 would say is put in."""
    blocked = {'BlockedEncryptionTypes': {'EncryptionType': ['SSE-C']}}
    encryption.use_kms_key(mine, 'bucket', 'another key')
    sent = {}

    def add(parsed, **_):
        rules = parsed['ServerSideEncryptionConfiguration']['Rules']
        rules[0].update(BucketKeyEnabled=False, **blocked)

    def keep(params, **_):
        sent.update(params)

    events = mine.meta.events
    events.register('after-call.s3.GetBucketEncryption', add)
    events.register('provide-client-params.s3.PutBucketEncryption', keep)
    encryption.use_kms_key(mine, 'bucket', KEY)
    [rule] = sent['ServerSideEncryptionConfiguration']['Rules']
    assert blocked.items() <= rule.items()
    assert rule['BucketKeyEnabled'] is True


def test_a_default_that_may_not_be_read_is_not_replaced(mine):
    encryption.use_kms_key(mine, 'bucket', KEY)
    mine.faults.come(GetBucketEncryption=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        encryption.use_kms_key(mine, 'bucket', 'another key')
    assert KEY in str(rule_of(mine))
