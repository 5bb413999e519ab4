"""The tour and the demos print on a real server what they print in the mock.

Those that need what SeaweedFS has not are left out.
"""

import importlib
import re

import boto3
import pytest

import main_aws_s3
from support import RECIPES, demo_of, mask, printed_as

# Regions, roles, KMS, queues, keys with .., Block Public Access, archives;
# and one is about the mock itself.
CANNOT = {
    'bucket_policy',
    'create_bucket',
    'credentials',
    'download_folder',
    'encryption',
    'lifecycle',
    'real_tour',
    'receive_events',
    'restore_archived',
    'test_your_code',
}
OTHERWISE = {'list_objects'}  # its `/` comes before `-`


def test_the_tour_prints_the_same(printed, capsys):
    def hide_other_tests(parsed, **_):
        parsed['Buckets'] = [
            x for x in parsed['Buckets'] if x['Name'].endswith('bucket-2024')
        ]

    boto3.setup_default_session()
    events = boto3.DEFAULT_SESSION.events
    events.register('after-call.s3.ListBuckets', hide_other_tests)
    main_aws_s3.tour()
    assert mask(capsys.readouterr().out) == mask(printed)


def without_urls(text):
    """Return a text without hosts, which are others here."""
    return re.sub(r'https?://\S+', 'URL', text)


@pytest.mark.parametrize('name', sorted({*RECIPES} - CANNOT))
def test_a_demo_prints_the_same(name, capsys):
    for bucket in boto3.resource('s3').buckets.all():
        if bucket.name.startswith('my-'):  # that of another demo
            bucket.object_versions.delete()
            bucket.delete()
    importlib.import_module(name).demo()
    printed = capsys.readouterr().out
    pattern = printed_as(without_urls('\n'.join(demo_of(name))))
    fits = pattern.fullmatch(without_urls(printed))
    assert fits or name in OTHERWISE, printed
