"""A tour of Amazon S3 with boto3 in eleven sections: read it, run it.

No account, no network: moto imitates S3. The tour itself starts at tour().
"""

import json
import os
import sys
import warnings
from contextlib import contextmanager
from typing import Iterator
from unittest import mock

from logging_utils import log_section, log_step, quietly, stepping, terminal

# This takes a while: at Ctrl-C it, too, ends without a traceback.
with quietly():
    import boto3


@contextmanager
def closed_world() -> Iterator[None]:
    """Let moto alone respond to boto3, whatever this machine has set."""
    home = {'HOME': os.devnull, 'USERPROFILE': os.devnull}  # so no ~/.aws
    kept = {k: v for k, v in os.environ.items() if k == 'TZ'}  # local time
    env = {**kept, **home, 'NO_PROXY': '*'}  # or the system may name a proxy
    unsent = RuntimeError(NOT_SENT)
    with mock.patch.dict(os.environ, env, clear=True), mock.patch(
        'botocore.httpsession.URLLib3Session.send', side_effect=unsent
    ), mock.patch('botocore.loaders.Loader.CUSTOMER_DATA_PATH', os.devnull):
        from moto import mock_aws  # not above: it reads settings on import

        with mock_aws():
            yield


def tour(
    bucket_name: str = 'my-demo-bucket-2024',
    bucket_name_2: str = 'my-second-bucket-2024',
) -> None:
    """Run on whatever account boto3 finds; a failing step raises."""
    log_section(1, 'Creating S3 Client and Resource')

    # The client: a method for each operation of S3. It returns dicts.
    s3_client = boto3.client('s3', region_name='us-east-1')
    log_step('✅ Created S3 client', 'Low-level API access')

    # The resource: objects, such as a Bucket, that call a client for you.
    s3_resource = boto3.resource('s3', region_name='us-east-1')
    log_step('✅ Created S3 resource', 'High-level OOP interface')

    log_section(2, 'Creating S3 Buckets')

    # In us-east-1, a name is enough. In any other region, you must also
    # name the region, in CreateBucketConfiguration. If the bucket is
    # already yours, us-east-1 raises no error, and other regions raise
    # BucketAlreadyOwnedByYou.
    s3_client.create_bucket(Bucket=bucket_name)
    log_step(f'📦 Created bucket: {bucket_name}')

    # The resource makes the same request and returns a Bucket, whose
    # methods know its name.
    bucket = s3_resource.create_bucket(Bucket=bucket_name_2)
    log_step(f'📦 Created bucket: {bucket.name}', 'Using resource interface')

    log_section(3, 'Listing All Buckets')

    # This lists the account's buckets in all regions. It does not
    # matter whether the client or the resource created them: both talk
    # to the same S3.
    response = s3_client.list_buckets()
    log_step(f"🗂️  Found {len(response['Buckets'])} buckets:")
    for bucket_info in response['Buckets']:
        log_step(f"   • {bucket_info['Name']}")

    log_section(4, 'Uploading Objects to S3')

    # A key is one string: S3 has no directories, only keys with
    # slashes in them. Whoever downloads the object is told the
    # ContentType that you give here. S3 never guesses it: without one,
    # it is binary/octet-stream.
    s3_client.put_object(
        Bucket=bucket_name,
        Key='data/hello.txt',
        Body='Hello from S3!',
        ContentType='text/plain',
    )
    log_step('📤 Uploaded: data/hello.txt', 'String content')

    # Metadata is sent along with the object, as x-amz-meta-… headers.
    config = {'name': 'boto3', 'version': '1.34', 'service': 's3'}
    s3_client.put_object(
        Bucket=bucket_name,
        Key='data/config.json',
        Body=json.dumps(config),
        ContentType='application/json',
        Metadata={'author': 'demo-user', 'purpose': 'illustration'},
    )
    log_step('📤 Uploaded: data/config.json', 'JSON with custom metadata')

    # Bytes are stored as they are: here, the first 16 of a PNG file.
    png_start = b'\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR'
    s3_client.put_object(
        Bucket=bucket_name,
        Key='images/sample.png',
        Body=png_start,
        ContentType='image/png',
    )
    log_step('📤 Uploaded: images/sample.png', 'Binary data')

    # Object() only names the object and sends nothing; put() uploads.
    obj = s3_resource.Object(bucket_name, 'documents/readme.md')
    obj.put(Body='# AWS S3 Demo\n\nThis is a demo file.')
    log_step('📤 Uploaded: documents/readme.md', 'Using resource interface')

    log_section(5, 'Listing Objects in Bucket')

    # One response has at most 1,000 keys, sorted. That is enough here;
    # for more, a paginator asks for page after page. If there are no
    # keys, the response has no 'Contents', hence the get() below.
    response = s3_client.list_objects_v2(Bucket=bucket_name)
    log_step(f"📋 Found {response['KeyCount']} objects in '{bucket_name}':")
    for obj in response.get('Contents', []):
        size_kb = obj['Size'] / 1024
        log_step(f"   • {obj['Key']:<30} ({size_kb:.2f} KB)")

    # S3 itself filters by prefix: it does not send other keys at all.
    response = s3_client.list_objects_v2(
        Bucket=bucket_name,
        Prefix='data/',
    )
    log_step("📋 Objects with prefix 'data/':")
    for obj in response.get('Contents', []):
        log_step(f"   • {obj['Key']}")

    log_section(6, 'Downloading Objects from S3')

    # Body is a stream: the bytes arrive as you read them, and a
    # second read() returns nothing. S3 stores bytes and does not know
    # how text became bytes, so you must know that this text is
    # encoded as UTF-8.
    response = s3_client.get_object(
        Bucket=bucket_name,
        Key='data/hello.txt',
    )
    content = response['Body'].read().decode('utf-8')
    log_step('📥 Downloaded: data/hello.txt', f"Content: '{content}'")

    # json.loads() takes bytes, so there is nothing to decode first.
    response = s3_client.get_object(Bucket=bucket_name, Key='data/config.json')
    json_content = json.loads(response['Body'].read())
    log_step('📥 Downloaded: data/config.json', f'Parsed: {json_content}')

    # The resource's get() makes the same request and returns the
    # same dict with the same stream.
    obj = s3_resource.Object(bucket_name, 'documents/readme.md')
    body = obj.get()['Body'].read().decode('utf-8')
    first_line = body.splitlines()[0]
    log_step('📥 Downloaded: documents/readme.md', f'First line: {first_line}')

    log_section(7, 'Reading Object Metadata')

    # get_object sends the HTTP request GET; this sends HEAD, which has
    # the same response without the body. So it is as quick for a
    # terabyte as for 53 bytes. Metadata has its keys in lower case.
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

    # A signature in a URL proves who made it. It is made here: nothing is
    # sent. In us-east-1, boto3 still signs in an old way, Version 2,
    # unless you ask for Version 4. To see how:
    # uv run python -m recipes presigned_url
    url = s3_client.generate_presigned_url(
        'get_object',
        Params={'Bucket': bucket_name, 'Key': 'data/hello.txt'},
        ExpiresIn=3600,
    )
    detail = f'URL length: {len(url)} characters (expires in 1 hour)'
    log_step('🔗 Generated presigned URL for download:', detail)

    # You can also sign an upload. Its key need not exist yet.
    upload_url = s3_client.generate_presigned_url(
        'put_object',
        Params={'Bucket': bucket_name, 'Key': 'uploads/new-file.txt'},
        ExpiresIn=3600,
    )
    detail = 'Allows temporary upload access without credentials'
    log_step('🔗 Generated presigned URL for upload:', detail)

    log_section(9, 'Copying Objects')

    # S3 makes the copy: the body never comes to this machine. Content
    # type and metadata are copied, too. The source may be in another
    # bucket.
    copy_source = {'Bucket': bucket_name, 'Key': 'data/hello.txt'}
    s3_client.copy_object(
        Bucket=bucket_name,
        Key='backup/hello-copy.txt',
        CopySource=copy_source,
    )
    log_step('📋 Copied object:', 'data/hello.txt → backup/hello-copy.txt')

    log_section(10, 'Deleting Objects')

    # The response is the same whether the key exists or not, so deleting
    # twice does no harm. A bucket with versioning would keep what was
    # deleted. This one has none: the object is gone, and no call brings
    # it back.
    s3_client.delete_object(Bucket=bucket_name, Key='backup/hello-copy.txt')
    log_step('🗑️  Deleted: backup/hello-copy.txt')

    # One request deletes up to 1,000 keys.
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
    if response.get('Errors'):  # a 200 even where keys failed
        raise RuntimeError(f"Not deleted: {response['Errors']}")
    log_step(f'🗑️  Deleted {deleted_count} objects', 'Batch deletion')

    log_section(11, 'Deleting Buckets')

    # S3 refuses to delete a bucket that is not empty, so empty it first.
    response = s3_client.list_objects_v2(Bucket=bucket_name)
    for obj in response.get('Contents', []):
        s3_client.delete_object(Bucket=bucket_name, Key=obj['Key'])
        log_step(f"🗑️  Deleted remaining object: {obj['Key']}")

    s3_client.delete_bucket(Bucket=bucket_name)
    log_step(f'🗑️  Deleted bucket: {bucket_name}')

    s3_client.delete_bucket(Bucket=bucket_name_2)
    log_step(f'🗑️  Deleted bucket: {bucket_name_2}')

    # A waiter asks S3 again and again, here until the bucket is gone.
    # Just after a deletion, a listing may still show the bucket.
    gone = s3_client.get_waiter('bucket_not_exists')
    for name in (bucket_name, bucket_name_2):
        gone.wait(Bucket=name)
    log_step('🎉 Tour complete', 'Both buckets are gone')


def main(step: bool = False) -> None:
    """Take the tour where moto plays S3; `step` waits before each section."""
    # boto3 and cryptography warn of Pythons that they are about to drop.
    warnings.filterwarnings('ignore', '.*Python 3')
    with closed_world(), stepping(step):
        tour()


NOT_SENT = """\
Not sent, as moto does not know this address. Is it an S3 endpoint of your own?
Then set os.environ['MOTO_S3_CUSTOM_ENDPOINTS'] to it inside closed_world().
If it is one of AWS, upgrade moto."""

HELP = """\
uv run python main_aws_s3.py         runs the whole tour
uv run python main_aws_s3.py --step  waits for Enter before each section, so
                                     that you can read README.md beside it\
"""

if __name__ == '__main__':
    words = sys.argv[1:]
    with terminal():
        if words in (['-h'], ['--help']):
            print(HELP)
        elif words in ([], ['--step']):
            main(step=bool(words))
        else:
            unknown = ' '.join(words)
            print(f'The tour takes no {unknown}: try --help.', file=sys.stderr)
            sys.exit(2)
