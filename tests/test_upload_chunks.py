"""Tests of recipes/upload_chunks.py."""

import threading
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

from faults import denied, gone, lost, slow_down
from handle_errors import exists
from open_object import open_object
from upload_chunks import parts_of, upload_chunks

MB = 1024  # `small` makes it so
PART = 8 * MB


@pytest.fixture(autouse=True)
def _small(small):
    pass


def upload(s3, chunks):
    upload_chunks(s3, 'bucket', 'key', chunks, 'text/csv')


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
        [b'1' * 3 * MB, b'2' * 6 * MB, b'3'],
        [b'x' * (2 * PART + 1)],
    ],
    ids=['none', 'small', 'a part', 'two parts', 'across parts', 'one large'],
)
def test_chunks_of_any_size_arrive_whole_with_their_type(s3, mine, chunks):
    upload(mine, iter(chunks))
    response = s3.get_object(Bucket='bucket', Key='key')
    assert response['Body'].read() == b''.join(chunks)
    assert response['ContentType'] == 'text/csv'


def test_parts_grow_so_that_10000_are_enough():
    sizes = [len(part) for part in parts_of([bytes(2**10 * 1000)], 1)]
    assert (sizes[999], sizes[1000], sizes[1999], sizes[2000]) == (1, 2, 2, 4)
    of_8_mb = [8 * 1024**2 * size for size in sizes[:10_000]]
    assert sum(of_8_mb) > 5 * 1024**4  # bytes
    assert max(of_8_mb) < 5 * 1024**3  # what S3 takes


def test_no_part_is_larger_than_s3_takes(monkeypatch):
    monkeypatch.setattr('upload_chunks.LARGEST', 3)
    sizes = [len(part) for part in parts_of([bytes(9_000)], 2)]
    assert (sizes[999], sizes[1000], sizes[-2]) == (2, 3, 3)


@pytest.mark.parametrize('size', [1, PART])
def test_it_passes_on_what_else_s3_shall_keep(s3, mine, size):
    extra = {'CacheControl': 'no-store', 'Metadata': {'a': '1'}}
    upload_chunks(mine, 'bucket', 'key', [bytes(size)], extra=extra)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert {name: head[name] for name in extra} == extra
    assert head['ContentType'] == 'application/octet-stream'


def test_an_object_is_copied_with_two_sets_of_credentials(s3, mine):
    body = bytes(range(256)) * 100
    s3.put_object(Bucket='bucket', Key='theirs', Body=body)
    sent = []
    s3.meta.events.register(
        'before-call.s3.GetObject', lambda **_: sent.append(1)
    )
    with open_object(s3, 'bucket', 'theirs', buffer=MB) as file:
        upload(mine, iter(lambda: file.read(PART), b''))
    response = s3.get_object(Bucket='bucket', Key='key')
    assert response['Body'].read() == body
    assert len(sent) - 1 <= len(body) / PART + 1, 'a request for each part'


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
