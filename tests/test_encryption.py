"""Tests of recipes/encryption.py."""

import pytest

import encryption

KEY = 'arn:aws:kms:us-east-1:123456789012:key/key'


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


def rule_of(s3):
    response = s3.get_bucket_encryption(Bucket='bucket')
    [rule] = response['ServerSideEncryptionConfiguration']['Rules']
    return rule


def test_the_key_is_the_default_and_a_bucket_key_saves_requests(s3):
    encryption.use_kms_key(s3, 'bucket', 'another key')
    encryption.use_kms_key(s3, 'bucket', KEY)
    assert rule_of(s3) == {
        'ApplyServerSideEncryptionByDefault': {
            'SSEAlgorithm': 'aws:kms',
            'KMSMasterKeyID': KEY,
        },
        'BucketKeyEnabled': True,
    }


def test_keys_that_are_sent_along_stay_blocked(s3):
    """moto does not know the field, so what S3 would say is put in."""
    blocked = {'BlockedEncryptionTypes': {'EncryptionType': ['SSE-C']}}
    encryption.use_kms_key(s3, 'bucket', 'another key')
    sent = {}

    def add(parsed, **_):
        rules = parsed['ServerSideEncryptionConfiguration']['Rules']
        rules[0].update(BucketKeyEnabled=False, **blocked)

    def keep(params, **_):
        sent.update(params)

    events = s3.meta.events
    events.register('after-call.s3.GetBucketEncryption', add)
    events.register('provide-client-params.s3.PutBucketEncryption', keep)
    encryption.use_kms_key(s3, 'bucket', KEY)
    [rule] = sent['ServerSideEncryptionConfiguration']['Rules']
    assert blocked.items() <= rule.items()
    assert rule['BucketKeyEnabled'] is True


def test_deleting_the_default_takes_it_back(s3):
    encryption.use_kms_key(s3, 'bucket', KEY)
    s3.delete_bucket_encryption(Bucket='bucket')
    s3.put_object(Bucket='bucket', Key='key')
    head = s3.head_object(Bucket='bucket', Key='key')
    assert 'SSEKMSKeyId' not in head
