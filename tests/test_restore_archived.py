"""Tests of recipes/restore_archived.py."""

import time
from itertools import repeat

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse

import faults
from faults import ERROR, says
from restore_archived import ask, is_ready, wait


@pytest.fixture
def mine(s3, waits):
    """The client of a recipe, and a bucket; `s3` is somebody else's."""
    s3.create_bucket(Bucket='bucket', ObjectLockEnabledForBucket=True)
    client = boto3.client('s3', region_name='us-east-1')
    client.faults = faults.Faults()
    client.faults.watch(client)
    return client


def put(s3, key, body=b'', **kwargs):
    response = s3.put_object(Bucket='bucket', Key=key, Body=body, **kwargs)
    return response['VersionId']


def has(**headers):
    """S3 says this of an object."""

    def fault(request, work):
        named = {f'x-amz-{k.replace("_", "-")}': headers[k] for k in headers}
        return AWSResponse(request.url, 200, named, MockRawResponse(b''))

    return fault


ONGOING = {'restore': 'ongoing-request="true"'}


READY = {'restore': 'ongoing-request="false", expiry-date="…"'}


@pytest.mark.parametrize(
    ('headers', 'ready'),
    [
        ({}, True),
        ({'storage_class': 'GLACIER_IR'}, True),
        ({'storage_class': 'GLACIER', **ONGOING}, False),
        ({'storage_class': 'DEEP_ARCHIVE', **READY}, True),
        ({'storage_class': 'INTELLIGENT_TIERING'}, True),
        ({'archive_status': 'ARCHIVE_ACCESS', **ONGOING}, False),
    ],
)
def test_an_object_is_ready_if_s3_can_read_it(mine, headers, ready):
    mine.faults.come(HeadObject=[has(**headers)])
    assert is_ready(mine, 'bucket', 'key') is ready


@pytest.mark.parametrize(
    'headers',
    [
        {'storage_class': 'DEEP_ARCHIVE'},
        {'archive_status': 'DEEP_ARCHIVE_ACCESS'},
    ],
)
def test_nobody_waits_for_what_was_not_asked_for(mine, headers):
    mine.faults.come(HeadObject=[has(**headers)])
    with pytest.raises(LookupError, match='bucket/key is archived: ask'):
        wait(mine, 'bucket', 'key', hours=1)


def test_waiting_ends(mine, waits, monkeypatch):
    ongoing = has(storage_class='GLACIER', **ONGOING)
    mine.faults.come(HeadObject=repeat(ongoing))
    monkeypatch.setattr(time, 'monotonic', lambda: sum(waits))
    with pytest.raises(TimeoutError, match='bucket/key is still being rest'):
        wait(mine, 'bucket', 'key', hours=1, pause=1000)
    assert waits[:4] == [1000, 1000, 1000, 600]


@pytest.mark.parametrize('days', [3, None])
def test_days_are_sent_only_if_given(mine, days):
    def accept(request, work):
        assert (b'<Days>3</Days>' in request.body) == (days == 3)
        assert b'<Tier>Bulk</Tier>' in request.body
        return says(202, '')(request, work)

    mine.faults.come(RestoreObject=[accept])
    ask(mine, 'bucket', 'key', days, 'Bulk')
    assert mine.faults.met


def test_asking_twice_is_no_error_but_asking_in_vain_is(s3, mine):
    ongoing = says(409, ERROR.format('RestoreAlreadyInProgress'))
    mine.faults.come(RestoreObject=[ongoing])
    ask(mine, 'bucket', 'key', days=1)
    put(s3, 'key')
    with pytest.raises(ClientError, match='InvalidObjectState'):
        ask(mine, 'bucket', 'key', days=1)
