"""Tests of recipes/open_object.py."""

import gzip
import io
import os
import zipfile
from itertools import repeat

import pytest
from botocore.exceptions import ClientError, IncompleteReadError

from faults import broken
from open_object import open_object, zip_objects
from support import keys, read


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def test_text_takes_as_few_requests_as_bytes(s3, mine):
    put(s3, b'x' * 63 * 1024 + b'\n' * 1024)
    with open_object(mine, 'bucket', 'key', buffer=4096) as file:
        assert len(io.TextIOWrapper(file).readline()) == 63 * 1024 + 1
    assert mine.faults.sent.count('GetObject') == 16


def test_a_whole_object_is_read_by_one_request(s3, mine):
    put(s3, bytes(99_999))
    with open_object(mine, 'bucket', 'key', buffer=4096) as file:
        assert file.read() == bytes(99_999)
    assert mine.faults.sent == ['HeadObject', 'GetObject']


def test_a_seek_does_what_it_does_in_a_file(s3, mine, tmp_path):
    def seek_and_read(file, offset, whence):
        file.seek(20)
        try:
            file.seek(offset, whence)
        except (OSError, ValueError) as error:
            return type(error), str(error)
        return file.tell(), file.read(5), file.tell()

    path = tmp_path / 'file'
    path.write_bytes(bytes(range(50)))
    put(s3, path.read_bytes())
    with open_object(mine, 'bucket', 'key', 8) as file, path.open('rb') as own:
        for offset in (-999, -9, -1, 0, 9, 999):
            for whence in (io.SEEK_SET, io.SEEK_CUR, io.SEEK_END, 7):
                seen = seek_and_read(file, offset, whence)
                assert seen == seek_and_read(own, offset, whence)


def test_a_seek_to_a_hole_is_refused(s3, mine):
    put(s3, b'content')
    with open_object(mine, 'bucket', 'key') as file, pytest.raises(
        ValueError, match='whence'
    ):
        file.seek(0, 4)


def test_a_closed_file_is_not_read(s3, mine):
    put(s3, b'content')
    with open_object(mine, 'bucket', 'key') as file:
        pass
    for use in (file.tell, file.read, file.read1):
        with pytest.raises(ValueError, match='closed file'):
            use()


def test_a_broken_range_is_read_again(s3, mine):
    put(s3, b'content')
    mine.faults.come(GetObject=repeat(broken(2)))
    with open_object(mine, 'bucket', 'key') as file:
        assert file.read() == b'content'


def test_a_range_that_breaks_each_time_is_an_error(s3, mine):
    put(s3, b'content')
    mine.faults.come(GetObject=repeat(broken(99)))
    with open_object(mine, 'bucket', 'key') as file, pytest.raises(
        IncompleteReadError
    ):
        file.read()
    assert mine.faults.sent.count('GetObject') == 3


@pytest.mark.parametrize(
    ('change', 'code'),
    [('put_object', 'PreconditionFailed'), ('delete_object', 'NoSuchKey')],
)
def test_an_object_that_changes_is_an_error(s3, mine, change, code):
    put(s3, b'content')
    with open_object(mine, 'bucket', 'key', buffer=4) as file:
        assert file.read(4) == b'cont'
        getattr(s3, change)(Bucket='bucket', Key='key')
        with pytest.raises(ClientError, match=code):
            file.read(4)


def test_a_zip_has_each_object_as_a_member(s3, mine):
    bodies = {'a': b'1' * 99_999, 'folder/ü': b'', 'c': b'3'}
    for key, body in bodies.items():
        put(s3, body, key)
    mine.faults.come(GetObject=repeat(broken(1)))
    zip_objects(mine, 'bucket', iter(bodies), 'all.zip')
    archive = zipfile.ZipFile(io.BytesIO(read(s3, 'all.zip')))
    assert {key: archive.read(key) for key in archive.namelist()} == bodies
    head = s3.head_object(Bucket='bucket', Key='all.zip')
    assert head['ContentType'] == 'application/zip'
    assert head['ContentLength'] < 9_999, 'it is not packed'


def test_a_zip_that_lacks_an_object_is_not_stored(s3, mine):
    put(s3, b'1')
    with pytest.raises(ClientError, match='404'):
        zip_objects(mine, 'bucket', ['key', 'absent'], 'all.zip')
    assert keys(s3) == ['key']


SALES = b'day,price\n' + b'1,9.5\n' * 2_000


@pytest.mark.parametrize('compression', [None, 'gzip'])
def test_pandas_reads_a_csv_by_a_request_for_each_buffer(
    s3, mine, pandas, compression
):
    body = gzip.compress(SALES) if compression else SALES
    put(s3, body)
    with open_object(mine, 'bucket', 'key', buffer=4096) as file:
        table = pandas.read_csv(file, compression=compression)
    assert table['price'].sum() == 19_000
    assert mine.faults.sent.count('GetObject') <= len(body) / 4096 + 1


def test_pandas_reads_some_columns_of_a_parquet_file(s3, mine, pandas):
    noise = [os.urandom(400) for _ in range(999)]
    table = pandas.DataFrame({'large': noise, 'price': 1})
    put(s3, table.to_parquet())
    fetched = []
    mine.meta.events.register(
        'after-call.s3.GetObject',
        lambda parsed, **_: fetched.append(parsed['ContentLength']),
    )
    with open_object(mine, 'bucket', 'key', buffer=1024) as file:
        prices = pandas.read_parquet(file, columns=['price'])
    assert prices['price'].sum() == 999
    assert sum(fetched) < len(read(s3)) / 4


def test_pandas_does_not_pack_what_it_returns(pandas):
    text = pandas.DataFrame({'a': [1]}).to_csv(index=False, compression='gzip')
    assert text.split() == ['a', '1']
