"""Tests of recipes/encryption.py."""

import pytest

import encryption

ACCOUNT = '123456789012'


KEY = f'arn:aws:kms:us-east-1:{ACCOUNT}:key/key'


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


def answer(s3, operation, **fields):
    """Have S3 answer with these fields, too, that moto does not know."""

    def add(parsed, **_):
        parsed.update(fields)

    s3.meta.events.register(f'after-call.s3.{operation}', add)


def asked(s3, operation):
    """Return what holds the last parameters of this operation from now on."""
    asked = {}

    def keep(params, **_):
        asked.update(params)

    s3.meta.events.register(f'provide-client-params.s3.{operation}', keep)
    return asked


def test_a_new_default_key_leaves_the_block_of_sent_keys(s3):
    blocked = {'BlockedEncryptionTypes': {'EncryptionType': ['SSE-C']}}
    rules = [{'BucketKeyEnabled': False, **blocked}]
    put = asked(s3, 'PutBucketEncryption')
    encryption.use_kms_key(s3, 'bucket', 'another key')
    answer(
        s3,
        'GetBucketEncryption',
        ServerSideEncryptionConfiguration={'Rules': rules},
    )
    encryption.use_kms_key(s3, 'bucket', KEY)
    [rule] = put['ServerSideEncryptionConfiguration']['Rules']
    default = {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': KEY}
    assert rule == {
        'ApplyServerSideEncryptionByDefault': default,
        'BucketKeyEnabled': True,
        **blocked,
    }
