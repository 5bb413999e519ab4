"""Tests of recipes/read_rows.py."""

import csv
import gzip
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

from faults import after, broken
from read_rows import rows


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def replace(s3):
    """Somebody replaces the object before the next request arrives."""
    return after(lambda: put(s3, b'theirs'))


def rows_of(s3, body, **options):
    put(s3, body)
    return list(rows(s3, 'bucket', 'key', **options))


@pytest.mark.parametrize('pack', [bytes, gzip.compress])
def test_rows_of_a_csv_of_excel_plain_or_gzip(s3, mine, pack):
    body = pack('\ufeffa,b\r\n"1\r\n\u2028",Zoë\r\n\r\n'.encode())
    assert rows_of(s3, body) == [{'a': '1\r\n\u2028', 'b': 'Zoë'}]
    assert rows_of(s3, pack(b'')) == []


@pytest.mark.parametrize(
    ('body', 'error'),
    [
        (b'a,b\n1,2\n"3,4\n5,6\n', 'row 3: unexpected end of data'),
        (b'a,b\n1,2\n3\n', 'row 3: 1 fields instead of 2'),
        (b'a,b\n1,2,3\n', 'row 2: 3 fields instead of 2'),
        (b'a,a\n1,2\n', 'row 1: two columns have the same name'),
    ],
)
def test_a_damaged_csv_is_an_error_with_its_row(s3, mine, body, error):
    with pytest.raises(csv.Error, match=error):
        rows_of(s3, body)


def test_rows_of_another_delimiter_and_encoding(s3, mine):
    body = 'a;b\n1,5;Zoë\n'.encode('cp1252')
    found = rows_of(s3, body, delimiter=';', encoding='cp1252')
    assert found == [{'a': '1,5', 'b': 'Zoë'}]


def test_another_encoding_is_an_error_not_a_wrong_letter(s3, mine):
    with pytest.raises(UnicodeError):
        rows_of(s3, 'a\nZoë\n'.encode('cp1252'))


def test_a_gzip_that_is_cut_off_is_an_error(s3, mine):
    with pytest.raises(EOFError):
        rows_of(s3, gzip.compress(b'a\n1\n')[:-9])


@pytest.mark.parametrize('pack', [bytes, gzip.compress])
def test_rows_are_read_on_where_the_body_breaks_off(s3, mine, pack):
    put(s3, pack(b'a,b\n' + b'1,2\n' * 99))
    mine.faults.come(GetObject=repeat(broken(2)))
    assert len(list(rows(mine, 'bucket', 'key'))) == 99


def test_rows_of_two_objects_are_not_mixed(s3, mine):
    put(s3, b'a,b\n' + (b'x' * 99_999 + b',2\n') * 50)  # more than 4 MiB
    mine.faults.come(GetObject=[None, replace(s3)])
    with pytest.raises(ClientError, match='PreconditionFailed'):
        list(rows(mine, 'bucket', 'key'))
