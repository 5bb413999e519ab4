"""Settings for other stores, on a real S3 server."""

import textwrap

import pytest
from botocore.exceptions import ClientError

import other_stores


@pytest.fixture
def store(server):
    return other_stores.client_for_store(server)


def test_a_store_takes_an_md5_where_s3_requires_a_checksum(store):
    store.create_bucket(Bucket='store')
    other_stores.send_md5(store)
    store.put_object(Bucket='store', Key='key', Body=b'x')
    tags = {'TagSet': [{'Key': 'a', 'Value': 'b'}]}
    store.put_object_tagging(Bucket='store', Key='key', Tagging=tags)
    store.delete_objects(Bucket='store', Delete={'Objects': [{'Key': 'key'}]})
    with pytest.raises(ClientError, match='404'):
        store.head_object(Bucket='store', Key='key')


def test_a_bucket_with_retention_takes_the_checksum(store):
    store.create_bucket(Bucket='kept', ObjectLockEnabledForBucket=True)
    store.put_object(
        Bucket='kept', Key='key', Body=b'x', ChecksumAlgorithm='SHA256'
    )
    assert store.get_object(Bucket='kept', Key='key')['Body'].read() == b'x'


def test_its_short_answer_stores_and_reads(server):
    block = other_stores.__doc__.partition('In short:')[2].split('`client_')[0]
    names = {'bucket': 'short', 'key': 'reports/may.pdf'}
    code = textwrap.dedent(block).replace('https://s3.example.com', server)
    exec(code, names)
    names['store'].create_bucket(Bucket='short')
    names['store'].put_object(Bucket='short', Key='key', Body=b'x')
    got = names['store'].get_object(Bucket='short', Key='key')
    assert got['Body'].read() == b'x'
