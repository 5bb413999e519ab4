"""Tests of recipes/list_objects.py."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from list_objects import count_and_size, entries, folders, keys, newest, oldest
from support import RECIPES


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


@pytest.fixture
def days(s3, monkeypatch):
    """A bucket with a key for each day of a week, two keys a page."""
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    s3.create_bucket(Bucket='bucket')
    for day in range(1, 8):
        put(s3, b'12345', f'{8 - day}/{day}.txt')

    def set_dates(parsed, **_):
        for entry in parsed.get('Contents', []):
            day = int(entry['Key'][2])
            entry['LastModified'] = datetime(2026, 1, day, tzinfo=timezone.utc)

    s3.meta.events.register('after-call.s3.ListObjectsV2', set_dates)
    return s3


def names(found):
    return [entry['Key'] for entry in found]


def test_a_date_range_has_its_start_and_not_its_end(days):
    since = datetime(2026, 1, 2, tzinfo=timezone.utc)
    before = since + timedelta(days=2)
    found = entries(days, 'bucket', since=since, before=before)
    assert names(found) == ['5/3.txt', '6/2.txt']


def test_a_suffix_is_the_end_of_a_key(days):
    assert names(entries(days, 'bucket', suffix='3.txt')) == ['5/3.txt']


def test_a_date_without_a_time_zone_is_refused(days):
    with pytest.raises(TypeError, match='offset-naive'):
        list(entries(days, 'bucket', since=datetime(2026, 1, 1)))


def test_newest_and_oldest_come_first(days):
    assert names(newest(days, 'bucket')) == ['1/7.txt']
    assert names(newest(days, 'bucket', count=2)) == ['1/7.txt', '2/6.txt']
    assert names(oldest(days, 'bucket', count=2)) == ['7/1.txt', '6/2.txt']
    assert newest(days, 'bucket', 'no-such-prefix') == []


def test_a_folder_of_the_console_is_no_object(s3):
    s3.create_bucket(Bucket='bucket')
    put(s3, b'', 'logs/')
    assert newest(s3, 'bucket') == oldest(s3, 'bucket') == []
    assert count_and_size(s3, 'bucket') == (0, 0)
    put(s3, b'1', 'logs/odd/')  # no folder: it has something in it
    put(s3, b'', 'logs/empty')
    assert count_and_size(s3, 'bucket') == (2, 1)
    for find in (newest, oldest):
        found = sorted(names(find(s3, 'bucket', count=9)))
        assert found == ['logs/empty', 'logs/odd/']
    assert list(keys(s3, 'bucket')) == ['logs/', 'logs/empty', 'logs/odd/']


@pytest.mark.parametrize('prefix', ['a', 'a/'])
def test_folders_of_a_folder_are_not_those_of_its_neighbour(s3, prefix):
    s3.create_bucket(Bucket='bucket')
    for key in ('a/b/1', 'a/2', 'a-old/c/3'):
        put(s3, b'', key)
    assert list(folders(s3, 'bucket', prefix)) == ['a/b/']


def test_an_address_is_split_as_the_docstring_says():
    source = RECIPES['list_objects']
    line = re.search(r'^    (bucket, _, key = .*)$', source, re.M)
    found = {'address': 's3://my-bucket/a b/#1?x=%20/'}
    exec(line[1], found)
    assert (found['bucket'], found['key']) == ('my-bucket', 'a b/#1?x=%20/')


def test_all_pages_are_listed_counted_and_added_up(days):
    assert count_and_size(days, 'bucket') == (7, 35)
    assert len(list(keys(days, 'bucket'))) == 7
    assert list(folders(days, 'bucket')) == [f'{n}/' for n in range(1, 8)]


def test_a_prefix_without_keys_has_none(days):
    assert list(keys(days, 'bucket', 'x')) == []
    assert list(folders(days, 'bucket', 'x')) == []
