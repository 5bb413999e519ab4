"""Tests of recipes/restore_archived.py."""

import re
import time
from itertools import repeat

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse

from faults import ERROR, denied, lost, says, slow_down
from read_write_many import SomeFailedError
from restore_archived import (
    is_ready,
    request_restore,
    request_restore_folder,
    wait_until_ready,
)


def put(s3, key, storage_class='GLACIER'):
    s3.put_object(Bucket='bucket', Key=key, StorageClass=storage_class)


def has(**headers):
    """S3 says this of an object."""

    def fault(request, work):
        named = {f'x-amz-{k.replace("_", "-")}': headers[k] for k in headers}
        return AWSResponse(request.url, 200, named, MockRawResponse(b''))

    return fault


ONGOING = {'restore': 'ongoing-request="true"'}
READY = {'restore': 'ongoing-request="false", expiry-date="…"'}
already = says(409, ERROR.format('RestoreAlreadyInProgress'))


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
def test_nobody_waits_for_what_was_not_requested(mine, headers):
    mine.faults.come(HeadObject=[has(**headers)])
    with pytest.raises(LookupError, match='bucket/key is archived: restore'):
        wait_until_ready(mine, 'bucket', 'key', hours=1)


@pytest.fixture
def _ongoing(mine, waits, monkeypatch):
    """It is never ready, and time passes only while somebody waits."""
    ongoing = has(storage_class='GLACIER', **ONGOING)
    mine.faults.come(HeadObject=repeat(ongoing))
    monkeypatch.setattr(time, 'monotonic', lambda: sum(waits))


@pytest.mark.usefixtures('_ongoing')
def test_waiting_ends_after_so_many_hours(mine, waits):
    with pytest.raises(TimeoutError, match='bucket/key is still being rest'):
        wait_until_ready(mine, 'bucket', 'key', hours=1, pause=1000)
    assert waits == [1000, 1000, 1000, 600]


@pytest.mark.parametrize('fault', [slow_down, lost])
def test_waiting_outlives_an_outage(mine, waits, fault):
    ready = has(storage_class='GLACIER', **READY)
    mine.faults.come(HeadObject=[*[fault] * 20, ready])
    wait_until_ready(mine, 'bucket', 'key', hours=12)
    mine.faults.come(HeadObject=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        wait_until_ready(mine, 'bucket', 'key', hours=12)


@pytest.mark.usefixtures('_ongoing')
def test_a_look_is_rare_unless_it_is_said(mine):
    """A restore takes hours, and each look is a request."""
    with pytest.raises(TimeoutError):
        wait_until_ready(mine, 'bucket', 'key', hours=12)
    assert len(mine.faults.sent) == 12 * 4 + 1


@pytest.fixture
def requests(mine):
    """What was requested, field by field."""
    met = []

    def accept(request, work):
        found = re.findall(r'<(Days|Tier)>(\w+)<', request.body.decode())
        met.append({**dict.fromkeys(['Days', 'Tier']), **dict(found)})
        return says(202, '')(request, work)

    mine.faults.come(RestoreObject=repeat(accept))
    return met


def test_days_and_tier_are_those_that_were_given(mine, requests):
    put(mine, 'a/key')
    request_restore(mine, 'bucket', 'key', 3, 'Bulk')
    request_restore_folder(mine, 'bucket', 'a', 3, 'Bulk')
    assert requests == [{'Days': '3', 'Tier': 'Bulk'}] * 2
    request_restore(mine, 'bucket', 'key', None, 'Bulk')
    assert requests[2] == {'Days': None, 'Tier': 'Bulk'}


def test_the_tier_is_that_of_s3_unless_it_is_said(mine, requests):
    """Expedited costs the most, and DEEP_ARCHIVE does not have it."""
    put(mine, 'a/key')
    request_restore(mine, 'bucket', 'key', days=1)
    request_restore_folder(mine, 'bucket', 'a', days=1)
    assert [x['Tier'] for x in requests] == ['Standard', 'Standard']


def test_requesting_twice_is_no_error_but_in_vain_is(mine):
    mine.faults.come(RestoreObject=[already])
    request_restore(mine, 'bucket', 'key', days=1)
    put(mine, 'key', 'STANDARD')
    with pytest.raises(ClientError, match='InvalidObjectState'):
        request_restore(mine, 'bucket', 'key', days=1)


def test_a_folder_is_restored_and_nothing_beside_it(mine, monkeypatch):
    for key in ('a/1', 'a/2/3', 'ab'):
        put(mine, key)
    put(mine, 'a/4', 'DEEP_ARCHIVE')
    put(mine, 'a/at-once', 'GLACIER_IR')
    put(mine, 'a/plain', 'STANDARD')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    mine.faults.come(RestoreObject=[already, lost, slow_down])
    keys = request_restore_folder(mine, 'bucket', 'a', days=1)
    assert keys == ['a/1', 'a/2/3', 'a/4']
    with pytest.raises(LookupError, match='bucket/ab is archived'):
        is_ready(mine, 'bucket', 'ab')


def test_what_cannot_be_restored_is_named_and_the_others_are(mine):
    def deny_2(request, work):
        denies = '/a/2?' in request.url
        return denied(request, work) if denies else work()

    for key in ('a/1', 'a/2', 'a/3'):
        put(mine, key)
    mine.faults.come(RestoreObject=repeat(deny_2))
    with pytest.raises(SomeFailedError) as error:
        request_restore_folder(mine, 'bucket', 'a/', days=1)
    assert (error.value.done, [*error.value.errors]) == (
        ['a/1', 'a/3'],
        ['a/2'],
    )


def test_a_folder_that_is_not_there_is_an_error(mine):
    put(mine, 'a/plain', 'STANDARD')
    assert request_restore_folder(mine, 'bucket', 'a/', days=1) == []
    with pytest.raises(LookupError, match="no key begins with '/a/'"):
        request_restore_folder(mine, 'bucket', '/a', days=1)
    with pytest.raises(SomeFailedError, match='NoSuchBucket'):
        request_restore_folder(mine, 'no-such-bucket', 'a', days=1)
