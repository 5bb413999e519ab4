"""Tests of recipes/resume_upload.py."""

import os
from itertools import repeat

import pytest
from botocore.exceptions import ClientError

import faults
import resume_upload as resuming
from faults import after, denied, lost
from resume_upload import resume_upload
from support import keys, read

PART = 8 * 1024  # bytes
LARGE = PART + 1  # two parts


@pytest.fixture
def path(tmp_path, small):
    path = tmp_path / 'file'
    path.write_bytes(b'1' * LARGE)
    return path


def unfinished(s3):
    """The uploads in parts that nobody has completed, by their ids."""
    page = s3.list_multipart_uploads(Bucket='bucket')
    return {x['UploadId']: x['Key'] for x in page.get('Uploads', [])}


def resume(s3, path):
    return resume_upload(s3, path, 'bucket', 'key', 'text/plain')


def start(s3, key='key', algorithm='CRC32', content_type='any/type'):
    return s3.create_multipart_upload(
        Bucket='bucket',
        Key=key,
        ChecksumAlgorithm=algorithm,
        ContentType=content_type,
    )['UploadId']


def test_a_second_call_sends_what_the_first_could_not(s3, mine, path):
    mine.faults.come(UploadPart=[None, denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        resume(mine, path)
    assert resume(mine, path) == 1
    assert read(s3) == b'1' * LARGE


def test_an_upload_that_somebody_aborts_is_begun_anew(s3, mine, path):
    def aborted(request, work):
        resuming.abort(s3, 'bucket', 'key')
        return faults.gone(request, work)

    mine.faults.come(UploadPart=[aborted, aborted])
    with pytest.raises(ClientError, match='NoSuchUpload'):
        resume(mine, path)
    mine.faults.come()  # the second part may not have been begun
    assert resume(mine, path) == 2
    assert read(s3) == b'1' * LARGE


def test_each_part_is_sent_with_its_crc32(mine, path):
    seen = {}

    def keep(params, **_):
        seen[params['PartNumber']] = params['ChecksumCRC32']

    mine.meta.events.register('provide-client-params.s3.UploadPart', keep)
    resume(mine, path)
    bodies = {1: b'1' * PART, 2: b'1'}
    assert seen == {x: resuming.crc32_of(bodies[x]) for x in bodies}


def test_parts_of_another_file_are_sent_again(s3, mine, path):
    s3.upload_part(
        Bucket='bucket',
        Key='key',
        UploadId=start(s3),
        PartNumber=1,
        Body=b'0' * PART,
    )
    assert resume(mine, path) == 2
    assert read(s3) == b'1' * LARGE


def test_a_part_is_compared_by_its_crc32_where_s3_lists_it():
    part = {'ChecksumCRC32': resuming.crc32_of(b'x'), 'ETag': 'any'}
    assert resuming.is_same(part, b'x')  # moto lists no CRC32s
    assert not resuming.is_same(part, b'y')


def test_a_part_is_compared_by_its_md5_where_no_crc32_is_listed(fips):
    part = {'ETag': '"9dd4e461268c8034f5c8564e155c67a6"'}
    assert resuming.is_same(part, b'x')
    assert not resuming.is_same(part, b'y')


def test_the_newest_upload_goes_on_with_its_content_type(s3, mine, path):
    start(s3, content_type='text/old')
    start(s3, content_type='text/new')
    resume(mine, path)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert head['ContentType'] == 'text/new'


def test_uploads_of_other_keys_and_algorithms_are_left_alone(s3, mine, path):
    others = {
        start(s3, key='key-2'): 'key-2',
        start(s3, algorithm='SHA1'): 'key',
    }
    resume(mine, path)
    assert unfinished(s3) == others


def test_abort_removes_all_uploads_of_the_key_and_no_others(s3, mine):
    for key in ('key', 'key-2', 'key'):
        start(s3, key)
    start(s3, algorithm='SHA256')
    mine.faults.come(AbortMultipartUpload=[lost])
    resuming.abort(mine, 'bucket', 'key')
    assert list(unfinished(s3).values()) == ['key-2']


def test_a_file_that_changes_is_not_stored(s3, mine, path):
    change = after(lambda: path.write_bytes(b'2' * LARGE))
    mine.faults.come(UploadPart=[change])
    with pytest.raises(RuntimeError, match='changed while it was uploaded'):
        resume(mine, path)
    assert keys(s3) == []


def test_a_file_that_is_cut_off_is_not_stored(s3, mine, path):
    """Even within one tick of the clock."""
    time = path.stat().st_mtime_ns

    def cut_off():
        path.write_bytes(b'1' * PART)
        os.utime(path, ns=(time, time))

    mine.faults.come(CreateMultipartUpload=[after(cut_off)])
    with pytest.raises(RuntimeError, match='changed while it was uploaded'):
        resume(mine, path)
    assert keys(s3) == []


def test_it_passes_on_what_else_s3_shall_keep(s3, mine, path):
    extra = {'CacheControl': 'no-store', 'Metadata': {'a': '1'}}
    resume_upload(mine, path, 'bucket', 'key', extra=extra)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert {name: head[name] for name in extra} == extra
    assert head['ContentType'] == 'application/octet-stream'


def test_of_two_uploads_in_one_second_the_later_goes_on(s3, mine, path):
    """Its first try got no response, and S3 has two; one has the parts."""
    mine.faults.come(CreateMultipartUpload=[lost], UploadPart=[None, denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        resume(mine, path)
    assert resume(mine, path) == 1


def test_an_empty_file_is_stored(s3, mine, path):
    path.write_bytes(b'')
    assert resume(mine, path) == 1
    assert read(s3) == b''


def test_a_file_of_more_than_10000_parts_gets_larger_ones(
    mine, path, monkeypatch
):
    monkeypatch.setattr(resuming, 'MB', 1 / 1024 / 1024)  # parts of 8 bytes
    path.write_bytes(bytes(80_001))
    sizes = []

    def keep(params, **_):
        sizes.append(len(params['Body']))

    mine.meta.events.register('provide-client-params.s3.UploadPart', keep)
    mine.faults.come(UploadPart=repeat(denied))
    with pytest.raises(ClientError, match='AccessDenied'):
        resume(mine, path)
    assert max(sizes) == 9
