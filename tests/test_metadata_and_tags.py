"""Tests of recipes/metadata_and_tags.py."""

from itertools import repeat

import pytest

from faults import ERROR, after, conflict, says
from metadata_and_tags import add_tags, change_metadata
from support import read

changed = says(412, ERROR.format('PreconditionFailed'))


@pytest.fixture
def mine(mine, s3):
    s3.put_bucket_versioning(
        Bucket='bucket', VersioningConfiguration={'Status': 'Enabled'}
    )
    return mine


def put(s3, key, body=b'', **kwargs):
    response = s3.put_object(Bucket='bucket', Key=key, Body=body, **kwargs)
    return response['VersionId']


def head(s3):
    return s3.head_object(Bucket='bucket', Key='key')


def test_new_metadata_keep_headers_class_encryption_and_tags(s3, mine):
    kept = {
        'CacheControl': 'no-cache',
        'ContentDisposition': 'inline',
        'ContentEncoding': 'gzip',
        'ContentLanguage': 'de',
        'ContentType': 'text/csv',
        'StorageClass': 'STANDARD_IA',
        'ServerSideEncryption': 'aws:kms',
        'SSEKMSKeyId': 'a-key',
        'BucketKeyEnabled': True,
        'WebsiteRedirectLocation': '/there',
        'Expires': 'Thu, 01 Jan 2032 00:00:00 GMT',
    }
    put(s3, 'key', Metadata={'a': '1', 'b': '1'}, Tagging='c=1', **kept)
    before = head(s3)
    merged = change_metadata(mine, 'bucket', 'key', {'B': '2'})
    assert merged == head(s3)['Metadata'] == {'a': '1', 'b': '2'}
    assert {x: head(s3)[x] for x in kept} == {x: before[x] for x in kept}
    tagging = s3.get_object_tagging(Bucket='bucket', Key='key')
    assert tagging['TagSet'] == [{'Key': 'c', 'Value': '1'}]


def test_a_new_content_type_replaces_the_old_one(s3, mine):
    put(s3, 'key', ContentType='text/csv')
    change_metadata(mine, 'bucket', 'key', {}, content_type='text/plain')
    assert head(s3)['ContentType'] == 'text/plain'


def test_other_headers_can_be_changed_too(s3, mine):
    put(s3, 'key', ContentType='text/csv', CacheControl='no-cache')
    extra = {'CacheControl': 'max-age=60', 'ContentLanguage': 'de'}
    change_metadata(mine, 'bucket', 'key', {}, extra=extra)
    assert extra.items() <= head(s3).items()
    assert head(s3)['ContentType'] == 'text/csv'


def test_what_was_added_can_be_removed(s3, mine):
    put(s3, 'key', Metadata={'a': '1', 'b': '2'}, Tagging='c=3&d=4')
    assert change_metadata(mine, 'bucket', 'key', {'A': None}) == {'b': '2'}
    assert head(s3)['Metadata'] == {'b': '2'}
    assert add_tags(mine, 'bucket', 'key', {'c': None}) == {'d': '4'}
    tagging = s3.get_object_tagging(Bucket='bucket', Key='key')
    assert tagging['TagSet'] == [{'Key': 'd', 'Value': '4'}]


def read_as_latin_1(request, work):
    """moto keeps text, a network bytes: boto3 sends UTF-8, reads Latin-1."""
    response = work()
    value = response.headers['Content-Disposition']
    response.headers['Content-Disposition'] = value.encode().decode('latin-1')
    return response


@pytest.mark.parametrize(
    'name',
    [
        'filename="M\xfcller.pdf"',
        'filename="5\u5c0f\u6642.pdf"',
        "filename*=UTF-8''M%C3%BCller.pdf",
    ],
)
def test_a_file_name_that_is_not_ascii_stays(s3, mine, name):
    put(s3, 'key', ContentDisposition=name)
    mine.faults.come(HeadObject=[read_as_latin_1])
    change_metadata(mine, 'bucket', 'key', {'a': '1'})
    assert head(s3)['ContentDisposition'] == name
    change_metadata(mine, 'bucket', 'key', {'a': '2'})  # and read well
    assert head(s3)['ContentDisposition'] == name


@pytest.mark.parametrize('header', ['If-Match', 'x-amz-copy-source-if-match'])
def test_metadata_of_what_others_replace_are_read_again(s3, mine, header):
    def replace(request, work):
        """Somebody is first, and S3 looks at one of the conditions."""
        put(s3, 'key', b'theirs', Metadata={'c': '1'})
        return changed(request, work) if header in request.headers else work()

    put(s3, 'key', b'old', Metadata={'a': '1'})
    mine.faults.come(CopyObject=[replace])
    merged = change_metadata(mine, 'bucket', 'key', {'b': '2'})
    assert merged == head(s3)['Metadata'] == {'b': '2', 'c': '1'}
    assert read(s3) == b'theirs'


def test_metadata_conflicts_are_tried_again_and_end(s3, mine):
    put(s3, 'key')
    mine.faults.come(CopyObject=[conflict] * 4)
    assert change_metadata(mine, 'bucket', 'key', {'a': '1'}) == {'a': '1'}
    mine.faults.come(CopyObject=repeat(conflict))
    with pytest.raises(RuntimeError, match='bucket/key changed 5 times'):
        change_metadata(mine, 'bucket', 'key', {'a': '1'})


def test_tags_go_to_the_version_that_was_read(s3, mine):
    version_id = put(s3, 'key', Tagging='a=1')
    mine.faults.come(PutObjectTagging=[after(lambda: put(s3, 'key'))])
    assert add_tags(mine, 'bucket', 'key', {'b': '2'}) == {'a': '1', 'b': '2'}
    tagging = s3.get_object_tagging(Bucket='bucket', Key='key')
    assert tagging['TagSet'] == []
    tagging = s3.get_object_tagging(
        Bucket='bucket', Key='key', VersionId=version_id
    )
    assert len(tagging['TagSet']) == 2
