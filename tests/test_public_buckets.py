"""Tests of recipes/public_buckets.py."""

from unittest import mock

import pytest
from botocore.awsrequest import AWSResponse

import public_buckets


@pytest.fixture
def sent(events):
    """The requests of all clients of this test; each gets an empty answer."""
    requests = []

    def answer(request, **_):
        requests.append(request)
        return AWSResponse(request.url, 200, {}, mock.Mock(stream=list))

    events.register_first('before-send.s3', answer)
    return requests


def test_a_public_bucket_is_read_without_a_signature(sent):
    s3 = public_buckets.unsigned_client('us-east-1')
    s3.get_object(Bucket='bucket', Key='key')
    assert 'Authorization' not in sent[0].headers
