"""Tests of recipes/read_write_many.py."""

import errno
import mimetypes
import random
import runpy
import threading
import time
from contextlib import suppress
from itertools import chain, repeat

import boto3
import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from s3transfer.exceptions import RetriesExceededError

import read_write_many
from faults import ERROR, denied, lost, says, slow_down
from read_write_many import (
    Counter,
    SomeFailedError,
    concerns_all,
    content_type_of,
    do_all,
    entries_below,
    for_each,
    is_skipped,
    read_many,
    write_many,
)
from support import ROOT, keys

MANY = {f'{number:03}': b'x' for number in range(60)}
DOCX = (
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
)
NO_NETWORK = EndpointConnectionError(endpoint_url='https://x')


def put(s3, *keys):
    """Store objects, with their keys as bodies."""
    for key in keys:
        s3.put_object(Bucket='bucket', Key=key, Body=key.encode())


@pytest.fixture
def outage(monkeypatch):
    """A fault: no network for ten seconds, by the clock of each thread."""
    clock = threading.local()

    def sleep(seconds):
        clock.slept = getattr(clock, 'slept', 0) + seconds

    def fault(request, work):
        if getattr(clock, 'slept', 0) < 10:
            raise NO_NETWORK
        return work()

    monkeypatch.setattr(time, 'sleep', sleep)
    return fault


@pytest.mark.parametrize('mode', ['standard', 'legacy', 'adaptive'])
def test_ten_seconds_without_network_lose_nothing(s3, mine, outage, mode):
    """Nor does a client whose threads share one quota of retries."""
    client = boto3.client(
        's3', region_name='us-east-1', config=Config(retries={'mode': mode})
    )
    mine.faults.watch(client)
    mine.faults.come(PutObject=repeat(outage))
    write_many(client, 'bucket', MANY, threads=5)
    assert keys(s3) == [*MANY]


def test_forty_percent_of_slow_down_lose_nothing(s3, mine):
    chance = random.Random(1)
    some = [slow_down if chance.random() < 0.4 else None for _ in MANY] * 9
    mine.faults.come(PutObject=some)
    write_many(mine, 'bucket', MANY)
    assert keys(s3) == [*MANY]


@pytest.mark.parametrize(
    'code', ['NoSuchBucket', 'ExpiredToken', 'InvalidAccessKeyId']
)
def test_what_no_key_causes_ends_it_soon(mine, code):
    refused = says(403, ERROR.format(code))
    mine.faults.come(PutObject=chain([None] * 5, repeat(refused)))
    with pytest.raises(SomeFailedError) as error:
        write_many(mine, 'bucket', MANY, threads=4)
    assert len(mine.faults.sent) <= 5 + 2 * 4
    assert len(error.value.done) == 5
    assert error.value.stopped
    assert code in str(error.value)
    assert 'The rest were not tried.' in str(error.value)


@pytest.mark.parametrize('code', ['AccessDenied', 'NoSuchKey'])
def test_what_one_key_causes_ends_nothing(s3, mine, code):
    put(s3, 'a', 'b', 'c')
    mine.faults.come(GetObject=[says(403, ERROR.format(code))])
    with pytest.raises(SomeFailedError, match=f'^1 failed, 2 done. .*{code}'):
        read_many(mine, 'bucket', 'abc', threads=1)


def test_a_network_that_stays_away_ends_it(mine, outage, monkeypatch):
    monkeypatch.setattr(time, 'sleep', lambda _: None)
    mine.faults.come(PutObject=repeat(outage))
    with pytest.raises(SomeFailedError) as error:
        write_many(mine, 'bucket', MANY, threads=4)
    assert error.value.stopped
    assert len(error.value.errors) <= 2 * 4


def said_by_s3(code, status):
    response = {'Error': {'Code': code}, 'ResponseMetadata': {}}
    response['ResponseMetadata']['HTTPStatusCode'] = status
    return ClientError(response, 'PutObject')


@pytest.mark.parametrize(
    ('error', 'is_for_all'),
    [
        (OSError(errno.ENOSPC, 'No space left'), True),
        (NoCredentialsError(), True),
        (RetriesExceededError(NO_NETWORK), True),
        (said_by_s3('SlowDown', 503), True),
        (said_by_s3('SlowDownWrite', 503), True),  # MinIO
        # A store may fail like this with one damaged object, or one body.
        (said_by_s3('InternalError', 500), False),
        (ReadTimeoutError(endpoint_url='https://x'), False),
        (ConnectionClosedError(endpoint_url='https://x'), False),
        (OSError(errno.EACCES, 'refused'), False),
    ],
)
def test_an_error_concerns_all_keys_or_one(error, is_for_all):
    assert concerns_all(error) == is_for_all


