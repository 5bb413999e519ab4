"""What README.md and the recipes say about S3, as far as moto can show it.

`says` stands above the lines that show it: who rewords a sentence is led
here, and sees what the new one must not claim.
"""

import io
import json
import re
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
import requests
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED, exceptions
from botocore.config import Config
from botocore.signers import RequestSigner

import main_aws_s3
from support import README, RECIPES, rows

SOURCE = {'Bucket': 'facts', 'Key': 'key'}  # of a copy


def plain(text):
    """Return a text on one line, without links and line numbers."""
    text = re.sub(r'\[([^\]]*)\](\[[^\]]*\]|\([^)]*\))', r'\1', text)
    text = re.sub(r' \(Line \d+\)', '', ' '.join(text.split()))
    return text.replace('**', '')


SAID = plain(' '.join([README, *RECIPES.values()]))


def says(*sentences):
    for words in sentences:
        assert words in SAID, 'look at what is shown here'


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='facts')
    return s3


def client(region='us-east-1', **config):
    return boto3.client('s3', region_name=region, config=Config(**config))


def put(s3, key='key', **kwargs):
    s3.put_object(Bucket='facts', Key=key, **kwargs)


def head(s3, key='key'):
    return s3.head_object(Bucket='facts', Key=key)


def get(s3, key='key', **kwargs):
    return s3.get_object(Bucket='facts', Key=key, **kwargs)


def read(s3, key='key', **kwargs):
    return get(s3, key, **kwargs)['Body'].read()


def put_statement(s3, **kwargs):
    """Have a bucket policy of one statement, for everybody and objects."""
    statement = {
        'Principal': '*',
        'Action': 's3:GetObject',
        'Resource': 'arn:aws:s3:::facts/*',
        **kwargs,
    }
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    s3.put_bucket_policy(Bucket='facts', Policy=json.dumps(policy))


def copy(s3, key='copy', **kwargs):
    s3.copy_object(Bucket='facts', Key=key, CopySource=SOURCE, **kwargs)


def code_of(call, *args, **kwargs):
    """The error code that S3 responds to `call` with."""
    with pytest.raises(exceptions.ClientError) as error:
        call(*args, **kwargs)
    return error.value.response['Error']['Code']


# Where the mock ends: each fails on the day when moto is as strict as S3.


def test_each_row_of_where_the_mock_ends_is_shown_below():
    shown = Path(__file__).read_text('utf-8')
    table = rows('Where the mock ends')
    assert len(table) > 10
    for what, *_ in table:
        assert plain(what) in shown, 'show it, and say it there'


def test_moto_takes_any_bucket_name(s3):
    says('a bucket named `Bad_Name` | creates it')
    s3.create_bucket(Bucket='Bad_Name')
    says('a bucket name that another account has | is free')
    s3.create_bucket(Bucket='test')  # which somebody has had for years


def test_moto_lets_anybody_in(s3):
    put(s3, Body='secret')
    says("somebody else's keys | any access key may do anything")
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y'}
    stranger = boto3.client('s3', region_name='us-east-1', **keys)
    assert read(stranger) == b'secret'
    says('an upload or a listing without credentials | does as asked')
    nobody = client(signature_version=UNSIGNED)
    put(nobody, 'new')
    assert nobody.list_objects_v2(Bucket='facts')['KeyCount'] == 2


def test_moto_takes_any_acl_and_policy(s3):
    says('a public ACL or bucket policy on a new bucket | accepts both')
    s3.put_bucket_acl(Bucket='facts', ACL='public-read')
    put_statement(s3, Effect='Allow')
    put(s3, Body='secret')
    assert read(client(signature_version=UNSIGNED)) == b'secret'


