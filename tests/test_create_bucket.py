"""Tests of recipes/create_bucket.py."""

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from moto.core.botocore_stubber import MockRawResponse

import faults
from create_bucket import create_bucket
from support import asked

ABSENT = faults.says(404, '')  # a response to HEAD has no body


def in_region(status, region):
    """S3 answers a HEAD with this status, and tells the bucket's region."""

    def fault(request, work):
        headers = {'x-amz-bucket-region': region}
        return AWSResponse(request.url, status, headers, MockRawResponse(b''))

    return fault


def error(status, code):
    return faults.says(status, faults.ERROR.format(code))


@pytest.mark.parametrize('region', ['us-east-1', 'eu-west-1'])
def test_your_own_bucket_is_not_created_again(s3, mine, region):
    client = boto3.client('s3', region_name=region)
    create_bucket(client, 'new')
    mine.faults.watch(client)
    create_bucket(client, 'new')
    assert mine.faults.sent == ['HeadBucket']


def test_where_it_may_not_look_it_creates_nothing(s3, mine):
    mine.faults.come(HeadBucket=[in_region(403, 'us-east-1')])
    with pytest.raises(PermissionError, match=r'other \(region: us-east-1\)'):
        create_bucket(mine, 'other')
    assert mine.faults.sent == ['HeadBucket']


def test_an_expired_token_is_named_and_creates_nothing(s3, mine):
    expired = error(400, 'ExpiredToken')
    mine.faults.come(
        HeadBucket=[faults.says(400, '')], ListObjectsV2=[expired]
    )
    with pytest.raises(ClientError, match='ExpiredToken'):
        create_bucket(mine, 'new')
    assert mine.faults.sent == ['HeadBucket', 'ListObjectsV2']


def test_what_nobody_explains_is_raised_and_creates_nothing(s3, mine):
    mine.faults.come(HeadBucket=[faults.says(400, '')])
    with pytest.raises(ClientError, match=r'\(400\)'):
        create_bucket(mine, 'bucket')
    assert 'CreateBucket' not in mine.faults.sent


def test_the_owner_that_you_expect_is_asked_for(s3, mine):
    head = asked(s3, 'HeadBucket')
    create_bucket(s3, 'bucket', owner='210987654321')
    assert head['ExpectedBucketOwner'] == '210987654321'


def test_the_region_of_somebody_elses_bucket_is_told(s3, mine):
    moved, denied = in_region(301, 'eu-west-1'), in_region(403, 'eu-west-1')
    mine.faults.come(HeadBucket=[moved, denied])
    with pytest.raises(PermissionError, match=r'other \(region: eu-west-1\)'):
        create_bucket(mine, 'other')
    assert mine.faults.sent == ['HeadBucket', 'HeadBucket']
    assert mine.faults.met[1].startswith(
        'https://other.s3.eu-west-1.amazonaws.com'
    )


def test_the_region_of_your_own_bucket_is_told(s3, mine):
    create_bucket(boto3.client('s3', region_name='eu-west-1'), 'mine')
    with pytest.raises(ValueError, match='mine is there, but in eu-west-1'):
        create_bucket(s3, 'mine')


def test_a_bucket_that_comes_to_be_elsewhere_meanwhile_is_told(s3, mine):
    create_bucket(boto3.client('s3', region_name='eu-west-1'), 'mine')
    client = boto3.client('s3', region_name='eu-central-1')
    mine.faults.watch(client)
    mine.faults.come(HeadBucket=[ABSENT])
    with pytest.raises(ValueError, match='mine is there, but in eu-west-1'):
        create_bucket(client, 'mine')


def test_a_client_that_knows_the_name_elsewhere_creates_nothing(s3, mine):
    mine.faults.come(HeadBucket=[in_region(301, 'eu-west-1')])
    with pytest.raises(ClientError, match='IllegalLocationConstraintExc'):
        create_bucket(mine, 'moved')
    fresh = boto3.client('s3', region_name='us-east-1')
    create_bucket(fresh, 'moved')


def test_a_name_that_somebody_takes_first_is_an_error(s3, mine):
    mine.faults.come(CreateBucket=[error(409, 'BucketAlreadyExists')])
    with pytest.raises(s3.exceptions.BucketAlreadyExists):
        create_bucket(mine, 'new')


def test_a_bucket_whose_creation_was_not_confirmed_is_yours(s3, mine):
    client = boto3.client('s3', region_name='eu-west-1')
    mine.faults.watch(client)
    mine.faults.come(CreateBucket=[faults.lost])
    create_bucket(client, 'new')
    assert mine.faults.sent.count('CreateBucket') == 2
    assert s3.head_bucket(Bucket='new')['BucketRegion'] == 'eu-west-1'


def test_a_bucket_that_is_not_there_at_once_is_waited_for(s3, mine):
    mine.faults.come(HeadBucket=[None, ABSENT])
    create_bucket(mine, 'new')
    assert mine.faults.sent.count('HeadBucket') == 3