@pytest.mark.parametrize(
    ('code', 'status', 'tries'),
    [
        ('TooManyRequests', 429, 21),
        ('InternalError', 500, 21),
        ('NotImplemented', 501, 1),
        ('ConditionalRequestConflict', 409, 21),
    ],
)
def test_what_can_pass_is_tried_again(code, status, tries, waits):
    calls = []

    def work(item):
        calls.append(item)
        raise said_by_s3(code, status)

    [(_, error)] = for_each(work, [0])
    assert len(calls) == tries
    assert error.response['Error']['Code'] == code
    assert sum(waits) < 60


def test_nothing_is_tried_again_after_a_minute(monkeypatch):
    calls = []

    def work(item):
        calls.append(item)
        raise NO_NETWORK

    # Each call takes 25 seconds.
    monkeypatch.setattr(time, 'monotonic', lambda: 25 * len(calls))
    monkeypatch.setattr(time, 'sleep', lambda _: None)
    assert list(for_each(work, [1])) == [(1, NO_NETWORK)]
    assert len(calls) == 3


def test_a_listing_gets_through_an_outage(s3, mine, outage, monkeypatch):
    put(s3, 'p/a', 'p/b', 'p/c')
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    mine.faults.come(ListObjectsV2=chain([None], repeat(outage)))
    found = [entry['Key'] for entry in entries_below(mine, 'bucket', 'p/')]
    assert found == ['p/a', 'p/b', 'p/c']


@pytest.mark.parametrize(
    ('name', 'skip', 'is_left_out'),
    [
        ('a/b.pyc', ['*.pyc'], True),
        ('a/.git/config', ['.git'], True),
        ('a/.git/config', ['.git/'], True),
        ('docs/old/x', ['docs/old'], True),
        ('docs/older/x', ['docs/old'], False),
        ('more/docs/old', ['docs/old'], False),
        ('.gitignore', ['.git'], False),
        ('a.PYC', ['*.pyc'], False),
        ('abc', '*.c', False),  # one pattern, not three
        ('a.c', '*.c', True),
    ],
)
def test_a_pattern_is_for_a_name_or_a_path(name, skip, is_left_out):
    assert is_skipped(name, skip) == is_left_out


def test_what_fails_is_taken_back_from_the_progress():
    told = []
    counter = Counter(told.append, threading.Event())
    with suppress(ZeroDivisionError), counter as count:
        count(3)
        count(4)
        raise ZeroDivisionError
    assert told == [3, 4, -7]


