"""What README.md says about S3, as far as moto can show it.

A docstring quotes the sentences of the page that its test holds, with " … "
between them, or is a row of "Where the mock ends". `pytest --update-examples`
carries rewordings over.
"""

import json
from datetime import timedelta

import boto3
import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from support import handler

from main_aws_s3 import closed_world

BUCKET = 'facts'
HERE = {'Bucket': BUCKET, 'Key': 'key'}
ABSENT = {'Bucket': BUCKET, 'Key': 'absent'}


@pytest.fixture(autouse=True)
def s3():
    """A client in us-east-1, and an empty bucket named BUCKET."""
    with closed_world():
        client = boto3.client('s3', region_name='us-east-1')
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def elsewhere(s3):
    """A client in another region."""
    return boto3.client('s3', region_name='eu-central-1')


@pytest.fixture
def versions(s3):
    """Turn versioning on for that bucket."""
    status = {'Status': 'Enabled'}
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=status)


def put(s3, *keys, **kwargs):
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, **kwargs)


def code_of(call, *args, **kwargs) -> str:
    """The error code that S3 answers `call` with."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


def sign(method='get_object', expires_in=3600, region='us-east-1', **params):
    """A URL signed with Version 4 as section 8 recommends."""
    v4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})
    client = boto3.client('s3', region_name=region, config=v4)
    return client.generate_presigned_url(
        method, Params={**HERE, **params}, ExpiresIn=expires_in
    )


# Where the mock ends: each fails on the day when moto is as strict as S3.


def test_moto_takes_any_bucket_name(s3):
    """a bucket named `Bad_Name` | creates it | `InvalidBucketName`, by its
    [naming rules][bucketnamingrules] … a bucket name that is taken | every
    name is free | `BucketAlreadyExists`, if [another account has
    it][API_CreateBucket]"""
    s3.create_bucket(Bucket='Bad_Name')
    s3.create_bucket(Bucket='test')  # which somebody has had for years


def test_moto_takes_keys_of_a_stranger(s3):
    """somebody else's keys | any access key may do anything | [who may do
    what][security-iam] is checked on each request"""
    put(s3, 'key', Body='secret')
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert stranger.get_object(**HERE)['Body'].read() == b'secret'


def test_moto_takes_public_acl_or_policy(s3):
    """a public ACL or bucket policy on a new bucket | accepts both |
    `AccessControlListNotSupported` and `AccessDenied`: new buckets have [ACLs
    off and Block Public Access on][new-bucket-defaults]"""
    s3.put_bucket_acl(Bucket=BUCKET, ACL='public-read')
    what = {'Action': 's3:GetObject', 'Resource': f'arn:aws:s3:::{BUCKET}/*'}
    statement = {'Effect': 'Allow', 'Principal': '*', **what}
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def test_moto_takes_any_upload(s3):
    """an upload with a key of your own (SSE-C) | stores it | `AccessDenied`:
    new buckets [block it][sse-c] … an upload with a wrong MD5 or SHA-256 |
    stores it | [refuses it][checking-object-integrity] … 3 KB of metadata |
    keeps it | [takes 2 KB][UsingMetadata] … a key of 1,025 bytes | keeps it |
    [takes 1,024][object-keys]"""
    put(s3, 'a', SSECustomerAlgorithm='AES256', SSECustomerKey=b'0' * 32)
    put(s3, 'b', Body='x', ChecksumSHA256='A' * 43 + '=')
    put(s3, 'b', Body='x', ContentMD5='A' * 22 + '==')
    put(s3, 'c', Metadata={'note': 'x' * 3 * 1024})
    put(s3, 'k' * 1025)


def test_moto_takes_any_batch(s3):
    """1,001 keys in one `delete_objects` | deletes them | [takes
    1,000][API_DeleteObjects] … a batch delete with another `ETag` | deletes
    the object | [fails for that key][conditional-deletes]"""
    put(s3, 'key')
    for objects in (
        [{'Key': str(number)} for number in range(1001)],
        [{'Key': 'key', 'ETag': '"another"'}],
    ):
        answer = s3.delete_objects(Bucket=BUCKET, Delete={'Objects': objects})
        assert len(answer['Deleted']) == len(objects)


def test_moto_takes_deleting_while_paging(s3, versions, monkeypatch):
    """deleting versions while a paginator runs | loses its place: ends early,
    without an error | [goes on][API_ListObjectVersions] behind the marker"""
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '2')
    put(s3, *['key'] * 5)
    pages = s3.get_paginator('list_object_versions').paginate(Bucket=BUCKET)
    for page in pages:
        for entry in page.get('Versions', []):
            s3.delete_object(VersionId=entry['VersionId'], **HERE)
    monkeypatch.undo()
    assert len(s3.list_object_versions(Bucket=BUCKET)['Versions']) == 3


def test_moto_takes_writing_right_after_versioning(s3, versions):
    """a write right after versioning is turned on | is a version at once |
    may answer `NoSuchKey` for a while: [wait 15
    minutes][API_PutBucketVersioning]"""
    put(s3, 'key')
    assert s3.head_object(**HERE)['VersionId'] != 'null'


def test_moto_takes_any_presigned_url(s3):
    """a presigned URL that has expired | answers | [refuses
    it][using-presigned-url] … a presigned URL that somebody changed | answers
    | [refuses it][sigv4-query-string-auth]: the signature no longer fits … a
    presigned URL for another method | answers | refuses it: the method is
    [part of what is signed][sigv4-query-string-auth] … an upload to a
    presigned URL with another content type | stores it | [refuses
    it][sigv4-query-string-auth]: the header is signed"""
    put(s3, 'key')
    changed = sign().replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999')
    assert requests.get(sign(expires_in=-60)).status_code == 200
    assert requests.get(changed).status_code == 200
    assert requests.put(sign(), data=b'x').status_code == 200
    url = sign('put_object', ContentType='text/plain')
    requests.put(url, b'x', headers={'Content-Type': 'image/png'})
    assert s3.head_object(**HERE)['ContentType'] == 'image/png'


def test_moto_takes_form_over_its_limit(s3):
    """a form upload over its size limit | stores it | [refuses
    it][sigv4-HTTPPOSTConstructPolicy]"""
    limit = [['content-length-range', 1, 2]]
    form = s3.generate_presigned_post(BUCKET, 'key', Conditions=limit)
    body = {'file': b'xxx'}
    answer = requests.post(form['url'], data=form['fields'], files=body)
    assert answer.status_code == 204


def test_moto_takes_copy_with_another_etag(s3):
    """a copy with another ETag in `CopySourceIfMatch` | copies | [fails the
    precondition][API_CopyObject]"""
    put(s3, 'key')
    condition = {'CopySourceIfMatch': '"another"'}
    s3.copy_object(Bucket=BUCKET, Key='copy', CopySource=HERE, **condition)


def test_moto_refuses_as_s3_does(s3, elsewhere):
    """a bucket that is not empty, a name that is too short, a missing location
    constraint, a missing key or bucket, a copy onto itself, a stranger without
    credentials. … A missing key is `NoSuchKey` and a missing bucket is
    `NoSuchBucket`. The call raises it, not `read()`. … Because an answer to
    HEAD has no body, a missing key is only a `404` here, not `NoSuchKey`. …
    Without it you get `IllegalLocationConstraintException`."""
    unsigned = Config(signature_version=UNSIGNED)
    anonymous = boto3.client('s3', region_name='us-east-1', config=unsigned)
    put(s3, 'key')
    assert code_of(s3.get_object, **ABSENT) == 'NoSuchKey'
    assert code_of(s3.head_object, **ABSENT) == '404'
    assert code_of(s3.list_objects_v2, Bucket='absent') == 'NoSuchBucket'
    assert code_of(s3.delete_bucket, Bucket=BUCKET) == 'BucketNotEmpty'
    assert code_of(s3.create_bucket, Bucket='ab') == 'InvalidBucketName'
    nowhere = code_of(elsewhere.create_bucket, Bucket='elsewhere')
    assert nowhere == 'IllegalLocationConstraintException'
    assert code_of(s3.copy_object, CopySource=HERE, **HERE) == 'InvalidRequest'
    assert code_of(anonymous.get_object, **HERE) == '403'


def test_creating_clients_and_signing_sends_nothing():
    """Creating a client or resource sends nothing to S3. … No request is sent,
    so S3 has checked nothing: `'uploads/new-file.txt'` does not exist, and if
    you lack a permission, you will see it only when the URL is used."""
    with handler('before-send.s3', lambda **_: pytest.fail('something sent')):
        boto3.Session().resource('s3', region_name='us-east-1')
        client = boto3.Session().client('s3', region_name='us-east-1')
        client.generate_presigned_url('get_object', Params=ABSENT)


def test_buckets(s3, elsewhere):
    """If the bucket is yours already, `us-east-1` reports no error, and resets
    the bucket's ACL. Other regions answer `BucketAlreadyOwnedByYou`. …
    `list_buckets()` lists the account's buckets in all regions, whatever
    region the client is for."""
    where = {'LocationConstraint': 'eu-central-1'}
    there = {'Bucket': 'there', 'CreateBucketConfiguration': where}
    s3.create_bucket(Bucket=BUCKET)
    elsewhere.create_bucket(**there)
    again = code_of(elsewhere.create_bucket, **there)
    assert again == 'BucketAlreadyOwnedByYou'
    names = [b['Name'] for b in s3.list_buckets()['Buckets']]
    assert sorted(names) == [BUCKET, 'there']


def test_uploads_and_deletions(s3):
    """If the key exists, the new object replaces the old one without a
    warning. … If you leave it out, as `obj.put(` does, it is
    `binary/octet-stream`, which tells nobody anything. … A `str` is sent as
    UTF-8. … There is room for 2 KB of ASCII text. … The keys of `'Metadata'`
    come back in lower case. … `delete_object(` succeeds whether the key exists
    or not."""
    s3.delete_object(**HERE)
    put(s3, 'key', Body='one', ContentType='text/plain')
    put(s3, 'key', Body='zwölf', Metadata={'Author': 'Me'})
    answer = s3.get_object(**HERE)
    assert answer['Body'].read() == b'zw\xc3\xb6lf'
    assert answer['ContentType'] == 'binary/octet-stream'
    assert answer['Metadata'] == {'author': 'Me'}
    with pytest.raises(ParamValidationError, match='ASCII'):
        put(s3, 'key', Metadata={'author': 'Zoë'})


def test_listings(s3):
    """`IsTruncated` says whether there are more, and a paginator fetches them.
    … Keys are sorted by their bytes, not by date: `B` comes before `a`, and
    `a10` before `a9`. … `Delimiter='/'` would group the rest into
    `CommonPrefixes`, which look like folders. … If no key matches, the answer
    has no `Contents`. … A listing has neither content type nor metadata; to
    get them, send a HEAD for each object."""
    put(s3, 'a9', 'a10', 'B', 'dir/x', 'dir/y/z', Metadata={'a': '1'})
    answer = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=2)
    assert (answer['KeyCount'], answer['IsTruncated']) == (2, True)
    answer = s3.list_objects_v2(Bucket=BUCKET, Delimiter='/')
    keys = [entry['Key'] for entry in answer['Contents']]
    assert keys == ['B', 'a10', 'a9']
    assert answer['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    assert not {'ContentType', 'Metadata'} & set(answer['Contents'][0])
    assert 'Contents' not in s3.list_objects_v2(Bucket=BUCKET, Prefix='x')


def test_downloads(s3):
    """You can read it once; a second `read()` returns `b''`. … To read pieces,
    use `iter_chunks()`, `iter_lines()` or a `Range`. … `LastModified` is a
    `datetime` in UTC, exact to the second."""
    put(s3, 'key', Body='one\ntwo')
    answer = s3.get_object(**HERE)
    assert [answer['Body'].read() for _ in 'ab'] == [b'one\ntwo', b'']
    date = answer['LastModified']
    assert (date.utcoffset(), date.microsecond) == (timedelta(0), 0)
    lines = s3.get_object(**HERE)['Body'].iter_lines()
    assert list(lines) == [b'one', b'two']
    chunks = s3.get_object(**HERE)['Body'].iter_chunks(4)
    assert list(chunks) == [b'one\n', b'two']
    part = s3.get_object(Range='bytes=4-6', **HERE)
    assert part['Body'].read() == b'two'


def test_parts(s3):
    """After a multipart upload it ends in `-` and the number of parts. … From
    8 MB on, files are moved in parts of 5 MB or more, several at a time. … In
    parts it drops the tags unless you pass `TaggingDirective='COPY'`, which
    works from boto3 1.43.31 on."""
    assert TransferConfig().multipart_threshold == 8 * 1024**2
    put(s3, 'key', Body=bytes(9 * 1024**2), Tagging='team=sales')
    s3.copy(HERE, BUCKET, 'copy')
    assert '-' not in s3.head_object(**HERE)['ETag']
    copy = {'Bucket': BUCKET, 'Key': 'copy'}
    assert s3.head_object(**copy)['ETag'].endswith('-2"')
    assert s3.get_object_tagging(**copy)['TagSet'] == []


def test_replacing_metadata(s3):
    """Give the content type again, because it is replaced too. … It cannot see
    a change of metadata alone, because an ETag is made from the content."""
    put(s3, 'key', ContentType='text/plain', Metadata={'a': '1'})
    before = s3.head_object(**HERE)
    changed = {'MetadataDirective': 'REPLACE', 'Metadata': {'b': '2'}}
    s3.copy_object(CopySource=HERE, **changed, **HERE)
    after = s3.head_object(**HERE)
    assert after['Metadata'] == {'b': '2'}
    assert after['ContentType'] == 'binary/octet-stream'
    assert after['ETag'] == before['ETag']


def test_copying(s3, versions):
    """S3 moves the bytes itself, and copies content type, metadata and tags. …
    The rest is not copied: the storage class becomes `STANDARD`, the ACL
    private, and the encryption that of the target bucket, unless you say
    otherwise. … It can name another bucket, and a `VersionId`."""
    kept = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    rest = {'Tagging': 'team=sales', 'StorageClass': 'STANDARD_IA'}
    put(s3, 'key', Body='old', **kept, **rest)
    version = s3.head_object(**HERE)['VersionId']
    put(s3, 'key', Body='new')
    s3.create_bucket(Bucket='another')
    copy = {'Bucket': 'another', 'Key': 'copy'}
    s3.copy_object(CopySource={**HERE, 'VersionId': version}, **copy)
    answer = s3.get_object(**copy)
    assert answer['Body'].read() == b'old'
    assert {name: answer[name] for name in kept} == kept
    assert answer.get('StorageClass', 'STANDARD') == 'STANDARD'
    tags = s3.get_object_tagging(**copy)['TagSet']
    assert tags == [{'Key': 'team', 'Value': 'sales'}]


def test_version_2_of_presigned_urls(s3):
    """It is still boto3's default in eight regions, `us-east-1` among them. …
    Its signature does not cover every parameter, so boto3 drops a `Range` or a
    condition silently."""
    urls = {
        region: boto3.client('s3', region_name=region).generate_presigned_url(
            'get_object', {**HERE, 'Range': 'bytes=0-1', 'IfMatch': '"x"'}
        )
        for region in boto3.Session().get_available_regions('s3')
    }
    old = {k for k, v in urls.items() if 'AWSAccessKeyId=' in v}
    assert len(old) == 8
    assert 'us-east-1' in old
    for region, url in urls.items():
        assert ('host%3Bif-match%3Brange' in url) == (region not in old)


def test_version_4_of_presigned_urls(elsewhere):
    """The second half puts the region's own host into the URL. … The default
    is 3600. … A signed `ContentLength` allows one exact size."""
    url = elsewhere.generate_presigned_url('get_object', Params=HERE)
    assert url.startswith(f'https://{BUCKET}.s3.amazonaws.com/')
    assert 'X-Amz-Expires=3600' in url
    asked = sign('put_object', region='eu-central-1', ContentLength=5)
    assert asked.startswith(f'https://{BUCKET}.s3.eu-central-1.amazonaws.com/')
    assert 'SignedHeaders=content-length%3Bhost' in asked


def test_versions(s3, versions):
    """In a bucket with versioning, a plain delete only adds a delete marker.
    The old versions stay, and still cost money. … Old versions and delete
    markers count as content."""
    put(s3, 'key', Body='old')
    version = s3.head_object(**HERE)['VersionId']
    marker = s3.delete_object(**HERE)
    assert marker['DeleteMarker'] is True
    assert code_of(s3.get_object, **HERE) == 'NoSuchKey'
    old = s3.get_object(VersionId=version, **HERE)
    assert old['Body'].read() == b'old'
    for left in (version, marker['VersionId']):
        assert code_of(s3.delete_bucket, Bucket=BUCKET) == 'BucketNotEmpty'
        s3.delete_object(VersionId=left, **HERE)
    s3.delete_bucket(Bucket=BUCKET)