def test_moto_ignores_the_conditions_of_a_policy(s3):
    says('a `Condition` in a policy | is ignored: an Allow allows, a Deny den')
    put(s3, Body='secret')
    elsewhere = {'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}}
    put_statement(s3, Effect='Allow', Condition=elsewhere)
    assert read(client(signature_version=UNSIGNED)) == b'secret'
    put_statement(s3, Effect='Deny', Condition=elsewhere)
    assert code_of(get, s3) in ('AccessDenied', '403')


def test_moto_takes_any_batch(s3):
    says('1,001 keys in one `delete_objects` | deletes them')
    many = {'Objects': [{'Key': str(number)} for number in range(1001)]}
    response = s3.delete_objects(Bucket='facts', Delete=many)
    assert len(response['Deleted']) == 1001


def test_a_head_of_a_missing_key_is_a_bare_404(s3):
    says('so a missing key is only a `404` here.')
    assert code_of(head, s3) == '404'


def test_moto_takes_any_presigned_url(s3):
    put(s3)
    v4 = client(signature_version='s3v4')
    url = v4.generate_presigned_url('get_object', SOURCE)
    says('a presigned URL that has expired, or that somebody changed | resp')
    old = v4.generate_presigned_url('get_object', SOURCE, ExpiresIn=-60)
    assert requests.get(old).ok
    changed = url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999')
    assert requests.get(changed).ok


def test_moto_takes_any_presigned_upload(s3):
    says("an upload with another content type than the presigned URL's | st")
    text = {**SOURCE, 'ContentType': 'text/plain'}
    v4 = client(signature_version='s3v4')
    url = v4.generate_presigned_url('put_object', text)
    requests.put(url, b'x', headers={'Content-Type': 'image/png'})
    assert head(s3)['ContentType'] == 'image/png'
    says('a form upload over its size limit | stores it')
    limit = [['content-length-range', 1, 2]]
    form = s3.generate_presigned_post('facts', 'key', Conditions=limit)
    sent = requests.post(form['url'], form['fields'], files={'file': b'xxx'})
    assert sent.ok


def test_moto_takes_any_method_of_a_presigned_url(s3):
    put(s3, Body='body')
    url = client(signature_version='s3v4').generate_presigned_url(
        'get_object', SOURCE
    )
    says('a HEAD sent to a presigned URL for `get_object` | breaks off')
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.head(url)
    says('a DELETE sent to a presigned URL for `get_object` | deletes the')
    requests.delete(url)
    assert code_of(head, s3) == '404'


def test_moto_takes_an_upload_of_no_known_length(s3):
    says('an upload that does not say its length (chunked) | stores it')
    url = client(signature_version='s3v4').generate_presigned_url(
        'put_object', SOURCE
    )
    sent = requests.put(url, io.BytesIO())
    assert sent.request.headers['Transfer-Encoding'] == 'chunked'
    assert read(s3) == b''


def test_moto_takes_a_part_without_a_checksum(s3):
    says('a part without a checksum, in a bucket with a default retention')
    s3.create_bucket(Bucket='locked', ObjectLockEnabledForBucket=True)
    rule = {'DefaultRetention': {'Mode': 'GOVERNANCE', 'Days': 1}}
    s3.put_object_lock_configuration(
        Bucket='locked',
        ObjectLockConfiguration={'ObjectLockEnabled': 'Enabled', 'Rule': rule},
    )
    plain = client(request_checksum_calculation='when_required')
    target = {'Bucket': 'locked', 'Key': 'key'}
    assert 'ObjectLock' in code_of(plain.put_object, **target)
    upload = plain.create_multipart_upload(**target)['UploadId']
    plain.upload_part(**target, UploadId=upload, PartNumber=1, Body=b'body')


def test_moto_has_the_md5_as_etag_under_kms(s3):
    says('the ETag of an object encrypted by KMS | is the MD5')
    put(s3, 'plain', Body='body')
    put(s3, Body='body', ServerSideEncryption='aws:kms')
    assert head(s3)['ETag'] == head(s3, 'plain')['ETag']


def test_moto_heeds_no_condition_of_a_copy(s3):
    put(s3, Body='body')
    put(s3, 'copy')
    says('a copy with a false `CopySourceIfMatch` or `IfNoneMatch` | copies')
    copy(s3, CopySourceIfMatch='"another"', IfNoneMatch='*')
    assert read(s3, 'copy') == b'body'


def test_moto_keeps_the_checksum_of_parts_for_their_copy(s3):
    says('of an upload in parts, `get_object` raises `FlexibleChecksumError`')
    s3.upload_fileobj(io.BytesIO(bytes(9 * 1024**2)), 'facts', 'key')
    copy(s3)
    with pytest.raises(exceptions.FlexibleChecksumError):
        read(s3, 'copy')


# Where the mock is as S3 is


def test_moto_refuses_as_s3_does(s3):
    says('moto is as strict as S3 about a bucket that is not empty')
    put(s3)
    says('`NoSuchKey`, `NoSuchBucket`, or `404` to a HEAD. There is no')
    assert code_of(get, s3, 'absent') == 'NoSuchKey'
    assert code_of(s3.get_object, Bucket='absent', Key='x') == 'NoSuchBucket'
    assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
    assert code_of(s3.create_bucket, Bucket='ab') == 'InvalidBucketName'
    assert code_of(copy, s3, 'key') == 'InvalidRequest'
    nobody = client(signature_version=UNSIGNED)
    assert code_of(get, nobody) == '403'


def test_another_region_wants_its_name_and_creates_once(s3):
    says('Outside us-east-1, you must name the region again, in `create')
    create = client('eu-central-1').create_bucket
    code = code_of(create, Bucket='new')
    assert code == 'IllegalLocationConstraintException'
    says('Other regions say `BucketAlreadyOwnedByYou`.')
    region = {'LocationConstraint': 'eu-central-1'}
    create(Bucket='new', CreateBucketConfiguration=region)
    code = code_of(create, Bucket='new', CreateBucketConfiguration=region)
    assert code == 'BucketAlreadyOwnedByYou'
    s3.create_bucket(Bucket='facts')  # us-east-1 does not mind


def test_an_upload_replaces_and_a_str_is_utf_8(s3):
    says('If the key exists, the new object replaces the old one without a')
    put(s3, Body='old', ContentType='text/plain')
    put(s3, Body='zwölf\nzehn')
    assert get(s3)['ContentType'] == 'binary/octet-stream'
    says('A `Body` that is a `str` is sent as UTF-8.')
    assert read(s3) == b'zw\xc3\xb6lf\nzehn'


def test_a_body_can_be_read_in_pieces(s3):
    put(s3, Body='12\n3456')
    says('use `iter_chunks()` or `iter_lines()`, or ask S3 for a `Range`')
    assert list(get(s3)['Body'].iter_lines()) == [b'12', b'3456']
    body = get(s3, Range='bytes=3-5')['Body']
    assert list(body.iter_chunks(2)) == [b'34', b'5']


def test_metadata_is_ascii_and_a_date_is_utc(s3):
    says('holds your own notes: ASCII text, 2 KB at most.')
    with pytest.raises(exceptions.ParamValidationError, match='ASCII'):
        put(s3, Metadata={'author': 'Zoë'})
    says('`LastModified` is a `datetime` in UTC, exact to the second.')
    put(s3)
    date = head(s3)['LastModified']
    assert (date.utcoffset(), date.microsecond) == (timedelta(0), 0)


def test_a_delete_does_not_prove_that_anything_was_there(s3):
    says("A successful `delete_object` doesn't prove that the key existed.")
    s3.delete_object(Bucket='facts', Key='absent')


def test_listings(s3):
    for key in ('a9', 'a10', 'B', 'dir/x', 'dir/y/z'):
        put(s3, key)
    says('`IsTruncated` says whether there are more.')
    assert s3.list_objects_v2(Bucket='facts', MaxKeys=2)['IsTruncated']
    says('`B` comes before `a`, and `a10` before `a9`')
    response = s3.list_objects_v2(Bucket='facts', Delimiter='/')
    assert [x['Key'] for x in response['Contents']] == ['B', 'a10', 'a9']
    says('keys that share the next "folder" come back as one entry of `Comm')
    assert response['CommonPrefixes'] == [{'Prefix': 'dir/'}]
    says('but neither content type nor metadata.')
    assert not {'ContentType', 'Metadata'} & set(response['Contents'][0])


def test_a_copy_keeps_metadata_and_tags_but_no_storage_class(s3):
    text = {'ContentType': 'text/plain', 'Metadata': {'a': '1'}}
    put(s3, Tagging='a=1', StorageClass='STANDARD_IA', **text)
    copy(s3)
    assert {name: head(s3, 'copy')[name] for name in text} == text
    says('its storage class is `STANDARD`, even if the original has another')
    assert head(s3, 'copy').get('StorageClass', 'STANDARD') == 'STANDARD'
    says('`copy_object(` copies an object with its content type, metadata and')
    tags = s3.get_object_tagging(Bucket='facts', Key='copy')
    assert tags['TagSet'] != []


def test_to_replace_metadata_drops_what_is_not_given_again(s3):
    put(s3, ContentType='text/plain', Metadata={'a': '1'})
    before = head(s3)
    says('drops whatever the request does not give again: content type,')
    copy(s3, 'key', MetadataDirective='REPLACE')
    assert head(s3)['ContentType'] == 'binary/octet-stream'
    assert head(s3)['Metadata'] == {}
    says('Whoever changes only the metadata leaves the ETag as it is,')
    assert head(s3)['ETag'] == before['ETag']


def test_a_copy_in_parts_drops_tags(s3):
    says('in parts from 8 MB on. Copies in parts lose the tags, unless you')
    put(s3, Body=bytes(8 * 1024**2), Tagging='a=1')
    s3.copy(SOURCE, 'facts', 'copy')
    tags = s3.get_object_tagging(Bucket='facts', Key='copy')
    assert tags['TagSet'] == []
    says('After an upload in parts, it ends in `-` and the number of parts.')
    assert head(s3, 'copy')['ETag'].endswith('-1"')


def test_signing_and_making_a_client_send_nothing(s3, events):
    says('Creating one sends nothing to S3.')
    events.register('before-send.s3', lambda **_: pytest.fail('sent'))
    boto3.resource('s3', region_name='us-east-1')
    client().generate_presigned_url('get_object', SOURCE)


def test_urls_of_the_tour_are_for_what_it_says_and_an_hour(
    events, monkeypatch, capsys
):
    """It prints "1 hour", and uses neither."""
    asked = []
    monkeypatch.setattr(
        RequestSigner,
        'generate_presigned_url',
        lambda _, **kwargs: asked.append(kwargs) or '',
    )
    main_aws_s3.tour()
    assert '(expires in 1 hour)' in capsys.readouterr().out
    assert [
        (
            kwargs['request_dict']['method'],
            kwargs['request_dict']['url_path'],
            kwargs['expires_in'],
        )
        for kwargs in asked
    ] == [
        ('GET', '/data/hello.txt', 3600),
        ('PUT', '/uploads/new-file.txt', 3600),
    ]


@pytest.mark.parametrize(
    ('region', 'version_2'), [('us-east-1', True), ('eu-central-1', False)]
)
def test_where_boto3_still_signs_with_version_2(s3, region, version_2):
    asked = {**SOURCE, 'Range': 'bytes=0-1'}
    url = client(region).generate_presigned_url('get_object', asked)
    says('in us-east-1 and some other regions, it still signs with Version 2')
    assert ('AWSAccessKeyId=' in url) == version_2
    assert ('range' in url) != version_2
    says('The default is 3600, and the maximum')
    assert ('X-Amz-Expires=3600' in url) != version_2


def test_old_versions_and_delete_markers_are_content(s3):
    says('Old versions and delete markers count as')
    s3.put_bucket_versioning(
        Bucket='facts', VersioningConfiguration={'Status': 'Enabled'}
    )
    put(s3)
    marker = s3.delete_object(Bucket='facts', Key='key')
    page = s3.list_object_versions(Bucket='facts')
    for entry in (page['Versions'][0], marker):
        assert code_of(s3.delete_bucket, Bucket='facts') == 'BucketNotEmpty'
        s3.delete_object(
            Bucket='facts', Key='key', VersionId=entry['VersionId']
        )
    s3.delete_bucket(Bucket='facts')


# Errors


def test_errors_are_those_that_the_page_lists(s3, tmp_path, monkeypatch):
    says("`KeyError: 'Contents'`. No key begins with the prefix.")
    with pytest.raises(KeyError, match='Contents'):
        s3.list_objects_v2(Bucket='facts', Prefix='absent/')['Contents']
    says('`MalformedXML` from `delete_objects`. You passed no keys')
    nothing = {'Objects': []}
    code = code_of(s3.delete_objects, Bucket='facts', Delete=nothing)
    assert code == 'MalformedXML'
    says('`ParamValidationError` about a bucket. You passed a URL (`s3://…`)')
    for name in ('s3://facts', 'arn:aws:s3:::facts', 'facts/folder'):
        with pytest.raises(exceptions.ParamValidationError, match='bucket'):
            s3.head_bucket(Bucket=name)
    says('in the mock `Header values must not contain newline characters`.')
    token = {'aws_session_token': 'token\n'}
    keys = {'aws_access_key_id': 'x', 'aws_secret_access_key': 'y', **token}
    with pytest.raises(ValueError, match='must not contain newline char'):
        boto3.client('s3', region_name='us-east-1', **keys).list_buckets()
    says('`S3UploadFailedError`. S3 refuses what `upload_file` sends.')
    with pytest.raises(S3UploadFailedError, match='NoSuchBucket'):
        s3.upload_file(__file__, 'absent', 'key')
    says('`ConfigParseError`. `~/.aws/credentials` or `~/.aws/config` is dam')
    (tmp_path / 'config').write_text('[default]\n', 'utf-8-sig')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'config'))
    with pytest.raises(exceptions.ConfigParseError):
        boto3.Session()


# Numbers


def test_numbers_are_those_of_boto3(s3):
    says('asks every 5 seconds, at most 20 times.')
    waiter = s3.get_waiter('bucket_not_exists').config
    assert (waiter.delay, waiter.max_attempts) == (5, 20)
    says('From 8 MB on, it uploads in parts (multipart upload), several at')
    assert TransferConfig().multipart_threshold == 8 * 1024**2
    assert TransferConfig().max_concurrency > 1


def test_numbers_are_those_of_the_documentation():
    """The page links it beside each; neither moto nor boto3 knows them."""
    says('at least 3,500 writes or 5,500 reads a second.')
    says('`put_object` takes 5 GB at most.', 'It copies up to 5 GB.')
    says('A name has 3 to 63 lowercase letters, digits, dots and hyphens')
    says('the maximum is a week (604,800).')
    says('One response has at most 1,000 keys')
