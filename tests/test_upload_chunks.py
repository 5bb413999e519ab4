"""Tests of recipes/upload_chunks.py."""

import threading
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

from faults import (
    denied,
    gone,
    lost,
    slow_down,
)
from handle_errors import exists
from upload_chunks import upload_chunks

MB = 1024 * 1024


PART = 5 * MB  # the smallest that S3 takes


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


@pytest.mark.parametrize('head', [None, denied])
def test_parts_that_somebody_removed_are_an_error(s3, mine, head):
    upload(s3, [b'other' * MB])
    mine.faults.come(CompleteMultipartUpload=[gone], HeadObject=[head])
    with pytest.raises(ClientError, match='NoSuchUpload'):
        upload(mine, [bytes(PART)])
