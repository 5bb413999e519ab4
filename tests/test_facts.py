"""What README.md and the recipes say about S3, as far as moto can show it.

A test names what it holds, as it is read: without links. It fails where
that is gone. A row of *Where the mock ends* is held by its first two cells.
"""

import io
import json
import re
import sys
from datetime import timedelta

import boto3
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, FlexibleChecksumError
from botocore.exceptions import ParamValidationError as NotSent
from support import HELD, SAID, handler, holds

HERE = {'Bucket': 'facts', 'Key': 'key'}
COPY = {'Bucket': 'facts', 'Key': 'copy'}
ABSENT = {'Bucket': 'facts', 'Key': 'absent'}
V4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})


@pytest.fixture(autouse=True)
def _bucket(s3):
    s3.create_bucket(Bucket='facts')


@pytest.fixture
def elsewhere(s3):
    """A client in another region, whose URLs are signed with Version 4."""
    return boto3.client('s3', region_name='eu-central-1', config=V4)


@pytest.fixture
def versions(s3):
    """Turn versioning on for that bucket."""
    status = {'Status': 'Enabled'}
    s3.put_bucket_versioning(Bucket='facts', VersioningConfiguration=status)


def put(s3, *keys, **kwargs):
    for key in keys:
        s3.put_object(Bucket='facts', Key=key, **kwargs)


def read(s3, **kwargs) -> bytes:
    return s3.get_object(**kwargs)['Body'].read()


