"""A tour of Amazon S3 with boto3 in eleven sections: read it, run it.

No account, no network: moto answers every call inside this process.
"""

import json
import os
import sys
import warnings
from contextlib import contextmanager
from unittest import mock

import boto3
from botocore.httpsession import URLLib3Session as Http
from botocore.loaders import Loader

from logging_utils import log_section, log_step


@contextmanager
def closed_world():
    """Let moto alone answer: no ~/.aws, no variable but TZ, no HTTP.

    Whatever settings this machine has, they are back when it ends.
    """
    unsent = RuntimeError('Not sent, as moto cannot answer it: upgrade moto')
    no_http = mock.patch.object(Http, 'send', side_effect=unsent)
    no_models = mock.patch.object(Loader, 'CUSTOMER_DATA_PATH', os.devnull)
    with mock.patch.dict(os.environ), no_http, no_models:
        for name in set(os.environ) - {'TZ'}:  # steps tell the local time
            del os.environ[name]
        os.environ['HOME'] = os.devnull  # where there is no ~/.aws
        from moto import mock_aws  # not above: it reads settings on import

        with mock_aws(), mock.patch('boto3.DEFAULT_SESSION', None):
            yield


@closed_world()
def main() -> None:
    """Print the tour; an exception stops it where a step fails."""
    log_section(1, 'Creating S3 Client and Resource')

    # The client: one method an API operation, answers as plain dicts.
    s3_client = boto3.client('s3', region_name='us-east-1')
    log_step('✅ Created S3 client', 'Low-level API access')

    # The resource: objects such as Bucket and Object over such a client.
    s3_resource = boto3.resource('s3', region_name='us-east-1')
    log_step('✅ Created S3 resource', 'High-level OOP interface')

    log_section(2, 'Creating S3 Buckets')
    bucket_name = 'my-demo-bucket-2024'
    bucket_name_2 = 'my-second-bucket-2024'

    # In us-east-1 a name is enough; other regions want a
    # CreateBucketConfiguration with their LocationConstraint.
    s3_client.create_bucket(Bucket=bucket_name)
    log_step(f'📦 Created bucket: {bucket_name}')

    # The resource makes the same request, and hands back a Bucket
    # whose methods know its name.
    bucket = s3_resource.create_bucket(Bucket=bucket_name_2)
    log_step(f'📦 Created bucket: {bucket.name}', 'Using resource interface')

    log_section(3, 'Listing All Buckets')

    # Every bucket that the account owns, in all regions at once;
    # client and resource see the same two, for both asked the
    # same S3.
    response = s3_client.list_buckets()
    log_step(f"🗂️  Found {len(response['Buckets'])} buckets:")
    for bucket_info in response['Buckets']:
        log_step(f"   • {bucket_info['Name']}")

    log_section(4, 'Uploading Objects to S3')

    # A key is one string: S3 has no directories, only keys with
    # slashes in them. ContentType is what every download will be
    # told; S3 guesses it neither from the key nor from the body,
    # and without it says binary/octet-stream.
    s3_client.put_object(
        Bucket=bucket_name,
        Key='data/hello.txt',
        Body='Hello from S3!',
        ContentType='text/plain',
    )
    log_step('📤 Uploaded: data/hello.txt', 'String content')

    # Metadata travels with the object as x-amz-meta-… headers.
    config = {'name': 'boto3', 'version': '1.34', 'service': 's3'}
    s3_client.put_object(
        Bucket=bucket_name,
        Key='data/config.json',
        Body=json.dumps(config),
        ContentType='application/json',
        Metadata={'author': 'demo-user', 'purpose': 'illustration'},
    )
    log_step('📤 Uploaded: data/config.json', 'JSON with custom metadata')

    # Bytes go as they are: a PNG signature and the start of its header.
    png_start = b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR'
    s3_client.put_object(
        Bucket=bucket_name,
        Key='images/sample.png',
        Body=png_start,
        ContentType='image/png',
    )
    log_step('📤 Uploaded: images/sample.png', 'Binary data')

    # Object() sends nothing: it only names the object. put() uploads.
    obj = s3_resource.Object(bucket_name, 'documents/readme.md')
    obj.put(Body='# AWS S3 Demo\n\nThis is a demo file.')
    log_step('📤 Uploaded: documents/readme.md', 'Using resource interface')

    log_section(5, 'Listing Objects in Bucket')

    # One answer holds at most 1,000 keys, sorted: enough here; a
    # paginator follows on where there may be more. With no key to
    # list, the answer has no 'Contents', hence the get() below.
    response = s3_client.list_objects_v2(Bucket=bucket_name)
    log_step(f"📋 Found {response['KeyCount']} objects in '{bucket_name}':")
    for obj in response.get('Contents', []):
        size_kb = obj['Size'] / 1024
        log_step(f"   • {obj['Key']:<30} ({size_kb:.2f} KB)")

    # S3 itself filters by prefix: other keys are not even sent.
    response = s3_client.list_objects_v2(
        Bucket=bucket_name,
        Prefix='data/',
    )
    log_step("📋 Objects with prefix 'data/':")
    for obj in response.get('Contents', []):
        log_step(f"   • {obj['Key']}")

    log_section(6, 'Downloading Objects from S3')

    # Body is a stream, not the bytes: a large object is fetched as
    # it is read, and a second read() finds nothing more. S3 keeps
    # bytes and knows no encoding: that these are text in UTF-8 is
    # for whoever reads them to know.
    response = s3_client.get_object(
        Bucket=bucket_name,
        Key='data/hello.txt',
    )
    content = response['Body'].read().decode('utf-8')
    log_step('📥 Downloaded: data/hello.txt', f"Content: '{content}'")

    # json.loads() takes bytes, so nothing needs decoding first.
    response = s3_client.get_object(Bucket=bucket_name, Key='data/config.json')
    json_content = json.loads(response['Body'].read())
    log_step('📥 Downloaded: data/config.json', f'Parsed: {json_content}')

    # The resource's get() makes the same request, and answers with
    # the same dict and the same stream.
    obj = s3_resource.Object(bucket_name, 'documents/readme.md')
    body = obj.get()['Body'].read().decode('utf-8')
    first_line = body.splitlines()[0]
    log_step('📥 Downloaded: documents/readme.md', f'First line: {first_line}')

    log_section(7, 'Reading Object Metadata')

    # HEAD brings the headers of a GET without its body: as cheap
    # for a terabyte as for these 53 bytes. Metadata keys come back
    # in lower case, whatever they were.
    response = s3_client.head_object(
        Bucket=bucket_name,
        Key='data/config.json',
    )
    log_step("ℹ️  Metadata for 'data/config.json':")
    log_step(f"   • Content-Type: {response['ContentType']}")
    log_step(f"   • Content-Length: {response['ContentLength']} bytes")
    log_step(f"   • Last-Modified: {response['LastModified']}")
    log_step(f"   • ETag: {response['ETag']}")
    log_step(f"   • Custom Metadata: {response.get('Metadata', {})}")

    log_section(8, 'Generating Presigned URLs')

    # Signed on this machine with the client's credentials; no
    # request is sent, and S3 does not hear of it. Whoever holds the
    # URL may make this one call on this one key, as often as they
    # like, until ExpiresIn seconds have passed.
    url = s3_client.generate_presigned_url(
        'get_object',
        Params={'Bucket': bucket_name, 'Key': 'data/hello.txt'},
        ExpiresIn=3600,
    )
    detail = f'URL length: {len(url)} characters (expires in 1 hour)'
    log_step('🔗 Generated presigned URL for download:', detail)

    # An upload is signed alike, for a key that need not exist yet.
    upload_url = s3_client.generate_presigned_url(
        'put_object',
        Params={'Bucket': bucket_name, 'Key': 'uploads/new-file.txt'},
        ExpiresIn=3600,
    )
    detail = 'Allows temporary upload access without credentials'
    log_step('🔗 Generated presigned URL for upload:', detail)

    log_section(9, 'Copying Objects')

    # S3 copies on its side: the body never comes to this machine,
    # and content type and metadata go along. Another bucket would
    # do as well for either end.
    copy_source = {'Bucket': bucket_name, 'Key': 'data/hello.txt'}
    s3_client.copy_object(
        Bucket=bucket_name,
        Key='backup/hello-copy.txt',
        CopySource=copy_source,
    )
    log_step('📋 Copied object:', 'data/hello.txt → backup/hello-copy.txt')

    log_section(10, 'Deleting Objects')

    # S3 answers the same whether the key was there or not, so
    # deleting twice does no harm. In a bucket with versioning this
    # would only add a delete marker; here the object is gone, and
    # no call brings it back.
    s3_client.delete_object(Bucket=bucket_name, Key='backup/hello-copy.txt')
    log_step('🗑️  Deleted: backup/hello-copy.txt')

    # Many keys, one request: up to 1,000 of them.
    objects_to_delete = {
        'Objects': [
            {'Key': 'data/hello.txt'},
            {'Key': 'data/config.json'},
            {'Key': 'images/sample.png'},
        ],
    }
    response = s3_client.delete_objects(
        Bucket=bucket_name,
        Delete=objects_to_delete,
    )
    deleted_count = len(response.get('Deleted', []))
    if response.get('Errors'):  # the answer is 200 even where keys failed
        raise RuntimeError(f"Not deleted: {response['Errors']}")
    log_step(f'🗑️  Deleted {deleted_count} objects', 'Batch deletion')

    log_section(11, 'Deleting Buckets')

    # S3 refuses to delete a bucket that is not empty.
    response = s3_client.list_objects_v2(Bucket=bucket_name)
    for obj in response.get('Contents', []):
        s3_client.delete_object(Bucket=bucket_name, Key=obj['Key'])
        log_step(f"🗑️  Deleted remaining object: {obj['Key']}")

    s3_client.delete_bucket(Bucket=bucket_name)
    log_step(f'🗑️  Deleted bucket: {bucket_name}')

    s3_client.delete_bucket(Bucket=bucket_name_2)
    log_step(f'🗑️  Deleted bucket: {bucket_name_2}')

    # Nothing left behind? Only S3 can tell, so ask it.
    left = [b['Name'] for b in s3_client.list_buckets()['Buckets']]
    if left:
        raise RuntimeError(f'Still there, to be deleted by hand: {left}')
    log_step('🎉 Tour complete', f'Buckets left behind: {len(left)}')


if __name__ == '__main__':
    # On an old Python, boto3 and cryptography warn that they drop it soon.
    warnings.filterwarnings('ignore', '.*Python 3')
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)  # whoever read stdout has gone: `… | head -3`
