"""Tests of recipes/open_object.py."""

import io
from itertools import repeat

import pytest
from botocore.exceptions import ClientError, IncompleteReadError

from faults import (
    broken,
)
from open_object import open_object

MB = 1024 * 1024


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def test_text_takes_as_few_requests_as_bytes(s3, mine):
    put(s3, b'x' * 63 * 1024 + b'\n' * 1024)
    with open_object(mine, 'bucket', 'key', buffer=4096) as file:
        assert len(io.TextIOWrapper(file).readline()) == 63 * 1024 + 1
    assert mine.faults.sent.count('GetObject') == 16


def test_a_whole_object_is_read_by_one_request(s3, mine):
    put(s3, bytes(MB))
    with open_object(mine, 'bucket', 'key', buffer=4096) as file:
        assert file.read() == bytes(MB)
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
