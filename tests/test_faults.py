"""Every recipe, where S3 is slow, refuses, or its responses get lost.

Faults that pass change nothing that a demo prints. A refusal is an error that
says so, and it comes soon.
"""

from itertools import repeat

import faults
import pytest
from support import RECIPES, printed_as

# Their own functions send nothing to S3 in the demo.
SILENT = {
    'credentials',
    'other_stores',
    'production',
    'public_buckets',
    'real_tour',
    'see_requests',
    'test_your_code',
}
# They catch errors, or begin again: none must get lost there.
CATCHING = [
    'copy_or_move',
    'create_bucket',
    'download_folder',
    'empty_bucket',
    'errors',
    'many_objects',
    'metadata_and_tags',
    'read_part',
    'restore_archived',
    'resume_upload',
    'safe_writes',
    'streams',
    'sync_folder',
    'upload_folder',
    'versions',
]
# Sent twice, these leave one more version, and one more `s3:TestEvent`.
TWICE = {
    'events': {'PutBucketNotificationConfiguration': []},
    'versions': {'CopyObject': []},
}


@pytest.fixture
def demo(request, session, monkeypatch, waits):
    return faults.Demo(request.param, session, monkeypatch)


@pytest.mark.parametrize('demo', sorted({*RECIPES} - SILENT), indirect=True)
def test_faults_that_pass_change_nothing(demo, waits):
    once = TWICE.get(demo.name, {})
    demo.come(faults.slow_down, faults.lost, **once)
    assert printed_as(RECIPES[demo.name]).fullmatch(demo.tell())
    operations = {*demo.sent} - {*once}
    assert len(demo.met) == 2 * len(operations), 'each has met both faults'
    assert sum(waits) < 60


@pytest.mark.parametrize('demo', CATCHING, indirect=True)
def test_a_refusal_is_an_error(demo, waits):
    demo.tell()
    for operation in sorted({*demo.sent}):
        demo.come(**{operation: repeat(faults.denied)})
        assert 'AccessDenied' in demo.tell(), operation
        assert len(demo.sent) < 400, operation
        assert sum(waits) < 60
        waits.clear()
