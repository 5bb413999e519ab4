"""Buckets are made and set up, and what others have set up in them stays."""

import json
import socket
import threading
import time

import boto3
import faults
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.stub import Stubber
from moto.core.botocore_stubber import MockRawResponse

from recipes import bucket_policy, encryption, events, lifecycle, production
from recipes.create_bucket import create_bucket

ACCOUNT = '123456789012'
QUEUE = f'arn:aws:sqs:us-east-1:{ACCOUNT}:queue'
KEY = f'arn:aws:kms:us-east-1:{ACCOUNT}:key/key'
OTHERS = {
    'Sid': 'ReadByEverybodyElse',
    'Effect': 'Allow',
    'Principal': {'AWS': ACCOUNT},
    'Action': '*',
    'Resource': '*',
}
REFUSED = faults.says(
    400,
    '<Error><Code>InvalidArgument</Code><Message>Unable to validate the '
    'following destination configurations</Message>'
    f'<ArgumentName1>{QUEUE}, null</ArgumentName1>'
    '<ArgumentValue1>Permissions do not allow S3</ArgumentValue1>'
    '<ArgumentName2>arn:gone</ArgumentName2>'
    '<ArgumentValue2>The destination topic does not exist</ArgumentValue2>'
    '</Error>',
)
ABSENT = faults.says(404, '')  # a response to HEAD has no body


def in_region(status, region):
    """S3 answers a HEAD with this status, and tells the bucket's region."""

    def fault(request, work):
        headers = {'x-amz-bucket-region': region}
        return AWSResponse(request.url, status, headers, MockRawResponse(b''))

    return fault


def error(status, code):
    return faults.says(status, faults.ERROR.format(code))


@pytest.fixture
def s3(s3):
    s3.create_bucket(Bucket='bucket')
    return s3


@pytest.fixture
def sent(s3):
    """What is sent by `s3`, and the faults that it meets."""
    sent = faults.Faults()
    sent.watch(s3)
    return sent


@pytest.fixture
def slept(monkeypatch):
    """The seconds that are waited for, without waiting."""
    slept = []
    monkeypatch.setattr(time, 'sleep', slept.append)
    return slept


@pytest.fixture
def sqs(s3):
    return boto3.client('sqs', region_name='us-east-1')


@pytest.fixture
def url(sqs):
    """A queue that hides no message that is received."""
    attributes = {'VisibilityTimeout': '0'}
    response = sqs.create_queue(QueueName='queue', Attributes=attributes)
    return response['QueueUrl']


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


def statements_of_queue(sqs, url):
    response = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=['Policy']
    )
    return json.loads(response['Attributes']['Policy'])['Statement']


def statements_of_bucket(s3):
    policy = s3.get_bucket_policy(Bucket='bucket')['Policy']
    return json.loads(policy)['Statement']


def put_policy(s3, statements):
    policy = {'Version': '2012-10-17', 'Statement': statements}
    s3.put_bucket_policy(Bucket='bucket', Policy=json.dumps(policy))


CHANGES = [
    ('BucketNotificationConfiguration', events.send_to_queue, QUEUE, 'in/'),
    ('BucketPolicy', bucket_policy.make_public),
    ('BucketPolicy', bucket_policy.make_private),
    ('BucketLifecycleConfiguration', lifecycle.tidy_up, 1),
    ('BucketEncryption', encryption.use_kms_key, KEY),
]


@pytest.mark.parametrize('change', CHANGES)
def test_what_cannot_be_read_is_not_replaced(s3, sent, change):
    setting, function, *args = change
    sent.come(**{f'Get{setting}': [faults.denied]})
    with pytest.raises(ClientError, match='AccessDenied'):
        function(s3, 'bucket', *args)
    assert f'Put{setting}' not in sent.sent
    assert f'Delete{setting}' not in sent.sent


