"""Tests of recipes/lifecycle.py."""

from itertools import repeat

import pytest
from botocore.exceptions import ClientError

import lifecycle
from faults import denied

THEIRS = {
    'ID': 'by tag',
    'Filter': {'Tag': {'Key': 'a', 'Value': 'b'}},
    'Status': 'Disabled',
    'Expiration': {'Days': 3},
}


def put(s3, *rules):
    s3.put_bucket_lifecycle_configuration(
        Bucket='bucket', LifecycleConfiguration={'Rules': [*rules]}
    )


def rules(s3):
    response = s3.get_bucket_lifecycle_configuration(Bucket='bucket')
    return response['Rules']


def names(s3):
    return [rule['ID'] for rule in rules(s3)]


def test_rules_of_others_stay_as_they_were(mine):
    put(mine, THEIRS)
    lifecycle.delete_after(mine, 'bucket', 'a/', days=1)
    lifecycle.archive_after(mine, 'bucket', 'a/', days=1)
    lifecycle.delete_after(mine, 'bucket', 'a/', days=2)
    assert rules(mine)[0] == THEIRS
    assert names(mine)[1:] == ['archive a/', 'delete a/']
    lifecycle.remove_rule(mine, 'bucket', 'delete a/')
    lifecycle.remove_rule(mine, 'bucket', 'archive a/')
    assert rules(mine) == [THEIRS]


def test_what_is_deleted_is_what_is_said(mine):
    lifecycle.delete_after(mine, 'bucket', 'tmp/', days=5)
    assert rules(mine) == [
        {
            'ID': 'delete tmp/',
            'Status': 'Enabled',
            'Filter': {'Prefix': 'tmp/'},
            'Expiration': {'Days': 5},
        }
    ]


def test_what_is_archived_can_be_read_as_before(mine):
    lifecycle.archive_after(mine, 'bucket', 'logs/', days=30)
    [rule] = rules(mine)
    move = {'Days': 30, 'StorageClass': 'GLACIER_IR'}
    assert (rule['Filter'], rule['Status']) == ({'Prefix': 'logs/'}, 'Enabled')
    assert rule['Transitions'] == [move]
    lifecycle.archive_after(mine, 'bucket', 'logs/', 90, 'DEEP_ARCHIVE')
    move = {'Days': 90, 'StorageClass': 'DEEP_ARCHIVE'}
    assert rules(mine)[0]['Transitions'] == [move]


def test_tidying_up_takes_versions_delete_markers_and_uploads(mine):
    lifecycle.tidy_up(mine, 'bucket', days=30)
    [rule] = rules(mine)
    assert (rule['Filter'], rule['Status']) == ({'Prefix': ''}, 'Enabled')
    assert rule['NoncurrentVersionExpiration'] == {'NoncurrentDays': 30}
    assert rule['Expiration'] == {'ExpiredObjectDeleteMarker': True}
    assert rule['AbortIncompleteMultipartUpload']['DaysAfterInitiation'] == 7


ACTS = [lifecycle.delete_after, lifecycle.archive_after]


@pytest.mark.parametrize('act', ACTS)
def test_a_folder_is_a_folder(mine, act):
    act(mine, 'bucket', 'tmp', days=1)
    assert rules(mine)[0]['Filter'] == {'Prefix': 'tmp/'}


@pytest.mark.parametrize('act', ACTS)
@pytest.mark.parametrize('prefix', ['/logs/', 'logs/*.gz', 's3://b/logs/'])
def test_what_matches_nothing_is_refused(mine, act, prefix):
    with pytest.raises(ValueError, match='would match nothing'):
        act(mine, 'bucket', prefix, days=1)
    assert mine.faults.sent == []


@pytest.mark.parametrize('act', ACTS)
def test_an_empty_variable_does_not_mean_the_whole_bucket(mine, act):
    with pytest.raises(ValueError, match='the whole bucket'):
        act(mine, 'bucket', '', days=1)
    assert mine.faults.sent == []


def test_the_last_rule_can_be_removed(mine):
    lifecycle.tidy_up(mine, 'bucket', days=1)
    lifecycle.remove_rule(mine, 'bucket', 'tidy up')
    # S3 refuses a list without rules; moto takes it.
    assert mine.faults.sent[-1] == 'DeleteBucketLifecycle'
    with pytest.raises(ClientError, match='NoSuchLifecycleConfiguration'):
        rules(mine)


def test_removing_a_rule_that_is_not_there_is_an_error(mine):
    with pytest.raises(LookupError, match=r"no rule 'delete tmp', only \[\]"):
        lifecycle.remove_rule(mine, 'bucket', 'delete tmp')
    lifecycle.delete_after(mine, 'bucket', 'tmp/', days=1)
    with pytest.raises(LookupError, match=r"only \['delete tmp/'"):
        lifecycle.remove_rule(mine, 'bucket', 'delete tmp')
    assert names(mine) == ['delete tmp/']


def test_rules_that_may_not_be_read_are_not_replaced(mine):
    put(mine, THEIRS)
    mine.faults.come(GetBucketLifecycleConfiguration=repeat(denied))
    for act in (
        lambda: lifecycle.tidy_up(mine, 'bucket', days=1),
        lambda: lifecycle.remove_rule(mine, 'bucket', 'by tag'),
    ):
        with pytest.raises(ClientError, match='AccessDenied'):
            act()
    mine.faults.come()
    assert rules(mine) == [THEIRS]


def test_a_rule_of_the_old_form_gets_the_new_one(mine):
    """S3 refuses rules of both forms together; moto takes them."""
    rule = {'ID': 'old', 'Status': 'Enabled', 'Expiration': {'Days': 3}}
    put(mine, {'Prefix': 'x/', **rule})
    lifecycle.delete_after(mine, 'bucket', 'a/', days=1)
    assert rules(mine)[0] == {'Filter': {'Prefix': 'x/'}, **rule}


@pytest.mark.parametrize('removes', [False, True])
def test_small_objects_move_as_before(mine, removes):
    """moto does not know the setting, so what S3 would say is put in."""
    older = {'TransitionDefaultMinimumObjectSize': 'varies_by_storage_class'}
    lifecycle.tidy_up(mine, 'bucket', days=1)
    lifecycle.delete_after(mine, 'bucket', 'tmp', days=1)
    sent = {}
    events = mine.meta.events
    events.register(
        'after-call.s3.GetBucketLifecycleConfiguration',
        lambda parsed, **_: parsed.update(older),
    )
    events.register(
        'provide-client-params.s3.PutBucketLifecycleConfiguration',
        lambda params, **_: sent.update(params),
    )
    if removes:
        lifecycle.remove_rule(mine, 'bucket', 'tidy up')
    else:
        lifecycle.tidy_up(mine, 'bucket', days=2)
    assert older.items() <= sent.items()
