"""Tests of recipes/configure_client.py."""

import ast
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest
from botocore.exceptions import ConnectionClosedError

import faults
from configure_client import client_for_threads
from support import RECIPES


@pytest.fixture
def client(mine):
    """The client of the recipe, which meets the faults of `mine`."""
    client = client_for_threads('us-east-1', threads=30)
    mine.faults.watch(client)
    return client


def put(client, key='key'):
    client.put_object(Bucket='bucket', Key=str(key))


@pytest.mark.parametrize('fault', [faults.slow_down, faults.lost])
def test_seven_failures_are_stood(mine, client, waits, fault):
    mine.faults.come(PutObject=[fault] * 7)
    put(client)
    assert mine.faults.sent == ['PutObject'] * 8
    assert sum(waits) < 2 * 60


def test_it_gives_up_after_two_minutes(mine, client, waits):
    mine.faults.come(PutObject=[faults.lost] * 99)
    with pytest.raises(Exception, match='closed'):
        put(client)
    assert len(mine.faults.sent) == 8
    assert sum(waits) < 2**7


def test_threads_use_up_no_quota_of_each_other(mine, client):
    """In the mode `standard`, they have some 35 retries together."""
    times = Counter()

    def twice(request, work):
        times[request.url] += 1
        if times[request.url] > 2:
            return work()
        raise ConnectionClosedError(endpoint_url=request.url)

    mine.faults.come(PutObject=repeat(twice))
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda key: put(client, key), range(40)))
    assert [*times.values()] == [3] * 40


def test_each_thread_has_a_connection(client):
    assert client.meta.config.max_pool_connections == 30


def test_the_short_answer_has_the_retries_of_the_function():
    """Both are what was tried."""
    found = re.findall(r'retries=(\{.*\})', RECIPES['configure_client'])
    assert len(found) == 2
    assert ast.literal_eval(found[0]) == ast.literal_eval(found[1])