def code_of(call, *args, **kwargs) -> str:
    """The error code that S3 responds to `call` with."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


def policy(effect, **condition) -> str:
    what = {'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::facts/*'}
    statement = {'Effect': effect, 'Principal': '*', **what}
    statement['Condition'] = condition
    return json.dumps({'Version': '2012-10-17', 'Statement': [statement]})


# Where the mock ends: each fails on the day when moto is as strict as S3.


@holds('a bucket named `Bad_Name` | creates it')
@holds('a bucket name that is taken | every name is free')
def test_moto_takes_any_bucket_name(s3):
    s3.create_bucket(Bucket='Bad_Name')
    s3.create_bucket(Bucket='test')  # which somebody has had for years


@holds("somebody else's keys | any access key may do anything")
@holds('a wrong `ExpectedBucketOwner` | does as asked')
def test_moto_takes_a_stranger_for_the_owner(s3):
    put(s3, 'key', Body='secret')
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert read(stranger, ExpectedBucketOwner='0' * 12, **HERE) == b'secret'


@holds('a public ACL or bucket policy on a new bucket | accepts both')
@holds('a policy that denies `aws:SecureTransport: false` | denies HTTPS, too')
def test_moto_takes_any_policy(s3):
    put(s3, 'key')
    s3.put_bucket_acl(Bucket='facts', ACL='public-read')
    s3.put_bucket_policy(Bucket='facts', Policy=policy('Allow'))
    http = policy('Deny', Bool={'aws:SecureTransport': 'false'})
    s3.put_bucket_policy(Bucket='facts', Policy=http)
    assert s3.meta.endpoint_url.startswith('https:')
    assert code_of(s3.get_object, **HERE) in ('AccessDenied', '403')


@holds('an upload with a key that you send along (SSE-C) | stores it')
@holds('an upload with a wrong MD5 or SHA-256 | stores it')
@holds('3 KB of metadata | keeps it')
@holds('a key of 1,025 bytes | keeps it')
def test_moto_takes_any_upload(s3):
    put(s3, 'a', SSECustomerAlgorithm='AES256', SSECustomerKey=b'0' * 32)
    put(s3, 'b', Body='x', ChecksumSHA256='A' * 43 + '=')
    put(s3, 'b', Body='x', ContentMD5='A' * 22 + '==')
    put(s3, 'c', Metadata={'note': 'x' * 3 * 1024})
    put(s3, 'k' * 1025)


@holds('1,001 keys in one `delete_objects` | deletes them')
@holds('a batch delete with another `ETag` | deletes the object')
def test_moto_takes_any_batch(s3):
    put(s3, 'key')
    many = [{'Key': str(number)} for number in range(1001)]
    for objects in (many, [{'Key': 'key', 'ETag': '"another"'}]):
        batch = {'Objects': objects}
        response = s3.delete_objects(Bucket='facts', Delete=batch)
        assert len(response['Deleted']) == len(objects)


@holds('deleting versions while a paginator runs | loses its place')
def test_moto_loses_its_place_where_one_deletes(s3, versions, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    put(s3, *['key'] * 5)
    pages = s3.get_paginator('list_object_versions').paginate(Bucket='facts')
    for page in pages:
        for entry in page.get('Versions', []):
            s3.delete_object(VersionId=entry['VersionId'], **HERE)
    monkeypatch.undo()
    assert len(s3.list_object_versions(Bucket='facts')['Versions']) == 3


@holds('a write right after versioning is turned on | is a version at once')
def test_moto_keeps_versions_at_once(s3, versions):
    put(s3, 'key')
    assert s3.head_object(**HERE)['VersionId'] != 'null'


@holds('a presigned URL that has expired | responds')
@holds('a presigned URL that somebody changed | responds')
@holds('a presigned URL for another method | responds')
@holds('an upload to a presigned URL with another content type | stores it')
@holds('a form upload over its size limit | stores it')
def test_moto_takes_any_presigned_url(s3, elsewhere):
    put(s3, 'key')
    url = elsewhere.generate_presigned_url('get_object', HERE)
    old = elsewhere.generate_presigned_url('get_object', HERE, ExpiresIn=-60)
    changed = url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999')
    assert requests.get(old).status_code == 200
    assert requests.get(changed).status_code == 200
    assert requests.put(url, data=b'x').status_code == 200
    text = {**HERE, 'ContentType': 'text/plain'}
    url = elsewhere.generate_presigned_url('put_object', text)
    requests.put(url, b'x', headers={'Content-Type': 'image/png'})
    assert s3.head_object(**HERE)['ContentType'] == 'image/png'
    limit = [['content-length-range', 1, 2]]
    form = s3.generate_presigned_post('facts', 'key', Conditions=limit)
    body = {'file': b'xxx'}
    response = requests.post(form['url'], data=form['fields'], files=body)
    assert response.status_code == 204


@pytest.mark.skipif(sys.version_info < (3, 10), reason='needs a newer moto')
@holds('a copy with another ETag in `CopySourceIfMatch` | copies')
@holds("a copy with `IfNoneMatch='*'` onto a key that exists | overwrites it")
@holds('`rename_object` | makes an empty copy and keeps the original')
@holds('`update_object_encryption` | replaces the body by XML')
@holds('an annotation | replaces the body by it; deleting it deletes the')
@holds('of an upload in parts, `get_object` is a `FlexibleChecksumError`')
def test_moto_takes_new_operations_for_old_ones(s3):
    put(s3, 'key', Body='body')
    put(s3, 'copy')
    another = {'CopySourceIfMatch': '"another"', 'IfNoneMatch': '*'}
    s3.copy_object(CopySource=HERE, **another, **COPY)
    assert read(s3, **COPY) == b'body'
    s3.rename_object(Bucket='facts', Key='new', RenameSource='/facts/key')
    assert read(s3, Bucket='facts', Key='new') == b''
    assert read(s3, **HERE) == b'body'
    kms = {'SSEKMS': {'KMSKeyArn': f'arn:aws:kms:us-east-1:{"0" * 12}:key/x'}}
    s3.update_object_encryption(ObjectEncryption=kms, **HERE)
    assert b'<' in read(s3, **HERE)
    note = {'AnnotationName': 'note', **HERE}
    s3.put_object_annotation(AnnotationPayload=b'note', **note)
    assert read(s3, **HERE) == b'note'
    s3.delete_object_annotation(**note)
    assert code_of(s3.head_object, **HERE) == '404'
    s3.upload_fileobj(io.BytesIO(bytes(9 * 1024**2)), **HERE)
    s3.copy_object(CopySource=HERE, **COPY)
    with pytest.raises(FlexibleChecksumError):
        read(s3, **COPY)


def test_each_row_of_where_the_mock_ends_is_held():
    table = SAID.partition('| what | moto | S3 | | --- | --- | --- | | ')[2]
    rows = table.partition(' | moto is stricter once')[0].split(' | | ')
    assert len(rows) > 20
    for row in rows:
        assert any(row.startswith(words) for words in HELD), row


@holds('a name that is too short, a missing location constraint, a missing')
@holds('key or bucket, a copy onto itself, and a request without credentials.')
@holds('A missing key is `NoSuchKey` and a missing bucket is `NoSuchBucket`.')
@holds('a missing key is only a `404` here, not `NoSuchKey`.')
@holds('another region is an `IllegalLocationConstraintException`.')
@holds('works only on an empty bucket: otherwise it is `BucketNotEmpty`.')
@holds('Copying it onto itself without a change is an `InvalidRequest`.')
@holds('and other regions say `BucketAlreadyOwnedByYou`.')
def test_moto_refuses_as_s3_does(s3, elsewhere):
    unsigned = Config(signature_version=UNSIGNED)
    anonymous = boto3.client('s3', region_name='us-east-1', config=unsigned)
    put(s3, 'key')
    assert code_of(s3.get_object, **ABSENT) == 'NoSuchKey'
    assert code_of(s3.head_object, **ABSENT) == '404'
    assert code_of(s3.get_object, Bucket='absent', Key='x') == 'NoSuchBucket'
    assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
    assert code_of(s3.create_bucket, Bucket='ab') == 'InvalidBucketName'
    assert code_of(s3.copy_object, CopySource=HERE, **HERE) == 'InvalidRequest'
    assert code_of(anonymous.get_object, **HERE) == '403'
    create = elsewhere.create_bucket
    nowhere = code_of(create, Bucket='there')
    assert nowhere == 'IllegalLocationConstraintException'
    there = {'LocationConstraint': 'eu-central-1'}
    create(Bucket='there', CreateBucketConfiguration=there)
    again = code_of(create, Bucket='there', CreateBucketConfiguration=there)
    assert again == 'BucketAlreadyOwnedByYou'
    s3.create_bucket(Bucket='facts')  # us-east-1 does not mind


@holds('Creating a client or a resource sends nothing to S3.')
@holds('Signing sends nothing: a missing key or permission shows when the')
def test_creating_clients_and_signing_sends_nothing():
    with handler('before-send.s3', lambda **_: pytest.fail('something sent')):
        boto3.Session().resource('s3', region_name='us-east-1')
        client = boto3.Session().client('s3', region_name='us-east-1')
        client.generate_presigned_url('get_object', Params=ABSENT)


@holds('If the key exists, the new object replaces the old one without a')
@holds('A `str` is sent as UTF-8.')
@holds('has room for 2 KB of ASCII text.')
@holds('`delete_object(` succeeds whether the key exists or not.')
@holds('`LastModified` is a `datetime` in UTC, exact to the second.')
@holds('use `iter_chunks()`, `iter_lines()` or a `Range`.')
def test_uploads_downloads_and_deletions(s3):
    s3.delete_object(**HERE)
    put(s3, 'key', Body='one', ContentType='text/plain')
    put(s3, 'key', Body='zwölf\nzehn', Metadata={'Author': 'Me'})
    response = s3.get_object(**HERE)
    assert response['Body'].read() == b'zw\xc3\xb6lf\nzehn'
    assert response['ContentType'] == 'binary/octet-stream'
    assert response['Metadata'] == {'author': 'Me'}
    date = response['LastModified']
    assert (date.utcoffset(), date.microsecond) == (timedelta(0), 0)
    with pytest.raises(NotSent, match='ASCII'):
        put(s3, 'key', Metadata={'author': 'Zoë'})
    lines = s3.get_object(**HERE)['Body'].iter_lines()
    assert list(lines) == [b'zw\xc3\xb6lf', b'zehn']
    chunks = s3.get_object(**HERE)['Body'].iter_chunks(7)
    assert list(chunks) == [b'zw\xc3\xb6lf\n', b'zehn']
    assert read(s3, Range='bytes=7-8', **HERE) == b'ze'


@holds('`IsTruncated` says whether there are more keys than one response')
@holds('by their bytes, not by date: `B` comes before `a`, and `a10` before')
@holds('would group the rest into `CommonPrefixes`, which look like folders.')
@holds('A listing has neither content type nor metadata;')
def test_listings(s3):
    put(s3, 'a9', 'a10', 'B', 'dir/x', 'dir/y/z', Metadata={'a': '1'})
    response = s3.list_objects_v2(Bucket='facts', MaxKeys=2)
    assert (response['KeyCount'], response['IsTruncated']) == (2, True)
    response = s3.list_objects_v2(Bucket='facts', Delimiter='/')
    assert re.findall("'Key': '(.*?)'", str(response)) == ['B', 'a10', 'a9']
    assert response['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    assert not {'ContentType', 'Metadata'} & set(response['Contents'][0])


@holds('After an upload in parts it ends in `-` and the number of parts.')
@holds('and works in parts from 8 MB on. In parts it drops the tags unless')
@holds('Files of 8 MB and more are sent and fetched in parts')
def test_parts(s3):
    assert TransferConfig().multipart_threshold == 8 * 1024**2
    put(s3, 'key', Body=bytes(9 * 1024**2), Tagging='team=sales')
    s3.copy(HERE, **COPY)
    assert '-' not in s3.head_object(**HERE)['ETag']
    assert s3.head_object(**COPY)['ETag'].endswith('-2"')
    assert s3.get_object_tagging(**COPY)['TagSet'] == []


@holds('drops whatever is not given again: content type,')
@holds('A change of metadata alone leaves no trace in the ETag')
@holds('`copy_object(` keeps the tags, too.')
@holds('its storage class is `STANDARD`,')
def test_copying(s3):
    kept = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(s3, 'key', Tagging='a=1', StorageClass='STANDARD_IA', **kept)
    s3.copy_object(CopySource=HERE, **COPY)
    copy = s3.head_object(**COPY)
    assert {name: copy[name] for name in kept} == kept
    assert copy.get('StorageClass', 'STANDARD') == 'STANDARD'
    assert s3.get_object_tagging(**COPY)['TagSet'] != []
    replace = {'MetadataDirective': 'REPLACE', 'Metadata': {'b': '2'}}
    s3.copy_object(CopySource=COPY, **replace, **COPY)
    after = s3.head_object(**COPY)
    assert after['Metadata'] == {'b': '2'}
    assert after['ContentType'] == 'binary/octet-stream'
    assert after['ETag'] == copy['ETag']


@holds('These URLs say `AWSAccessKeyId=`: that is Version 2,')
@holds("boto3's default in eight regions of the partition `aws`.")
@holds('It does not sign a `Range` or a condition, so boto3 drops them')
@holds("it puts the region's own host into the URL.")
@holds('`ExpiresIn` is in seconds. The default is 3600.')
def test_versions_of_presigned_urls(s3, elsewhere):
    asked = {**HERE, 'Range': 'bytes=0-1', 'IfMatch': '"x"'}
    urls = {
        region: boto3.client('s3', region_name=region).generate_presigned_url(
            'get_object', asked
        )
        for region in boto3.Session().get_available_regions('s3')
    }
    old = {k for k, v in urls.items() if 'AWSAccessKeyId=' in v}
    assert len(old) == 8
    assert 'us-east-1' in old
    for region, url in urls.items():
        assert ('host%3Bif-match%3Brange' in url) == (region not in old)
    assert urls['eu-central-1'].startswith('https://facts.s3.amazonaws.com/')
    url = elsewhere.generate_presigned_url('get_object', HERE)
    assert url.startswith('https://facts.s3.eu-central-1.amazonaws.com/')
    assert 'X-Amz-Expires=3600' in url


@holds('the old versions stay behind the delete marker, and still cost money.')
@holds('Old versions and delete markers count as content.')
@holds('removes nothing: without the marker, the object is back.')
def test_versions(s3, versions):
    put(s3, 'key', Body='old')
    version = s3.head_object(**HERE)['VersionId']
    marker = s3.delete_object(**HERE)
    assert marker['DeleteMarker'] is True
    assert code_of(s3.get_object, **HERE) == 'NoSuchKey'
    assert read(s3, VersionId=version, **HERE) == b'old'
    for left in (version, marker['VersionId']):
        assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
        s3.delete_object(VersionId=left, **HERE)
    s3.delete_bucket(Bucket='facts')
