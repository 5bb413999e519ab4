"""What README.md and the recipes say about S3, as far as moto can show it.

facts.txt names the words that each test holds, as they are read: without
links. A test fails where its words are gone.
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
from support import ROOT, SAID, handler

HERE = {'Bucket': 'facts', 'Key': 'key'}
COPY = {'Bucket': 'facts', 'Key': 'copy'}
ABSENT = {'Bucket': 'facts', 'Key': 'absent'}
V4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})
_PARTS = (ROOT / 'tests' / 'facts.txt').read_text('utf-8').split('# ')[1:]
FACTS = {part.splitlines()[0]: part.splitlines()[1:] for part in _PARTS}


@pytest.fixture(autouse=True)
def _bucket(request, s3):
    for words in FACTS[request.node.originalname]:
        assert words in SAID, f'no longer said, so look at this test: {words}'
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


def test_moto_takes_any_bucket_name(s3):
    s3.create_bucket(Bucket='Bad_Name')
    s3.create_bucket(Bucket='test')  # which somebody has had for years


def test_moto_takes_a_stranger_for_the_owner(s3):
    put(s3, 'key', Body='secret')
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert read(stranger, ExpectedBucketOwner='0' * 12, **HERE) == b'secret'
    unsigned = Config(signature_version=UNSIGNED)
    nobody = boto3.client('s3', region_name='us-east-1', config=unsigned)
    put(nobody, 'new')
    assert nobody.list_objects_v2(Bucket='facts')['KeyCount'] == 2


def test_moto_takes_any_policy(s3):
    put(s3, 'key')
    s3.put_bucket_acl(Bucket='facts', ACL='public-read')
    s3.put_bucket_policy(Bucket='facts', Policy=policy('Allow'))
    http = policy('Deny', Bool={'aws:SecureTransport': 'false'})
    s3.put_bucket_policy(Bucket='facts', Policy=http)
    assert s3.meta.endpoint_url.startswith('https:')
    assert code_of(s3.get_object, **HERE) in ('AccessDenied', '403')


def test_moto_takes_any_upload(s3):
    put(s3, 'a', SSECustomerAlgorithm='AES256', SSECustomerKey=b'0' * 32)
    put(s3, 'b', Body='x', ChecksumSHA256='A' * 43 + '=')
    put(s3, 'b', Body='x', ContentMD5='A' * 22 + '==')
    put(s3, 'c', Metadata={'note': 'x' * 3 * 1024})
    put(s3, 'k' * 1025)


def test_moto_takes_any_batch(s3):
    put(s3, 'key')
    many = [{'Key': str(number)} for number in range(1001)]
    for objects in (many, [{'Key': 'key', 'ETag': '"another"'}]):
        batch = {'Objects': objects}
        response = s3.delete_objects(Bucket='facts', Delete=batch)
        assert len(response['Deleted']) == len(objects)


def test_moto_loses_its_place_where_one_deletes(s3, versions, monkeypatch):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    put(s3, *['key'] * 5)
    pages = s3.get_paginator('list_object_versions').paginate(Bucket='facts')
    for page in pages:
        for entry in page.get('Versions', []):
            s3.delete_object(VersionId=entry['VersionId'], **HERE)
    monkeypatch.undo()
    assert len(s3.list_object_versions(Bucket='facts')['Versions']) == 3


def test_moto_keeps_versions_at_once(s3, versions):
    put(s3, 'key')
    assert s3.get_object(**HERE)['VersionId'] != 'null'


def test_moto_tells_a_missing_bucket_to_a_head(s3):
    absent = {'Bucket': 'absent', 'Key': 'key'}
    assert code_of(s3.head_object, **absent) == 'NoSuchBucket'


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
    held = [words for each in FACTS.values() for words in each]
    assert len(rows) > 20
    assert set(rows) <= set(held)


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


def test_creating_clients_and_signing_sends_nothing():
    with handler('before-send.s3', lambda **_: pytest.fail('something sent')):
        boto3.Session().resource('s3', region_name='us-east-1')
        client = boto3.Session().client('s3', region_name='us-east-1')
        client.generate_presigned_url('get_object', Params=ABSENT)


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


def test_listings(s3):
    put(s3, 'a9', 'a10', 'B', 'dir/x', 'dir/y/z', Metadata={'a': '1'})
    response = s3.list_objects_v2(Bucket='facts', MaxKeys=2)
    assert (response['KeyCount'], response['IsTruncated']) == (2, True)
    response = s3.list_objects_v2(Bucket='facts', Delimiter='/')
    assert re.findall("'Key': '(.*?)'", str(response)) == ['B', 'a10', 'a9']
    assert response['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    assert not {'ContentType', 'Metadata'} & set(response['Contents'][0])


def test_parts(s3):
    assert TransferConfig().multipart_threshold == 8 * 1024**2
    put(s3, 'key', Body=bytes(9 * 1024**2), Tagging='team=sales')
    s3.copy(HERE, **COPY)
    assert '-' not in s3.head_object(**HERE)['ETag']
    assert s3.head_object(**COPY)['ETag'].endswith('-2"')
    assert s3.get_object_tagging(**COPY)['TagSet'] == []


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
