"""Every recipe's demo, where S3 is slow, refuses, or loses its responses.

Faults that pass change nothing that it prints. A refusal is an error that
says so, and it comes soon. What its functions send is what it says that it
needs.
"""

import ast
import re
from itertools import repeat

import pytest

import faults
from support import RECIPES, SILENT, check_walk

# Sent twice, these leave one more version, and one more `s3:TestEvent`.
TWICE = {
    'receive_events': {'PutBucketNotificationConfiguration': []},
    'versions': {'CopyObject': []},
}
# Where this is refused, a GET says what is so.
ASKED_AGAIN = {'handle_errors': {'HeadObject'}}
# Operations whose permission has another name.
PERMISSIONS = {
    'CompleteMultipartUpload': 'PutObject',
    'CopyObject': 'GetObject PutObject',
    'CreateMultipartUpload': 'PutObject',
    'DeleteObjects': 'DeleteObject',
    'GetBucketCors': 'GetBucketCORS',
    'GetBucketEncryption': 'GetEncryptionConfiguration',
    'GetBucketLifecycleConfiguration': 'GetLifecycleConfiguration',
    'GetBucketNotificationConfiguration': 'GetBucketNotification',
    'GetPublicAccessBlock': 'GetBucketPublicAccessBlock',
    'HeadBucket': 'ListBucket',
    'HeadObject': 'GetObject',
    'ListMultipartUploads': 'ListBucketMultipartUploads',
    'ListObjectVersions': 'ListBucketVersions',
    'ListObjectsV2': 'ListBucket',
    'ListParts': 'ListMultipartUploadParts',
    'PutBucketCors': 'PutBucketCORS',
    'DeleteBucketCors': 'PutBucketCORS',
    'PutBucketEncryption': 'PutEncryptionConfiguration',
    'PutBucketLifecycleConfiguration': 'PutLifecycleConfiguration',
    'PutBucketNotificationConfiguration': 'PutBucketNotification',
    'PutPublicAccessBlock': 'PutBucketPublicAccessBlock',
    'UploadPart': 'PutObject',
}
# What they need where the demo does not go.
TAGS = 'GetObjectTagging PutObjectTagging '
ANNOTATIONS = 'GetObjectAnnotation PutObjectAnnotation '
BEYOND = {
    # Ids of versions are in the body; without them, objects are listed.
    'delete_folder': 'DeleteObjectVersion ListBucket',
    'encryption': 'UpdateObjectEncryption',  # of what is there
    'handle_errors': 'ListBucket',  # or S3 does not say that a key is absent
    'metadata_and_tags': f'PutObjectVersionTagging {ANNOTATIONS}',
    'move_objects': (
        f'AbortMultipartUpload ListObjectAnnotations {TAGS}{ANNOTATIONS}'
    ),
    'open_object': 'AbortMultipartUpload',
    'presigned_form': 'PutObject',
    'presigned_url': 'GetObject PutObject',
    'receive_events': 'GetObject',  # for a handler
    'restore_archived': f'PutObject {TAGS}',  # to take one out for good
    'resume_upload': 'GetObject',
    'safe_writes': 'ListBucket',  # as in handle_errors
    'sync_folder': 'AbortMultipartUpload GetObject',  # to delete if unchanged
    'upload_and_download': 'AbortMultipartUpload',
    'upload_chunks': 'AbortMultipartUpload',
    'upload_folder': 'AbortMultipartUpload',
    'versions': (
        'PutBucketVersioning PutObjectLegalHold PutObjectRetention '
        f'GetObjectVersionTagging PutObjectTagging {ANNOTATIONS}'
    ),
}


def permissions(demo):
    """Yield what the operations need that this demo has sent."""
    for operation in {*demo.sent}:
        for name in PERMISSIONS.get(operation, operation).split():
            reads = operation in demo.of_versions and name != 'PutObject'
            yield name.replace('Object', 'ObjectVersion') if reads else name


@pytest.mark.parametrize('name', RECIPES)
def test_each_function_takes_its_client_first_as_s3(name):
    """Or the test below would leave it alone."""
    for node in ast.walk(ast.parse(RECIPES[name])):
        if isinstance(node, ast.FunctionDef):
            names = [x.arg for x in node.args.args if x.arg != 'self']
            for argument in node.args.args:
                if argument.annotation and 'S3Client' in ast.unparse(
                    argument.annotation
                ):
                    assert argument.arg == names[0] == 's3', node.name


@pytest.fixture
def demo(request, session, monkeypatch, waits):
    return faults.Demo(request.param, session, monkeypatch)


@pytest.mark.parametrize('demo', sorted({*RECIPES} - SILENT), indirect=True)
def test_a_demo_prints_its_lines_or_the_refusal(demo, waits, capsys, request):
    once = TWICE.get(demo.name, {})
    demo.come(faults.slow_down, faults.lost, **once)
    check_walk(demo.name, demo.tell(walk=True))
    operations, needed = {*demo.sent}, {*permissions(demo)}
    assert operations, 'nothing was sent'
    assert len(demo.met) == 2 * len(operations - {*once}), 'each met both'
    assert sum(waits) < 60
    if hasattr(demo.module, 'MB'):
        request.getfixturevalue('small')
    for operation in sorted(operations - ASKED_AGAIN.get(demo.name, set())):
        waits.clear()
        demo.come(**{operation: repeat(faults.denied)})
        assert 'AccessDenied' in demo.tell(), operation
        assert len(demo.sent) < 400, operation
        assert sum(waits) < 60
    assert capsys.readouterr() == ('', '')
    docstring = RECIPES[demo.name].split('"""')[1]
    needs = docstring[re.search(r'\bNeeds\s', docstring).start() :]
    said = {*re.findall(r'\bs3:(\w+)', needs)}
    assert said == needed | {*BEYOND.get(demo.name, '').split()}
