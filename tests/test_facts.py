"""What README.md says about S3, as far as moto can show it."""

import hashlib
from datetime import timedelta

import boto3
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from page import table
from support import handler

from main_aws_s3 import closed_world

BUCKET = 'facts'


@pytest.fixture
def s3():
    """A client in us-east-1, and an empty bucket named BUCKET."""
    with closed_world():
        client = boto3.client('s3', region_name='us-east-1')
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def bucket(s3):
    return boto3.resource('s3', region_name='us-east-1').Bucket(BUCKET)


def put(s3, *keys, **kwargs):
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, **kwargs)


def code_of(call, *args, **kwargs) -> str:
    """The error code that S3 answers `call` with."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


def sign(method='get_object', expires_in=3600, **params):
    v4 = Config(signature_version='s3v4')
    client = boto3.client('s3', region_name='us-east-1', config=v4)
    params = {'Bucket': BUCKET, 'Key': 'key', **params}
    return client.generate_presigned_url(
        method, Params=params, ExpiresIn=expires_in
    )


# Where the mock ends: one function a row of README's table, each of which
# fails on the day when moto is as strict as S3.


def a_bad_name_is_taken(s3):
    s3.create_bucket(Bucket='Bad_Name')


def every_name_is_free(s3):
    s3.create_bucket(Bucket='test')  # which somebody has had for years


def any_key_may_do_anything(s3):
    put(s3, 'key', Body='secret')
    stranger = boto3.client(
        's3',
        region_name='us-east-1',
        aws_access_key_id='nobody',
        aws_secret_access_key='nothing',
    )
    body = stranger.get_object(Bucket=BUCKET, Key='key')['Body'].read()
    assert body == b'secret'


def a_batch_may_be_too_long(s3):
    keys = [{'Key': str(n)} for n in range(1001)]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={'Objects': keys})
    assert len(answer['Deleted']) == 1001


def an_expired_url_is_good(s3):
    put(s3, 'key')
    assert requests.get(sign(expires_in=-60)).status_code == 200


def a_changed_url_is_good(s3):
    put(s3, 'key')
    url = sign().replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999')
    assert requests.get(url).status_code == 200


def a_url_is_good_for_another_method(s3):
    assert requests.put(sign(), data=b'x').status_code == 200


def a_signed_content_type_may_differ(s3):
    url = sign('put_object', ContentType='text/plain')
    answer = requests.put(url, b'x', headers={'Content-Type': 'image/png'})
    assert answer.status_code == 200
    head = s3.head_object(Bucket=BUCKET, Key='key')
    assert head['ContentType'] == 'image/png'


def a_form_may_exceed_its_limit(s3):
    form = s3.generate_presigned_post(
        BUCKET, 'key', Conditions=[['content-length-range', 1, 2]]
    )
    answer = requests.post(
        form['url'], data=form['fields'], files={'file': b'xxx'}
    )
    assert answer.status_code == 204


def a_copy_ignores_its_condition(s3):
    put(s3, 'key')
    s3.copy_object(
        Bucket=BUCKET,
        Key='copy',
        CopySource={'Bucket': BUCKET, 'Key': 'key'},
        CopySourceIfMatch='"another"',
    )


def metadata_may_be_too_long(s3):
    put(s3, 'key', Metadata={'note': 'x' * 3 * 1024})


def a_key_may_be_too_long(s3):
    put(s3, 'k' * 1025)


KINDER = {
    'a bucket named `Bad_Name`': a_bad_name_is_taken,
    'a bucket name that is taken': every_name_is_free,
    "somebody else's keys": any_key_may_do_anything,
    '1,001 keys in one `delete_objects`': a_batch_may_be_too_long,
    'a presigned URL that has expired': an_expired_url_is_good,
    'a presigned URL that somebody changed': a_changed_url_is_good,
    'a presigned URL for another method': a_url_is_good_for_another_method,
    'an upload to a presigned URL with another content type': (
        a_signed_content_type_may_differ
    ),
    'a form upload over its size limit': a_form_may_exceed_its_limit,
    'a copy with another ETag in `CopySourceIfMatch`': (
        a_copy_ignores_its_condition
    ),
    '3 KB of metadata': metadata_may_be_too_long,
    'a key of 1,025 bytes': a_key_may_be_too_long,
}


@pytest.mark.parametrize('claim', KINDER.values(), ids=KINDER.keys())
def test_moto_is_kinder_than_s3(s3, claim):
    claim(s3)


def test_each_row_of_the_page_is_run_here():
    assert [row[0] for row in table('Where the mock ends')] == list(KINDER)


def test_moto_refuses_as_s3_does(s3):
    elsewhere = boto3.client('s3', region_name='eu-central-1')
    anonymous = boto3.client(
        's3',
        region_name='us-east-1',
        config=Config(signature_version=UNSIGNED),
    )
    put(s3, 'key')
    here = {'Bucket': BUCKET, 'Key': 'key'}
    absent = {'Bucket': BUCKET, 'Key': 'absent'}

    assert code_of(s3.delete_bucket, Bucket=BUCKET) == 'BucketNotEmpty'
    assert code_of(s3.create_bucket, Bucket='ab') == 'InvalidBucketName'
    assert (
        code_of(elsewhere.create_bucket, Bucket='elsewhere')
        == 'IllegalLocationConstraintException'
    )
    assert code_of(s3.get_object, **absent) == 'NoSuchKey'
    assert code_of(s3.head_object, **absent) == '404'
    assert code_of(s3.list_objects_v2, Bucket='absent') == 'NoSuchBucket'
    assert code_of(s3.copy_object, CopySource=here, **here) == 'InvalidRequest'
    assert code_of(anonymous.get_object, **here) == '403'


def test_creating_a_client_or_resource_sends_nothing(s3):
    sent = []
    with handler('before-send.s3', lambda request, **_: sent.append(request)):
        session = boto3.Session()
        session.client('s3', region_name='us-east-1')
        session.resource('s3', region_name='us-east-1')

    assert sent == []


def test_creating_a_bucket_again(s3):
    elsewhere = boto3.client('s3', region_name='eu-central-1')
    there = {
        'Bucket': 'there',
        'CreateBucketConfiguration': {'LocationConstraint': 'eu-central-1'},
    }

    s3.create_bucket(Bucket=BUCKET)
    elsewhere.create_bucket(**there)

    again = code_of(elsewhere.create_bucket, **there)
    assert again == 'BucketAlreadyOwnedByYou'


def test_buckets_of_all_regions_are_listed(s3):
    elsewhere = boto3.client('s3', region_name='eu-central-1')
    elsewhere.create_bucket(
        Bucket='there',
        CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'},
    )

    names = [b['Name'] for b in s3.list_buckets()['Buckets']]

    assert sorted(names) == [BUCKET, 'there']


def test_an_upload_replaces_and_has_a_type_only_if_told(s3):
    put(s3, 'key', Body='one', ContentType='text/plain')
    put(s3, 'key', Body='zwölf')

    answer = s3.get_object(Bucket=BUCKET, Key='key')
    assert answer['Body'].read() == 'zwölf'.encode()
    assert answer['ContentType'] == 'binary/octet-stream'


def test_metadata_is_ascii_in_lower_case(s3):
    put(s3, 'key', Metadata={'Author': 'Me'})

    answer = s3.head_object(Bucket=BUCKET, Key='key')
    assert answer['Metadata'] == {'author': 'Me'}
    with pytest.raises(ParamValidationError, match='ASCII'):
        put(s3, 'key', Metadata={'author': 'Zoë'})


def test_a_listing_says_that_there_is_more(s3):
    put(s3, 'a', 'b', 'c')

    answer = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2)

    assert (answer['KeyCount'], answer['IsTruncated']) == (2, True)


def test_a_bucket_is_emptied_through_all_pages(s3, bucket, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    put(s3, 'a', 'b', 'c')

    batches = bucket.objects.all().delete()

    assert [len(batch['Deleted']) for batch in batches] == [2, 1]
    s3.delete_bucket(Bucket=BUCKET)


def test_keys_are_sorted_by_bytes_and_grouped_by_delimiter(s3):
    put(s3, 'a9', 'a10', 'b', 'B', 'dir/x', 'dir/y/z')

    answer = s3.list_objects_v2(Bucket=BUCKET, Delimiter='/')

    keys = [entry['Key'] for entry in answer['Contents']]
    assert keys == ['B', 'a10', 'a9', 'b']
    assert answer['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    assert 'ContentType' not in answer['Contents'][0]
    empty = s3.list_objects_v2(Bucket=BUCKET, Prefix='nothing/')
    assert 'Contents' not in empty


def test_a_body_is_read_once_in_pieces_or_in_part(s3):
    put(s3, 'key', Body='one\ntwo')

    body = s3.get_object(Bucket=BUCKET, Key='key')['Body']
    assert [body.read(), body.read()] == [b'one\ntwo', b'']
    body = s3.get_object(Bucket=BUCKET, Key='key')['Body']
    assert list(body.iter_lines()) == [b'one', b'two']
    body = s3.get_object(Bucket=BUCKET, Key='key')['Body']
    assert list(body.iter_chunks(4)) == [b'one\n', b'two']
    part = s3.get_object(Bucket=BUCKET, Key='key', Range='bytes=4-6')
    assert part['Body'].read() == b'two'


def test_head_tells_date_and_etag(s3):
    put(s3, 'key', Body='x')
    upload = {'Bucket': BUCKET, 'Key': 'parts'}
    upload['UploadId'] = s3.create_multipart_upload(**upload)['UploadId']
    parts = [
        {
            'PartNumber': n,
            'ETag': s3.upload_part(PartNumber=n, Body=body, **upload)['ETag'],
        }
        for n, body in [(1, b'x' * 5 * 1024**2), (2, b'x')]
    ]
    s3.complete_multipart_upload(MultipartUpload={'Parts': parts}, **upload)

    answer = s3.head_object(Bucket=BUCKET, Key='key')
    assert answer['LastModified'].utcoffset() == timedelta(0)
    assert answer['LastModified'].microsecond == 0
    assert answer['ETag'] == f'"{hashlib.md5(b"x").hexdigest()}"'
    answer = s3.head_object(Bucket=BUCKET, Key='parts')
    assert answer['ETag'].endswith('-2"')


def test_files_go_in_parts_from_8_mb_on():
    assert TransferConfig().multipart_threshold == 8 * 1024**2


def test_replacing_metadata_replaces_the_content_type_too(s3):
    put(s3, 'key', ContentType='text/plain', Metadata={'a': '1'})
    here = {'Bucket': BUCKET, 'Key': 'key'}

    s3.copy_object(
        CopySource=here,
        MetadataDirective='REPLACE',
        Metadata={'b': '2'},
        **here,
    )

    answer = s3.head_object(**here)
    assert answer['Metadata'] == {'b': '2'}
    assert answer['ContentType'] == 'binary/octet-stream'


def test_a_copy_takes_type_and_metadata_along(s3):
    put(s3, 'key', Body='x', ContentType='text/plain', Metadata={'a': '1'})

    s3.copy_object(
        Bucket=BUCKET, Key='copy', CopySource={'Bucket': BUCKET, 'Key': 'key'}
    )

    answer = s3.get_object(Bucket=BUCKET, Key='copy')
    assert answer['ContentType'] == 'text/plain'
    assert answer['Metadata'] == {'a': '1'}
    assert answer['Body'].read() == b'x'


def test_signing_sends_nothing_and_asks_for_no_key(s3):
    sent = []
    with handler('before-send.s3', lambda request, **_: sent.append(request)):
        client = boto3.Session().client('s3', region_name='us-east-1')
        url = client.generate_presigned_url(
            'get_object', Params={'Bucket': BUCKET, 'Key': 'absent'}
        )

    assert sent == []
    assert 'AWSAccessKeyId=' in url  # Signature Version 2


def test_version_4_is_had_by_asking_or_in_newer_regions(s3):
    newer = boto3.client('s3', region_name='eu-central-1')
    params = {'Bucket': BUCKET, 'Key': 'key'}

    for url in (
        sign(),
        newer.generate_presigned_url('get_object', Params=params),
    ):
        assert 'X-Amz-Algorithm=AWS4-HMAC-SHA256' in url
        assert 'X-Amz-Expires=3600' in url


def test_deleting_an_absent_key_succeeds(s3):
    answer = s3.delete_object(Bucket=BUCKET, Key='absent')

    assert answer['ResponseMetadata']['HTTPStatusCode'] == 204


def test_a_delete_marker_keeps_the_versions_and_they_keep_the_bucket(
    s3, bucket
):
    bucket.Versioning().enable()
    put(s3, 'key', Body='old')
    first = s3.head_object(Bucket=BUCKET, Key='key')['VersionId']

    assert s3.delete_object(Bucket=BUCKET, Key='key')['DeleteMarker'] is True
    assert code_of(s3.get_object, Bucket=BUCKET, Key='key') == 'NoSuchKey'
    old = {'Bucket': BUCKET, 'Key': 'key', 'VersionId': first}
    assert s3.get_object(**old)['Body'].read() == b'old'
    s3.copy_object(Bucket=BUCKET, Key='copy', CopySource=old)
    assert code_of(s3.delete_bucket, Bucket=BUCKET) == 'BucketNotEmpty'
    bucket.object_versions.delete()
    s3.delete_bucket(Bucket=BUCKET)
