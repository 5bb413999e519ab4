"""Tests of recipes/presigned_parts.py."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.exceptions import ClientError

import presigned_parts
from faults import ERROR, denied, gone, lost, says
from presigned_parts import MB, abort, finish, part_urls, start
from presigned_url import signing_client


@pytest.fixture
def upload_id(s3, mine):
    return start(s3, 'bucket', 'key', 'text/plain')


def urls_for(size, part_size):
    v4 = signing_client('us-east-1')
    return part_urls(v4, 'bucket', 'key', 'id', size, part_size)


def signed_lengths(monkeypatch, size, part_size):
    """Return the number and the length that are signed for each part."""
    signed = []

    def sign(s3, operation, params, seconds):
        assert operation == 'upload_part'
        signed.append((params['PartNumber'], params['ContentLength']))
        return 'url'

    monkeypatch.setattr(presigned_parts, 'sign', sign)
    part_urls('s3', 'bucket', 'key', 'id', size, part_size)
    return signed


def send_part(upload_id):
    """Send a part as a browser would, and return its ETag."""
    v4 = signing_client('us-east-1')
    [url] = part_urls(v4, 'bucket', 'key', upload_id, 4, 4)
    return requests.put(url, b'part', timeout=10).headers['ETag']


def test_each_url_signs_its_length(s3):
    for number, url in enumerate(urls_for(12 * MB, 5 * MB), 1):
        query = parse_qs(urlsplit(url).query)
        assert query['X-Amz-SignedHeaders'] == ['content-length;host']
        assert query['partNumber'] == [str(number)]


@pytest.mark.parametrize(
    ('size', 'lengths'),
    [
        (0, [0]),
        (1, [1]),
        (5 * MB - 1, [5 * MB - 1]),
        (5 * MB, [5 * MB]),
        (5 * MB + 1, [5 * MB, 1]),
        (10 * MB, [5 * MB, 5 * MB]),
    ],
)
def test_the_lengths_are_those_of_the_file(size, lengths, monkeypatch):
    signed = signed_lengths(monkeypatch, size, 5 * MB)
    assert signed == [*enumerate(lengths, 1)]


def test_parts_that_s3_would_not_join_are_refused_before(s3, monkeypatch):
    with pytest.raises(ValueError, match='Only the last part may'):
        urls_for(5 * MB, 5 * MB - 1)
    with pytest.raises(ValueError, match='More than 10,000 parts'):
        urls_for(50_000 * MB + 1, 5 * MB)
    with pytest.raises(ValueError, match='5 GiB at most'):
        urls_for(5120 * MB + 1, 6000 * MB)
    assert len(urls_for(5120 * MB, 6000 * MB)) == 1
    assert len(signed_lengths(monkeypatch, 50_000 * MB, 5 * MB)) == 10_000
    assert signed_lengths(monkeypatch, 5, 5) == [(1, 5)]


def test_completing_tells_s3_the_size_and_its_refusal(mine, upload_id):
    def other_size(request, work):
        assert request.headers['x-amz-mp-object-size'] == b'5'
        return says(400, ERROR.format('InvalidRequest'))(request, work)

    etag = send_part(upload_id)
    mine.faults.come(CompleteMultipartUpload=[other_size])
    with pytest.raises(ClientError, match='InvalidRequest'):
        finish(mine, 'bucket', 'key', upload_id, [etag], size=5)


def test_a_head_finds_what_a_lost_response_has_completed(s3, mine, upload_id):
    etag = send_part(upload_id)
    mine.faults.come(CompleteMultipartUpload=[lost, gone])
    with pytest.raises(ClientError, match='NoSuchUpload'):
        finish(mine, 'bucket', 'key', upload_id, [etag], size=4)
    head = s3.head_object(Bucket='bucket', Key='key')
    assert (head['ContentType'], head['ContentLength']) == ('text/plain', 4)


def test_aborting_what_is_gone_is_no_error(mine, upload_id):
    mine.faults.come(AbortMultipartUpload=[lost])
    abort(mine, 'bucket', 'key', upload_id)
    assert len(mine.faults.sent) == 2


def test_aborting_without_permission_is_an_error(mine, upload_id):
    mine.faults.come(AbortMultipartUpload=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        abort(mine, 'bucket', 'key', upload_id)
