"""What README.md and the recipes say about S3, as far as moto can show it.

facts.txt has the words that each test holds, or a recipe's demo, as they are
read: on one line, without links and line numbers.
"""

import io
import json
import re
import sys
from datetime import timedelta

import boto3
import pytest
import requests
from botocore import UNSIGNED, exceptions
from botocore.config import Config
from support import README, RECIPES, ROOT, handler

from recipes.events import events_of, send_to_queue

HERE = {'Bucket': 'facts', 'Key': 'key'}
COPY = {'Bucket': 'facts', 'Key': 'copy'}


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='facts')
    return s3


def client(region='us-east-1', **config):
    return boto3.client('s3', region_name=region, config=Config(**config))


def put(s3, *keys, **kwargs):
    for key in keys:
        s3.put_object(Bucket='facts', Key=key, **kwargs)


def read(s3, **kwargs) -> bytes:
    return s3.get_object(**kwargs)['Body'].read()


def code_of(call, *args, **kwargs) -> str:
    """The error code that S3 responds to `call` with."""
    with pytest.raises(exceptions.ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


def test_what_is_shown_here_is_still_said():
    text = re.sub(r'\[([^\]]*)\](\[[^\]]*\]|\([^)]*\))', r'\1', README)
    text = ' '.join(' '.join([text, *RECIPES.values()]).split())
    said = re.sub(r' \(Line \d+\)', '', text)
    facts = (ROOT / 'tests' / 'facts.txt').read_text('utf-8').splitlines()
    held = [line for line in facts if not line.startswith('# ')]
    gone = [words for words in held if words not in said]
    assert not gone, 'look at the tests that facts.txt names'
    table = said.partition('| what | moto | S3 | | --- | --- | --- | | ')[2]
    rows = table.partition(' | moto is stricter once')[0].split(' | | ')
    assert len(rows) > 20
    assert set(rows) <= set(held)


# Where the mock ends: each fails on the day when moto is as strict as S3.


def test_moto_takes_any_request(s3):
    s3.create_bucket(Bucket='Bad_Name')
    s3.create_bucket(Bucket='test')  # which somebody has had for years
    put(s3, 'key', Body='secret')
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert read(stranger, ExpectedBucketOwner='0' * 12, **HERE) == b'secret'
    nobody = client(signature_version=UNSIGNED)
    put(nobody, 'new')
    assert nobody.list_objects_v2(Bucket='facts')['KeyCount'] == 2
    assert code_of(s3.head_object, Bucket='x', Key='key') == 'NoSuchBucket'
    s3.put_bucket_acl(Bucket='facts', ACL='public-read')
    any_key = {'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::facts/*'}
    public = {'Effect': 'Allow', 'Principal': '*', **any_key}
    condition = {'Bool': {'aws:SecureTransport': 'false'}}
    https = {**public, 'Effect': 'Deny', 'Condition': condition}
    policy = json.dumps(
        {'Version': '2012-10-17', 'Statement': [public, https]}
    )
    s3.put_bucket_policy(Bucket='facts', Policy=policy)
    assert s3.meta.endpoint_url.startswith('https:')
    assert code_of(s3.get_object, **HERE) in ('AccessDenied', '403')
    put(s3, 'a', SSECustomerAlgorithm='AES256', SSECustomerKey=b'0' * 32)
    put(s3, 'b', Body='x', ChecksumSHA256='A' * 43 + '=')
    put(s3, 'b', Body='x', ContentMD5='A' * 22 + '==')
    put(s3, 'c', Metadata={'note': 'x' * 3 * 1024})
    put(s3, 'k' * 1025)
    many = [{'Key': str(number)} for number in range(1001)]
    for objects in (many, [{'Key': 'b', 'ETag': '"another"'}]):
        batch = {'Objects': objects}
        response = s3.delete_objects(Bucket='facts', Delete=batch)
        assert len(response['Deleted']) == len(objects)


def test_moto_takes_any_presigned_url(s3):
    put(s3, 'key')
    addressing = {'addressing_style': 'virtual'}
    elsewhere = client('eu-central-1', signature_version='s3v4', s3=addressing)
    url = elsewhere.generate_presigned_url('get_object', HERE)
    old = elsewhere.generate_presigned_url('get_object', HERE, ExpiresIn=-60)
    changed = url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999')
    assert requests.get(old).ok
    assert requests.get(changed).ok
    assert requests.put(url, data=b'x').ok
    text = {**HERE, 'ContentType': 'text/plain'}
    url = elsewhere.generate_presigned_url('put_object', text)
    requests.put(url, b'x', headers={'Content-Type': 'image/png'})
    assert s3.head_object(**HERE)['ContentType'] == 'image/png'
    limit = [['content-length-range', 1, 2]]
    form = s3.generate_presigned_post('facts', 'key', Conditions=limit)
    sent = requests.post(form['url'], form['fields'], files={'file': b'xxx'})
    assert sent.ok


def test_moto_sends_no_event_for_an_encoded_prefix(s3):
    sqs = boto3.client('sqs', region_name='us-east-1')
    url = sqs.create_queue(QueueName='new')['QueueUrl']
    arn = 'arn:aws:sqs:us-east-1:123456789012:new'
    for prefix, told in (('für/', []), ('in/', ['in/key'])):
        send_to_queue(s3, 'facts', arn, prefix)
        put(s3, f'{prefix}key')
        page = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        bodies = [message['Body'] for message in page['Messages']]
        events = [event for body in bodies for event in events_of(body)]
        assert [event.key for event in events] == told


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
    with pytest.raises(exceptions.FlexibleChecksumError):
        read(s3, **COPY)


def test_moto_refuses_as_s3_does(s3):
    put(s3, 'key')
    nobody = client(signature_version=UNSIGNED)
    assert code_of(s3.get_object, **COPY) == 'NoSuchKey'
    assert code_of(s3.head_object, **COPY) == '404'
    assert code_of(s3.get_object, Bucket='absent', Key='x') == 'NoSuchBucket'
    assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
    assert code_of(s3.create_bucket, Bucket='ab') == 'InvalidBucketName'
    assert code_of(s3.copy_object, CopySource=HERE, **HERE) == 'InvalidRequest'
    assert code_of(nobody.get_object, **HERE) == '403'
    create = client('eu-central-1').create_bucket
    nowhere = code_of(create, Bucket='there')
    assert nowhere == 'IllegalLocationConstraintException'
    there = {'LocationConstraint': 'eu-central-1'}
    create(Bucket='there', CreateBucketConfiguration=there)
    again = code_of(create, Bucket='there', CreateBucketConfiguration=there)
    assert again == 'BucketAlreadyOwnedByYou'
    s3.create_bucket(Bucket='facts')  # us-east-1 does not mind


def test_uploads_downloads_and_listings(s3):
    s3.delete_object(**HERE)
    put(s3, 'key', Body='one', ContentType='text/plain')
    put(s3, 'key', 'a9', 'a10', 'B', 'dir/x', 'dir/y/z', Body='zwölf\nzehn')
    response = s3.get_object(**HERE)
    assert list(response['Body'].iter_lines()) == [b'zw\xc3\xb6lf', b'zehn']
    assert response['ContentType'] == 'binary/octet-stream'
    date = response['LastModified']
    assert (date.utcoffset(), date.microsecond) == (timedelta(0), 0)
    chunks = s3.get_object(Range='bytes=7-9', **HERE)['Body'].iter_chunks(2)
    assert list(chunks) == [b'ze', b'h']
    with pytest.raises(exceptions.ParamValidationError, match='ASCII'):
        put(s3, 'key', Metadata={'author': 'Zoë'})
    assert s3.list_objects_v2(Bucket='facts', MaxKeys=2)['IsTruncated']
    response = s3.list_objects_v2(Bucket='facts', Delimiter='/')
    keys = re.findall("'Key': '(.*?)'", str(response))
    assert keys == ['B', 'a10', 'a9', 'key']
    assert response['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    assert not {'ContentType', 'Metadata'} & set(response['Contents'][0])


def test_copies(s3):
    text = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(s3, 'key', Tagging='a=1', StorageClass='STANDARD_IA', **text)
    s3.copy_object(CopySource=HERE, **COPY)
    copy = s3.head_object(**COPY)
    assert {name: copy[name] for name in text} == text
    assert copy.get('StorageClass', 'STANDARD') == 'STANDARD'
    assert s3.get_object_tagging(**COPY)['TagSet'] != []
    s3.copy_object(CopySource=COPY, MetadataDirective='REPLACE', **COPY)
    after = s3.head_object(**COPY)
    assert after['ContentType'] == 'binary/octet-stream'
    assert after['Metadata'] == {}
    assert after['ETag'] == copy['ETag']
    put(s3, 'key', Body=bytes(8 * 1024**2), Tagging='a=1')
    s3.copy(HERE, **COPY)
    assert s3.head_object(**COPY)['ETag'].endswith('-1"')
    assert s3.get_object_tagging(**COPY)['TagSet'] == []


def test_signing(s3):
    session, old = boto3.Session(), set()
    gov = session.get_available_regions('s3', 'aws-us-gov')
    asked = {**HERE, 'Range': 'bytes=0-1', 'IfMatch': '"x"'}
    with handler('before-send.s3', lambda **_: pytest.fail('something sent')):
        boto3.resource('s3', region_name='us-east-1')
        for region in [*session.get_available_regions('s3'), *gov]:
            url = client(region).generate_presigned_url('get_object', asked)
            if 'AWSAccessKeyId=' in url:
                old.add(region)
            else:
                assert 'X-Amz-Expires=3600' in url
            assert ('host%3Bif-match%3Brange' in url) == (region not in old)
    assert len(old) == 10
    assert {'us-east-1', *gov} <= old


def test_versions(s3, monkeypatch):
    status = {'Status': 'Enabled'}
    s3.put_bucket_versioning(Bucket='facts', VersioningConfiguration=status)
    put(s3, *['key'] * 5)
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    pages = s3.get_paginator('list_object_versions').paginate(Bucket='facts')
    for page in pages:  # where moto loses its place
        for entry in page.get('Versions', []):
            s3.delete_object(VersionId=entry['VersionId'], **HERE)
    monkeypatch.undo()
    left = s3.list_object_versions(Bucket='facts')['Versions']
    assert len(left) == 3
    marker = s3.delete_object(**HERE)
    for entry in [*left, marker]:
        assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
        s3.delete_object(VersionId=entry['VersionId'], **HERE)
    s3.delete_bucket(Bucket='facts')
