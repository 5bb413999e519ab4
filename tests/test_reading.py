"""Reading, finding and streaming, also where S3 misbehaves."""

import csv
import gzip
import io
import threading
from datetime import datetime, timedelta, timezone
from itertools import repeat

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from faults import (
    after,
    broken,
    denied,
    gone,
    lost,
    says,
    slow_down,
)

from recipes.errors import code_of, exists
from recipes.find_objects import count_and_size, entries, newest, oldest
from recipes.list_keys import folders, keys
from recipes.read_part import open_object
from recipes.streams import rows, upload_chunks

MB = 1024 * 1024
PART = 5 * MB  # the smallest that S3 takes


def put(s3, body, key='key'):
    s3.put_object(Bucket='bucket', Key=key, Body=body)


def replace(s3):
    """Somebody replaces the object before the next request arrives."""
    return after(lambda: put(s3, b'theirs'))


# read_part


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


# streams: rows


def rows_of(s3, body):
    put(s3, body)
    return list(rows(s3, 'bucket', 'key'))


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


# streams: upload_chunks


def upload(s3, chunks):
    upload_chunks(s3, 'bucket', 'key', chunks, 'text/csv', part_size=PART)


def nothing_is_left(s3):
    """Whether neither the object nor parts of it are in the bucket."""
    left = s3.list_multipart_uploads(Bucket='bucket').get('Uploads', [])
    parts = [
        s3.list_parts(Bucket='bucket', Key='key', UploadId=x['UploadId'])
        for x in left
    ]
    return not exists(s3, 'bucket', 'key') and not any(
        'Parts' in page for page in parts
    )


@pytest.mark.parametrize(
    'chunks',
    [
        [],
        [b'', b'small', b''],
        [bytes(PART)],
        [bytes(PART), b'', bytes(PART)],
        [b'1' * 3 * MB, b'2' * 4 * MB, b'3'],
        [b'x' * (2 * PART + 1)],
    ],
    ids=['none', 'small', 'a part', 'two parts', 'across parts', 'one large'],
)
def test_chunks_of_any_size_arrive_whole_with_their_type(s3, mine, chunks):
    upload(mine, iter(chunks))
    response = s3.get_object(Bucket='bucket', Key='key')
    assert response['Body'].read() == b''.join(chunks)
    assert response['ContentType'] == 'text/csv'


def test_one_large_chunk_is_sent_in_parts(s3, mine):
    upload(mine, [bytes(2 * PART + 1)])
    assert mine.faults.sent.count('UploadPart') == 3


def test_chunks_are_taken_in_the_thread_of_the_caller(s3, mine):
    threads = set()

    def chunks():
        for _ in range(3):
            threads.add(threading.get_ident())
            yield bytes(PART)

    upload(mine, chunks())
    assert threads == {threading.get_ident()}


@pytest.mark.parametrize('name', ['CreateMultipartUpload', 'UploadPart'])
def test_the_first_refusal_ends_an_endless_source(s3, mine, name):
    mine.faults.come(**{name: repeat(denied)})
    with pytest.raises(ClientError, match='AccessDenied'):
        upload(mine, repeat(bytes(MB)))
    assert mine.faults.sent.count(name) == 1
    assert nothing_is_left(s3)


@pytest.mark.parametrize(
    'error', [RuntimeError, KeyboardInterrupt, GeneratorExit]
)
def test_a_source_that_fails_leaves_nothing_behind(s3, mine, error):
    def chunks():
        yield bytes(PART + 1)
        raise error

    with pytest.raises(error):
        upload(mine, chunks())
    assert mine.faults.sent.count('UploadPart') == 1
    assert nothing_is_left(s3)


def interrupt(request, work):
    """Ctrl-C while S3 responds."""
    work()
    raise KeyboardInterrupt


def test_ctrl_c_during_a_request_leaves_nothing_behind(s3, mine):
    mine.faults.come(UploadPart=[None, interrupt])
    with pytest.raises(KeyboardInterrupt):
        upload(mine, repeat(bytes(PART)))
    assert nothing_is_left(s3)


def test_parts_that_cannot_be_removed_do_not_hide_the_error(s3, mine):
    denied_all = repeat(denied)
    mine.faults.come(UploadPart=[interrupt], AbortMultipartUpload=denied_all)
    with pytest.raises(KeyboardInterrupt):
        upload(mine, repeat(bytes(PART)))
    assert 'AbortMultipartUpload' in mine.faults.sent


OPERATIONS = """CreateMultipartUpload UploadPart CompleteMultipartUpload
PutObject"""


@pytest.mark.parametrize('name', OPERATIONS.split())
def test_an_upload_stands_503_and_lost_responses(s3, mine, name):
    body = b'small' if name == 'PutObject' else bytes(PART + 1)
    mine.faults.come(**{name: [slow_down, lost]})
    upload(mine, [body])
    assert len(mine.faults.met) == 2
    response = s3.get_object(Bucket='bucket', Key='key')
    assert response['Body'].read() == body


def joined(request, work):
    """S3 has joined the parts before; that response got lost."""
    work()
    return gone(request, work)


def test_parts_that_were_joined_before_are_no_error(s3, mine):
    mine.faults.come(CompleteMultipartUpload=[joined])
    upload(mine, [bytes(PART + 1)])
    assert exists(s3, 'bucket', 'key')


@pytest.mark.parametrize('head', [None, denied])
def test_parts_that_somebody_removed_are_an_error(s3, mine, head):
    upload(s3, [b'other' * MB])
    mine.faults.come(CompleteMultipartUpload=[gone], HeadObject=[head])
    with pytest.raises(ClientError, match='NoSuchUpload'):
        upload(mine, [bytes(PART)])


# find_objects, list_keys


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


def test_all_pages_are_listed_counted_and_added_up(days):
    assert count_and_size(days, 'bucket') == (7, 35)
    assert len(list(keys(days, 'bucket'))) == 7
    assert list(folders(days, 'bucket')) == [f'{n}/' for n in range(1, 8)]


def test_a_prefix_without_keys_has_none(days):
    assert list(keys(days, 'bucket', 'x')) == []
    assert list(folders(days, 'bucket', 'x')) == []


# errors


def test_an_object_exists_or_is_absent(s3, mine):
    put(s3, b'')
    assert exists(mine, 'bucket', 'key')
    assert not exists(mine, 'bucket', 'absent')


@pytest.mark.parametrize('status', [400, 403, 500])
def test_a_head_that_is_refused_is_no_answer(s3, mine, status):
    put(s3, b'')
    mine.faults.come(HeadObject=repeat(says(status, '')))
    with pytest.raises(ClientError, match=str(status)):
        exists(mine, 'bucket', 'key')


@pytest.mark.parametrize('status', [400, 403])
def test_the_reason_why_a_head_is_refused_is_told(s3, mine, status):
    reason = '<Error><Code>Reason</Code><Message>so</Message></Error>'
    mine.faults.come(
        HeadObject=repeat(says(status, '')),
        GetObject=repeat(says(status, reason)),
    )
    with pytest.raises(ClientError, match='Reason'):
        exists(mine, 'bucket', 'key')


def test_an_error_has_the_code_of_its_own_causes_alone(s3):
    with pytest.raises(ClientError) as refused:
        s3.list_objects_v2(Bucket='no-such-bucket')
    unrelated = KeyError()
    unrelated.__context__ = refused.value  # as in a handler of that error
    assert code_of(unrelated) == 'KeyError'
    unrelated.__cause__ = refused.value
    assert code_of(unrelated) == 'NoSuchBucket'