def test_block_public_access_that_cannot_be_read_stays_on(s3, sent):
    sent.come(GetPublicAccessBlock=[faults.denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        bucket_policy.make_public(s3, 'bucket')
    assert sent.sent == ['GetPublicAccessBlock']


# events


def test_each_bucket_may_send_to_the_queue_and_others_still_may(sqs, url):
    policy = json.dumps({'Version': '2012-10-17', 'Statement': OTHERS})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={'Policy': policy})
    for bucket in ('a.b', 'a-b', 'a.b'):
        assert events.allow_s3(sqs, url, bucket, ACCOUNT) == QUEUE
    theirs, *ours = statements_of_queue(sqs, url)
    assert theirs == OTHERS
    assert [statement['Condition'] for statement in ours] == [
        {
            'ArnLike': {'aws:SourceArn': f'arn:aws:s3:*:*:{bucket}'},
            'StringEquals': {'aws:SourceAccount': ACCOUNT},
        }
        for bucket in ('a-b', 'a.b')
    ]
    assert {statement['Resource'] for statement in ours} == {QUEUE}


def test_a_queue_in_china_takes_events_of_a_bucket_in_china(s3):
    sqs = boto3.client('sqs', region_name='cn-north-1')
    url = sqs.create_queue(QueueName='queue')['QueueUrl']
    events.allow_s3(sqs, url, 'bucket', ACCOUNT)
    [statement] = statements_of_queue(sqs, url)
    condition = statement['Condition']['ArnLike']
    assert condition == {'aws:SourceArn': 'arn:aws-cn:s3:*:*:bucket'}


def test_a_queue_for_each_prefix_and_other_notifications_stay(s3):
    topic = {
        'Id': 'theirs',
        'TopicArn': f'arn:aws:sns:us-east-1:{ACCOUNT}:topic',
        'Events': ['s3:ObjectRemoved:*'],
    }
    boto3.client('sns', region_name='us-east-1').create_topic(Name='topic')
    s3.put_bucket_notification_configuration(
        Bucket='bucket',
        NotificationConfiguration={'TopicConfigurations': [topic]},
    )
    get, put = (f'{x}BucketNotificationConfiguration' for x in ('Get', 'Put'))
    answer(s3, get, EventBridgeConfiguration={})
    sent = asked(s3, put)
    sqs = boto3.client('sqs', region_name='us-east-1')
    for name in ('one', 'two', 'two'):
        sqs.create_queue(QueueName=name)
        arn = f'arn:aws:sqs:us-east-1:{ACCOUNT}:{name}'
        events.send_to_queue(s3, 'bucket', arn, f'{name}/')
    config = sent['NotificationConfiguration']
    arns = [rule['QueueArn'] for rule in config['QueueConfigurations']]
    assert [arn.rpartition(':')[2] for arn in arns] == ['one', 'two']
    assert config['TopicConfigurations'] == [topic]
    assert 'EventBridgeConfiguration' in config


def test_a_queue_is_tried_again_while_its_policy_spreads(s3, sent, slept):
    sent.come(PutBucketNotificationConfiguration=[REFUSED, REFUSED])
    events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    config = s3.get_bucket_notification_configuration(Bucket='bucket')
    assert config['QueueConfigurations'][0]['QueueArn'] == QUEUE
    assert slept == [0, 5, 10]


def test_after_a_minute_each_refused_destination_is_named(s3, sent, slept):
    sent.come(PutBucketNotificationConfiguration=[REFUSED] * 9)
    with pytest.raises(RuntimeError) as raised:
        events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert str(raised.value) == (
        f'S3 refuses {QUEUE}, null, Permissions do not allow S3, '
        'arn:gone, The destination topic does not exist'
    )
    assert sum(slept) == 60


def test_another_invalid_argument_is_not_tried_again(s3, sent, slept):
    sent.come(
        PutBucketNotificationConfiguration=[error(400, 'InvalidArgument')]
    )
    with pytest.raises(ClientError, match='InvalidArgument'):
        events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert slept == [0]


@pytest.mark.parametrize(
    ('body', 'problem'),
    [
        ('{"Type": "Notification", "TopicArn": "x", "Message": "y"}', 'SNS'),
        ('{"detail-type": "Object Created", "detail": {}}', 'EventBridge'),
        ('{"Records": [{"eventSource": "aws:sqs"}]}', 'no event of S3'),
        ('{"hello": "world"}', 'no event of S3: {"hello": "world"}'),
        ('["Records"]', 'no event of S3'),
        ('null', 'no event of S3'),
        ('hello', 'Expecting value'),
    ],
)
def test_a_message_of_somebody_else_stays(sqs, url, body, problem):
    sqs.send_message(QueueUrl=url, MessageBody=body)
    for _ in range(2):
        with pytest.raises(ValueError, match=problem):
            events.receive(sqs, url, pytest.fail)


@pytest.mark.parametrize('problem', [RuntimeError, KeyboardInterrupt])
def test_an_event_comes_until_it_is_handled(s3, sqs, url, problem):
    def fail(event):
        raise problem

    events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert events.receive(sqs, url, pytest.fail)  # s3:TestEvent
    s3.put_object(Bucket='bucket', Key='in/a b')
    with pytest.raises(problem):
        events.receive(sqs, url, fail)
    handled = []
    assert events.receive(sqs, url, handled.append)
    assert [event.key for event in handled] == ['in/a b']
    assert 'Messages' not in sqs.receive_message(QueueUrl=url)


def test_receiving_waits_for_one_message_at_a_time(sqs):
    asked = {'QueueUrl': 'q', 'MaxNumberOfMessages': 1, 'WaitTimeSeconds': 20}
    with Stubber(sqs) as stub:
        stub.add_response('receive_message', {}, asked)
        assert not events.receive(sqs, 'q', pytest.fail)


# bucket_policy


def test_public_and_shared_are_said_once_and_others_stay(s3):
    put_policy(s3, OTHERS)  # one statement needs no list
    for _ in range(2):
        bucket_policy.make_public(s3, 'bucket')
        bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    theirs, *ours = statements_of_bucket(s3)
    assert theirs == OTHERS
    readers = {'AWS': 'arn:aws:iam::210987654321:root'}
    assert [(x['Principal'], x['Action']) for x in ours] == [
        ('*', 's3:GetObject'),
        (readers, ['s3:ListBucket', 's3:GetObject']),
    ]


def test_private_is_what_others_have_written_and_no_public(s3):
    put_policy(s3, [OTHERS])
    bucket_policy.make_public(s3, 'bucket')
    bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    assert bucket_policy.make_private(s3, 'bucket') == [OTHERS]
    assert statements_of_bucket(s3) == [OTHERS]
    response = s3.get_public_access_block(Bucket='bucket')
    assert all(response['PublicAccessBlockConfiguration'].values())


@pytest.mark.parametrize('statements', [[], [OTHERS]])
def test_a_policy_without_own_statements_is_left_alone(s3, sent, statements):
    if statements:
        put_policy(s3, statements)
    sent.come()
    assert bucket_policy.make_private(s3, 'bucket') == statements
    assert sent.sent == ['PutPublicAccessBlock', 'GetBucketPolicy']


def test_public_by_policy_does_not_turn_on_public_acls(s3):
    bucket_policy.make_private(s3, 'bucket')
    bucket_policy.make_public(s3, 'bucket')
    response = s3.get_public_access_block(Bucket='bucket')
    assert response['PublicAccessBlockConfiguration'] == {
        'BlockPublicAcls': True,
        'IgnorePublicAcls': True,
        'BlockPublicPolicy': False,
        'RestrictPublicBuckets': False,
    }


def test_the_readers_need_what_the_bucket_allows_their_account(s3):
    bucket_policy.share_with_account(s3, 'bucket', '210987654321')
    [statement] = statements_of_bucket(s3)
    theirs = json.loads(bucket_policy.policy_for_readers('bucket'))
    names = ('Effect', 'Action', 'Resource')
    assert theirs['Statement'] == [{name: statement[name] for name in names}]


def test_not_being_told_is_not_being_private(s3, sent):
    sent.come(GetBucketPolicyStatus=[faults.denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        bucket_policy.is_public(s3, 'bucket')


# lifecycle


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


# production


def test_connect_timeout_ends_an_upload_that_stalls(monkeypatch):
    monkeypatch.setenv('no_proxy', '*')
    with socket.create_server(('127.0.0.1', 0)) as server:

        def stall():
            connection, _ = server.accept()
            connection.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
            done.wait(5)
            connection.close()

        done = threading.Event()
        threading.Thread(target=stall, daemon=True).start()
        s3 = boto3.client(
            's3',
            region_name='us-east-1',
            endpoint_url=f'http://127.0.0.1:{server.getsockname()[1]}',
            aws_access_key_id='a',
            aws_secret_access_key='b',
            config=Config(
                connect_timeout=0.2, retries={'total_max_attempts': 1}
            ),
        )
        with pytest.raises(ConnectionClosedError):
            s3.put_object(Bucket='bucket', Key='k', Body=bytes(10**7))
        done.set()


def test_a_long_stall_and_nine_failures_are_stood(s3, sent, slept):
    client = production.make_client('us-east-1', threads=30)
    assert client.meta.config.connect_timeout == 60
    assert client.meta.config.max_pool_connections == 30
    sent.watch(client)
    sent.come(PutObject=[faults.slow_down] * 9)
    client.put_object(Bucket='bucket', Key='key')
    assert sent.sent == ['PutObject'] * 10


# create_bucket


@pytest.mark.parametrize('region', ['us-east-1', 'eu-west-1'])
def test_your_own_bucket_is_not_created_again(s3, sent, region):
    client = boto3.client('s3', region_name=region)
    create_bucket(client, 'new')
    sent.watch(client)
    create_bucket(client, 'new')
    assert sent.sent == ['HeadBucket']


def test_where_it_may_not_look_it_creates_nothing(s3, sent):
    sent.come(HeadBucket=[in_region(403, 'us-east-1')])
    with pytest.raises(PermissionError, match=r'other \(region: us-east-1\)'):
        create_bucket(s3, 'other')
    assert sent.sent == ['HeadBucket']


def test_an_expired_token_is_raised_and_creates_nothing(s3, sent):
    sent.come(HeadBucket=[faults.says(400, '')])
    with pytest.raises(ClientError, match=r'\(400\)'):
        create_bucket(s3, 'new')
    assert sent.sent == ['HeadBucket']


def test_the_owner_that_you_expect_is_asked_for(s3):
    head = asked(s3, 'HeadBucket')
    create_bucket(s3, 'bucket', owner='210987654321')
    assert head['ExpectedBucketOwner'] == '210987654321'


def test_the_region_of_somebody_elses_bucket_is_told(s3, sent):
    moved, denied = in_region(301, 'eu-west-1'), in_region(403, 'eu-west-1')
    sent.come(HeadBucket=[moved, denied])
    with pytest.raises(PermissionError, match=r'other \(region: eu-west-1\)'):
        create_bucket(s3, 'other')
    assert sent.sent == ['HeadBucket', 'HeadBucket']
    assert sent.met[1].startswith('https://other.s3.eu-west-1.amazonaws.com')


def test_the_region_of_your_own_bucket_is_told(s3):
    create_bucket(boto3.client('s3', region_name='eu-west-1'), 'mine')
    with pytest.raises(ValueError, match='mine is there, but in eu-west-1'):
        create_bucket(s3, 'mine')


def test_a_bucket_that_comes_to_be_elsewhere_meanwhile_is_told(s3, sent):
    create_bucket(boto3.client('s3', region_name='eu-west-1'), 'mine')
    client = boto3.client('s3', region_name='eu-central-1')
    sent.watch(client)
    sent.come(HeadBucket=[ABSENT])
    with pytest.raises(ValueError, match='mine is there, but in eu-west-1'):
        create_bucket(client, 'mine')


def test_a_client_that_knows_the_name_elsewhere_creates_nothing(s3, sent):
    sent.come(HeadBucket=[in_region(301, 'eu-west-1')])
    with pytest.raises(ClientError, match='IllegalLocationConstraintExc'):
        create_bucket(s3, 'moved')
    fresh = boto3.client('s3', region_name='us-east-1')
    create_bucket(fresh, 'moved')


def test_a_name_that_somebody_takes_first_is_an_error(s3, sent):
    sent.come(CreateBucket=[error(409, 'BucketAlreadyExists')])
    with pytest.raises(s3.exceptions.BucketAlreadyExists):
        create_bucket(s3, 'new')


def test_a_bucket_whose_creation_was_not_confirmed_is_yours(s3, sent, slept):
    client = boto3.client('s3', region_name='eu-west-1')
    sent.watch(client)
    sent.come(CreateBucket=[faults.lost])
    create_bucket(client, 'new')
    assert sent.sent.count('CreateBucket') == 2
    assert s3.head_bucket(Bucket='new')['BucketRegion'] == 'eu-west-1'


def test_a_bucket_that_is_not_there_at_once_is_waited_for(s3, sent, slept):
    sent.come(HeadBucket=[None, ABSENT])
    create_bucket(s3, 'new')
    assert sent.sent.count('HeadBucket') == 3


# encryption


def test_a_new_default_key_leaves_the_block_of_sent_keys(s3):
    blocked = {'BlockedEncryptionTypes': {'EncryptionType': ['SSE-C']}}
    rules = [{'BucketKeyEnabled': False, **blocked}]
    put = asked(s3, 'PutBucketEncryption')
    encryption.use_kms_key(s3, 'bucket', 'another key')
    answer(
        s3,
        'GetBucketEncryption',
        ServerSideEncryptionConfiguration={'Rules': rules},
    )
    encryption.use_kms_key(s3, 'bucket', KEY)
    [rule] = put['ServerSideEncryptionConfiguration']['Rules']
    default = {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': KEY}
    assert rule == {
        'ApplyServerSideEncryptionByDefault': default,
        'BucketKeyEnabled': True,
        **blocked,
    }
