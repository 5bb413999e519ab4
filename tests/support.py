"""What several tests need: the tour's files, its output, its requests."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from botocore.handlers import BUILTIN_HANDLERS
from botocore.signers import RequestSigner

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / 'main_aws_s3.py'
TRANSCRIPT = (ROOT / 'tests' / 'transcript.txt').read_text(encoding='utf-8')

# What differs from run to run, and what stands for it in a comparison.
MASKS = [
    (r'^\[\d\d:\d\d:\d\d\.\d{3}\]', '[HH:MM:SS.mmm]'),
    (r'\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\+00:00$)', 'YYYY-MM-DD HH:MM:SS'),
    (r'(?<=^             URL length: )\d+', 'NNN'),
]

# `main_aws_s3.py:N` is cited by others, so these lines stay where they are.
PINNED = {
    45: "s3_client = boto3.client('s3', region_name='us-east-1')",
    49: "s3_resource = boto3.resource('s3', region_name='us-east-1')",
    58: 's3_client.create_bucket(Bucket=bucket_name)',
    63: 'bucket = s3_resource.create_bucket(Bucket=bucket_name_2)',
    71: 'response = s3_client.list_buckets()',
    73: "for bucket_info in response['Buckets']:",
    82: 's3_client.put_object(',
    92: 's3_client.put_object(',
    97: "Metadata={'author': 'demo-user', 'purpose': 'illustration'},",
    103: 's3_client.put_object(',
    112: "obj = s3_resource.Object(bucket_name, 'documents/readme.md')",
    113: r"obj.put(Body='# AWS S3 Demo\n\nThis is a demo file.')",
    121: 'response = s3_client.list_objects_v2(Bucket=bucket_name)',
    123: "for obj in response.get('Contents', []):",
    128: 'response = s3_client.list_objects_v2(',
    142: 'response = s3_client.get_object(',
    146: "content = response['Body'].read().decode('utf-8')",
    151: "json_content = json.loads(response['Body'].read())",
    156: "obj = s3_resource.Object(bucket_name, 'documents/readme.md')",
    157: "body = obj.get()['Body'].read().decode('utf-8')",
    166: 'response = s3_client.head_object(',
    171: """log_step(f"   • Content-Type: {response['ContentType']}")""",
    172: (
        'log_step('
        """f"   • Content-Length: {response['ContentLength']} bytes")"""
    ),
    173: """log_step(f"   • Last-Modified: {response['LastModified']}")""",
    174: """log_step(f"   • ETag: {response['ETag']}")""",
    175: (
        'log_step('
        """f"   • Custom Metadata: {response.get('Metadata', {})}")"""
    ),
    183: 'url = s3_client.generate_presigned_url(',
    192: 'upload_url = s3_client.generate_presigned_url(',
    205: "copy_source = {'Bucket': bucket_name, 'Key': 'data/hello.txt'}",
    206: 's3_client.copy_object(',
    219: (
        's3_client.delete_object('
        "Bucket=bucket_name, Key='backup/hello-copy.txt')"
    ),
    223: 'objects_to_delete = {',
    230: 'response = s3_client.delete_objects(',
    234: "deleted_count = len(response.get('Deleted', []))",
    247: 's3_client.delete_bucket(Bucket=bucket_name)',
    250: 's3_client.delete_bucket(Bucket=bucket_name_2)',
}


# What botocore adds of its own, differently from version to version.
MACHINERY = {
    'amz-sdk-invocation-id',
    'amz-sdk-request',
    'authorization',
    'content-length',
    'content-md5',
    'expect',
    'transfer-encoding',
    'user-agent',
    'x-amz-checksum-crc32',
    'x-amz-checksum-mode',
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-decoded-content-length',
    'x-amz-sdk-checksum-algorithm',
    'x-amz-trailer',
}


def mask(output: str) -> str:
    """Return the tour's output with times, dates and URL length masked."""
    for pattern, stand_in in MASKS:
        output = re.sub(pattern, stand_in, output, flags=re.MULTILINE)
    return output


def run_python(*args, env=None, **kwargs) -> subprocess.CompletedProcess:
    """Run this Python on `args`; its stdout and stderr come as bytes.

    `env` is added to this process's environment; a value of None takes
    the variable out of it.
    """
    whole_env = {'PYTHONIOENCODING': 'utf-8', **os.environ, **(env or {})}
    return subprocess.run(
        [sys.executable, *map(str, args)],
        env={k: v for k, v in whole_env.items() if v is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        **kwargs,
    )


@contextmanager
def handler(event: str, function):
    """Have `function` called at `event` of every boto3 client made inside.

    Events: the boto3 guide, "Extensibility guide".
    """
    BUILTIN_HANDLERS.append((event, function))
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove((event, function))


@contextmanager
def signing(function):
    """Have `function` called with each presigned URL that is made inside.

    It gets the operation, the request as a dict, the URL, and the seconds
    for which it is good.
    """
    sign = RequestSigner.generate_presigned_url

    def spy(self, request_dict, operation_name, **kwargs):
        url = sign(self, request_dict, operation_name=operation_name, **kwargs)
        function(operation_name, request_dict, url, kwargs['expires_in'])
        return url

    with mock.patch.object(RequestSigner, 'generate_presigned_url', spy):
        yield


def chosen(request) -> dict:
    """The headers that say what the caller wants of S3."""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    # A chunked body is how botocore sends it, not what S3 stores.
    encoding = headers.pop('content-encoding', '')
    encoding = re.sub(',?aws-chunked$', '', encoding)
    if encoding:
        headers['content-encoding'] = encoding
    return {k: v for k, v in headers.items() if k not in MACHINERY}


def content(request) -> bytes:
    """The body as S3 stores it, left as it was for whoever sends it."""
    body = request.body
    if hasattr(body, 'read'):
        data = body.read()
        body.seek(0)
    else:
        data = body or b''
    length = request.headers.get('X-Amz-Decoded-Content-Length')
    if length is not None:  # size in hex, CRLF, bytes, trailing checksum
        data = data.partition(b'\r\n')[2][: int(length)]
    return data
