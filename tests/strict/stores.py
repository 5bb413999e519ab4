"""Settings for other stores, on a real S3 server."""

import pytest
from botocore.exceptions import ClientError

import other_stores


@pytest.fixture
def store(server):
    client = other_stores.client_for_store(server)
    client.create_bucket(Bucket='store')
    return client


def test_a_store_takes_an_md5_where_s3_requires_a_checksum(store):
    other_stores.send_md5(store)
    store.put_object(Bucket='store', Key='key', Body=b'x')
    tags = {'TagSet': [{'Key': 'a', 'Value': 'b'}]}
    store.put_object_tagging(Bucket='store', Key='key', Tagging=tags)
    store.delete_objects(Bucket='store', Delete={'Objects': [{'Key': 'key'}]})
    with pytest.raises(ClientError, match='404'):
        store.head_object(Bucket='store', Key='key')