def test_what_boto3_hides_in_an_upload_concerns_all_keys(s3, tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(S3UploadFailedError) as error:
        s3.upload_file(str(tmp_path / 'file'), 'absent', 'key')
    assert concerns_all(error.value)


def test_one_slow_item_holds_nobody_up():
    others_are_done, slow = threading.Event(), 0

    def work(number):
        assert number != slow or others_are_done.wait(30)

    results = for_each(work, range(100), threads=2)
    others = {next(results)[0] for _ in range(99)}
    others_are_done.set()
    assert others == {*range(1, 100)}
    assert list(results) == [(slow, None)]


def test_an_error_keeps_nothing_of_its_call_in_memory():
    def work(number):
        try:
            raise ValueError(number)
        except ValueError as error:
            raise RuntimeError(number) from error

    [(_, error)] = for_each(work, [0])
    assert error.__traceback__ is error.__cause__.__traceback__ is None


def test_nor_does_the_error_that_boto3_hides():
    hidden = []

    def work(number):
        try:
            raise ValueError(number)
        except ValueError as error:
            hidden.append(error)
        raise RetriesExceededError(hidden[0])

    [(_, error)] = for_each(work, [0])
    assert hidden[0].__traceback__ is None
    assert str(SomeFailedError({'a': error}, [])).endswith('a: 0')


def test_ctrl_c_begins_no_other_call():
    begun, has_begun = [], threading.Event()
    ended = threading.Event()

    def items():
        yield from range(5)
        has_begun.wait(30)
        raise KeyboardInterrupt

    def work(number):
        begun.append(number)
        has_begun.set()
        ended.wait(30)

    with pytest.raises(KeyboardInterrupt):
        list(for_each(work, items(), threads=2, ended=ended))
    assert len(begun) <= 2


def test_after_ctrl_c_nothing_is_tried_again(monkeypatch):
    calls, ended = [], threading.Event()

    def work(item):
        calls.append(item)
        raise NO_NETWORK

    monkeypatch.setattr(time, 'sleep', lambda _: ended.set())
    assert list(for_each(work, [1], ended=ended)) == [(1, NO_NETWORK)]
    assert calls == [1]


def test_what_fails_after_ctrl_c_does_not_pause(waits):
    ended = threading.Event()

    def work(item):
        ended.set()
        raise NO_NETWORK

    assert list(for_each(work, [1], ended=ended)) == [(1, NO_NETWORK)]
    assert waits == []


def test_a_listing_that_fails_is_named_beside_what_was_done():
    def items():
        yield from 'abc'
        raise NO_NETWORK

    with pytest.raises(
        SomeFailedError, match=r'^1 failed, 3 done.* p/: Could'
    ):
        do_all(str, items(), str, source='p/')


def test_a_source_that_breaks_raises_its_own_error():
    def items():
        yield 'a'
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        do_all(str, items(), str)


def test_an_error_can_be_printed_whatever_a_name_holds():
    error = SomeFailedError({'\udcff': ValueError('no')}, [])
    assert str(error) == '1 failed, 0 done. \\udcff: no'


def test_what_was_read_is_in_the_order_of_the_keys_and_in_the_error(s3, mine):
    put(s3, 'a', 'b')
    assert [*read_many(mine, 'bucket', iter('ba'))] == ['b', 'a']
    with pytest.raises(SomeFailedError) as error:
        read_many(mine, 'bucket', 'bxa')
    assert [*error.value.done.items()] == [('b', b'b'), ('a', b'a')]
    assert [*error.value.errors] == ['x']


def test_a_lost_response_stores_it_all_the_same(s3, mine):
    mine.faults.come(PutObject=repeat(lost, 3))
    write_many(mine, 'bucket', {'a': b'1'})
    assert keys(s3) == ['a']


def test_a_refusal_is_not_tried_again(mine):
    mine.faults.come(PutObject=repeat(denied))
    with pytest.raises(SomeFailedError) as error:
        write_many(mine, 'bucket', {'a': b'1'})
    assert isinstance(error.value.errors['a'], ClientError)
    assert mine.faults.sent == ['PutObject']


@pytest.mark.parametrize(('more', 'waits'), [(-1, None), (0, b'100-continue')])
def test_only_large_bodies_wait_for_s3_to_ask(s3, more, waits):
    s3.create_bucket(Bucket='bucket')
    client, sent = read_write_many.client_for_many('us-east-1'), []
    client.meta.events.register_last(
        'before-send.s3.PutObject',
        lambda request, **_: sent.append(request.headers.get('Expect')),
    )
    body = bytes(read_write_many.SMALL + more)
    client.put_object(Bucket='bucket', Key='key', Body=body)
    assert sent == [waits]


def test_what_is_written_has_the_type_of_its_name(s3, mine):
    write_many(mine, 'bucket', {'a.webp': b'1'})
    head = s3.head_object(Bucket='bucket', Key='a.webp')
    assert head['ContentType'] == 'image/webp'


@pytest.mark.parametrize(
    ('name', 'content_type'),
    [
        ('a.tar.gz', 'application/gzip'),
        ('a/b.JS', 'text/javascript'),
        ('a.md', 'text/markdown'),
        ('a.webp', 'image/webp'),
        ('a.woff2', 'font/woff2'),
        ('a.css', 'text/css'),
        ('a.css/b', 'application/octet-stream'),
        ('a.tgz', 'application/gzip'),
        ('a.yaml', 'application/yaml'),
        ('a.docx', DOCX),
        ('a.ogg', 'audio/ogg'),
        ('a.ttf', 'font/ttf'),
    ],
)
def test_a_name_has_the_same_type_everywhere(name, content_type, monkeypatch):
    monkeypatch.setitem(mimetypes.types_map, '.css', 'text/this-machine')
    fresh = runpy.run_path(str(ROOT / 'recipes' / 'read_write_many.py'))
    assert fresh['content_type_of'](name) == content_type
    assert content_type_of(name) == content_type
