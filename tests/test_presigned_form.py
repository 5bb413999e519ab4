"""Tests of recipes/presigned_form.py."""

import base64
import json
from datetime import datetime

import pytest

import presigned_form
from presigned_url import signing_client


def test_a_form_signs_its_limits(s3):
    form = presigned_form.upload_form(
        signing_client('us-east-1'),
        'bucket',
        'key',
        'image/png',
        5,
        seconds=99,
    )
    fields = form['fields']
    policy = json.loads(base64.b64decode(fields['policy']))
    begin = datetime.strptime(fields['x-amz-date'], '%Y%m%dT%H%M%SZ')
    end = datetime.strptime(policy['expiration'], '%Y-%m-%dT%H:%M:%SZ')
    assert (end - begin).total_seconds() == pytest.approx(99, abs=9)
    for condition in (
        {'bucket': 'bucket'},
        {'key': 'key'},
        {'Content-Type': 'image/png'},
        ['content-length-range', 1, 5],
    ):
        assert condition in policy['conditions']


@pytest.mark.parametrize('key', ['a/${filename}', '${filename}/a', '$'])
def test_a_form_does_not_choose_its_key(key, s3):
    with pytest.raises(ValueError, match='lets the sender choose'):
        presigned_form.upload_form(
            signing_client('us-east-1'),
            'bucket',
            key,
            'image/png',
            max_bytes=5,
        )
