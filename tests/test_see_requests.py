"""Tests of recipes/see_requests.py."""

import pytest
from botocore import exceptions as errors

from faults import Faults, lost, slow_down
from see_requests import watch


def test_watching_shows_each_try_and_no_query(s3, waits):
    lines, faults = [], Faults()
    watch(s3, lines.append)
    faults.watch(s3)
    faults.come(ListObjectsV2=[slow_down, lost, lost, lost, lost])
    with pytest.raises(errors.ConnectionClosedError):
        s3.list_objects_v2(Bucket='my-bucket', Prefix='secret')
    tries = ['GET https://my-bucket.s3.amazonaws.com/'] * len(faults.met)
    assert lines[:-1] == tries
    assert lines[-1].startswith('no response: Connection was closed')
    assert 'secret' not in str(lines)


def test_watching_tells_how_often_it_was_tried_again(s3, waits):
    lines, faults = [], Faults()
    watch(s3, lines.append)
    faults.watch(s3)
    faults.come(HeadBucket=[slow_down, slow_down])
    with pytest.raises(errors.ClientError):
        s3.head_bucket(Bucket='my-bucket')
    assert lines[3:] == ['HeadBucket: 404, 2 retries']
