"""Tests of recipes/receive_events.py."""

import json
import re

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

import faults
import receive_events as events
from support import asked

ACCOUNT = '123456789012'
QUEUE = f'arn:aws:sqs:us-east-1:{ACCOUNT}:queue'
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


def statements_of_queue(sqs, url):
    response = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=['Policy']
    )
    return json.loads(response['Attributes']['Policy'])['Statement']


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
    for statement in ours:  # SQS takes no dot there
        assert re.fullmatch(r'[\w-]+', statement['Sid'])


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


def test_an_empty_prefix_is_the_whole_bucket(s3, sqs, url):
    arn = events.allow_s3(sqs, url, 'bucket', '123456789012')
    events.send_to_queue(s3, 'bucket', arn, '')
    config = s3.get_bucket_notification_configuration(Bucket='bucket')
    [queue] = config['QueueConfigurations']
    assert 'Filter' not in queue


def test_uploads_in_parts_and_copies_are_told_too(s3):
    events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    config = s3.get_bucket_notification_configuration(Bucket='bucket')
    assert config['QueueConfigurations'][0]['Events'] == ['s3:ObjectCreated:*']


def test_a_prefix_is_filtered_by_as_its_keys_come(s3):
    sent = asked(s3, 'PutBucketNotificationConfiguration')
    events.send_to_queue(s3, 'bucket', QUEUE, "für a+b/(1)!'*.-_")
    [queue] = sent['NotificationConfiguration']['QueueConfigurations']
    [rule] = queue['Filter']['Key']['FilterRules']
    assert rule == {'Name': 'prefix', 'Value': "f%C3%BCr+a%2Bb/(1)!'*.-_"}


def test_a_queue_is_tried_again_while_its_policy_spreads(s3, sent, waits):
    sent.come(PutBucketNotificationConfiguration=[REFUSED, REFUSED])
    events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    config = s3.get_bucket_notification_configuration(Bucket='bucket')
    assert config['QueueConfigurations'][0]['QueueArn'] == QUEUE
    assert waits == [0, 5, 10]


def test_after_a_minute_each_refused_destination_is_named(s3, sent, waits):
    sent.come(PutBucketNotificationConfiguration=[REFUSED] * 9)
    with pytest.raises(RuntimeError) as raised:
        events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert str(raised.value) == (
        f'S3 refuses {QUEUE}, null, Permissions do not allow S3, '
        'arn:gone, The destination topic does not exist'
    )
    assert sum(waits) == 60


def test_another_invalid_argument_is_not_tried_again(s3, sent, waits):
    sent.come(
        PutBucketNotificationConfiguration=[error(400, 'InvalidArgument')]
    )
    with pytest.raises(ClientError, match='InvalidArgument'):
        events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert waits == [0]


@pytest.mark.parametrize('change', [events.send_to_queue, events.stop_sending])
def test_notifications_that_may_not_be_read_are_not_replaced(s3, sent, change):
    get = 'GetBucketNotificationConfiguration'
    sent.come(**{get: [faults.denied]})
    with pytest.raises(ClientError, match='AccessDenied'):
        change(s3, 'bucket', QUEUE, 'in/')
    assert sent.sent == [get]


def test_the_event_of_lambda_has_the_same_in_it(s3, sqs, url):
    events.send_to_queue(s3, 'bucket', QUEUE, 'in/')
    assert events.receive(sqs, url, pytest.fail)  # s3:TestEvent
    s3.put_object(Bucket='bucket', Key='in/a b+ü')
    [message] = sqs.receive_message(QueueUrl=url)['Messages']
    [event] = events.events_of(json.loads(message['Body']))
    assert (event.name, event.bucket) == ('ObjectCreated:Put', 'bucket')
    assert event.key == 'in/a b+ü'
    assert events.events_of(message['Body']) == [event]


def test_an_event_has_the_sequencer_that_orders_it():
    """moto sends none."""
    place = {'bucket': {'name': 'bucket'}, 'object': {'key': 'key'}}
    record = {'eventName': 'ObjectCreated:Put', 's3': place}
    for sequencer in ('', '0055AED6DCD90281E5'):
        if sequencer:
            place['object']['sequencer'] = sequencer
        [event] = events.events_of({'Records': [record]})
        assert event.sequencer == sequencer


def test_sending_is_taken_back_and_others_stay(s3, sqs, url):
    for prefix in ('in/', 'other/'):
        events.send_to_queue(s3, 'bucket', QUEUE, prefix)
    sent = asked(s3, 'PutBucketNotificationConfiguration')
    events.stop_sending(s3, 'bucket', QUEUE, 'in/')
    [left] = sent['NotificationConfiguration']['QueueConfigurations']
    assert left['Filter']['Key']['FilterRules'][0]['Value'] == 'other/'
    assert sent['SkipDestinationValidation']
    events.stop_sending(s3, 'bucket', QUEUE, 'in/')


@pytest.mark.parametrize(
    ('body', 'problem'),
    [
        ('{"TopicArn": "x", "Message": "y"}', 'raw message delivery'),
        ('{"detail-type": "Object Created", "detail": {}}', 'EventBridge'),
        ('{"Records": [{"eventSource": "aws:sqs"}]}', 'the `body` of each'),
        ('{"Records": [{"EventSource": "aws:sns"}]}', r"'Sns'..'Message'"),
        ('{"hello": "world"}', 'No event of S3: {"hello": "world"}'),
        ('["Records"]', 'No event of S3'),
        ('null', 'No event of S3'),
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
