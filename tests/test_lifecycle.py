"""Tests of recipes/lifecycle.py."""

import pytest

import lifecycle


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


def answer(s3, operation, **fields):
    """Have S3 answer with these fields, too, that moto does not know."""

    def add(parsed, **_):
        parsed.update(fields)

    s3.meta.events.register(f'after-call.s3.{operation}', add)


def asked(s3, operation):
    """Return what holds the last parameters of this operation from now on."""
    asked = {}

    def keep(params, **_):
        asked.update(params)

    s3.meta.events.register(f'provide-client-params.s3.{operation}', keep)
    return asked


def test_rules_of_others_stay_as_they_were(s3):
    theirs = {
        'ID': 'by tag',
        'Filter': {'Tag': {'Key': 'a', 'Value': 'b'}},
        'Status': 'Disabled',
        'Expiration': {'Days': 3},
    }
    s3.put_bucket_lifecycle_configuration(
        Bucket='bucket', LifecycleConfiguration={'Rules': [theirs]}
    )
    lifecycle.delete_after(s3, 'bucket', 'a/', days=1)
    lifecycle.archive_after(s3, 'bucket', 'a/', days=1)
    lifecycle.delete_after(s3, 'bucket', 'a/', days=2)
    response = s3.get_bucket_lifecycle_configuration(Bucket='bucket')
    assert response['Rules'][0] == theirs
    names = [rule['ID'] for rule in response['Rules'][1:]]
    assert names == ['archive a/', 'delete a/']
    assert response['Rules'][2]['Expiration'] == {'Days': 2}


def test_a_rule_of_the_old_form_gets_the_new_one(s3):
    """S3 refuses rules of both forms together; moto takes them."""
    rule = {'ID': 'old', 'Status': 'Enabled', 'Expiration': {'Days': 3}}
    s3.put_bucket_lifecycle_configuration(
        Bucket='bucket',
        LifecycleConfiguration={'Rules': [{'Prefix': 'x/', **rule}]},
    )
    lifecycle.delete_after(s3, 'bucket', 'a/', days=1)
    response = s3.get_bucket_lifecycle_configuration(Bucket='bucket')
    assert response['Rules'][0] == {'Filter': {'Prefix': 'x/'}, **rule}


def test_tidying_up_takes_versions_delete_markers_and_uploads(s3):
    lifecycle.tidy_up(s3, 'bucket', days=30)
    response = s3.get_bucket_lifecycle_configuration(Bucket='bucket')
    [rule] = response['Rules']
    assert rule['Filter'] == {'Prefix': ''}
    assert rule['NoncurrentVersionExpiration'] == {'NoncurrentDays': 30}
    assert rule['Expiration'] == {'ExpiredObjectDeleteMarker': True}
    assert rule['AbortIncompleteMultipartUpload']['DaysAfterInitiation'] == 7


def test_small_objects_move_as_before(s3):
    older = {'TransitionDefaultMinimumObjectSize': 'varies_by_storage_class'}
    put = asked(s3, 'PutBucketLifecycleConfiguration')
    lifecycle.tidy_up(s3, 'bucket', days=1)
    answer(s3, 'GetBucketLifecycleConfiguration', **older)
    lifecycle.tidy_up(s3, 'bucket', days=2)
    assert older.items() <= put.items()
