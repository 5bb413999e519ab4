"""Be told of new objects by a queue: S3 events by SQS.

S3 sends a message for what happens to objects: at least once, so maybe
twice, and not always in order. For one key, `sequencer` tells which event
is the later one. Each time you set notifications, an `s3:TestEvent` comes,
without records. Keys come encoded as in a form: `unquote_plus` decodes them.

Setting the notifications of a bucket replaces all of them, so `send_to_queue`
reads them first. Before that, the queue must let S3 send: S3 tries it. The
queue is in the bucket's region, and no FIFO queue.

Never write to the prefix that you listen to, or each event makes another.

Needs s3:GetBucketNotification and s3:PutBucketNotification; on the queue,
sqs:SetQueueAttributes to allow S3, sqs:ReceiveMessage and sqs:DeleteMessage.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote_plus, unquote_plus

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import NotificationConfigurationTypeDef
    from mypy_boto3_sqs.client import SQSClient


class Event(NamedTuple):
    """What happened to an object."""

    name: str  # such as ObjectCreated:Put
    bucket: str
    key: str
    sequencer: str


def allow_s3(
    sqs: SQSClient, queue_url: str, queue_arn: str, bucket: str, account: str
) -> None:
    """Let S3 send events of one bucket; replaces the policy of the queue."""
    statement = {
        'Effect': 'Allow',
        'Principal': {'Service': 's3.amazonaws.com'},
        'Action': 'sqs:SendMessage',
        'Resource': queue_arn,
        'Condition': {
            'ArnLike': {'aws:SourceArn': f'arn:aws:s3:*:*:{bucket}'},
            'StringEquals': {'aws:SourceAccount': account},
        },
    }
    policy = {'Version': '2012-10-17', 'Statement': [statement]}
    sqs.set_queue_attributes(
        QueueUrl=queue_url, Attributes={'Policy': json.dumps(policy)}
    )


def send_to_queue(
    s3: S3Client, bucket: str, queue_arn: str, prefix: str
) -> None:
    """Send an event for each new object below a prefix to this queue.

    Other notifications of the bucket stay. Let one program at a time do
    this: of two, one would be lost.

    Raises:
        ClientError: S3 cannot send to the queue yet (`InvalidArgument`), or
            another queue gets such events already.
    """
    there = s3.get_bucket_notification_configuration(Bucket=bucket)
    # A filter holds the prefix encoded, as events hold the keys.
    value = quote_plus(prefix, safe="/!-_.*'()")
    name = hashlib.sha256(f'{queue_arn} {prefix}'.encode()).hexdigest()[:16]
    config: NotificationConfigurationTypeDef = {
        'QueueConfigurations': [
            *(
                rule
                for rule in there.get('QueueConfigurations', [])
                if rule.get('Id') != name
            ),
            {
                'Id': name,
                'QueueArn': queue_arn,
                'Events': ['s3:ObjectCreated:*'],
                'Filter': {
                    'Key': {
                        'FilterRules': [{'Name': 'prefix', 'Value': value}]
                    }
                },
            },
        ],
        'TopicConfigurations': there.get('TopicConfigurations', []),
        'LambdaFunctionConfigurations': there.get(
            'LambdaFunctionConfigurations', []
        ),
    }
    if 'EventBridgeConfiguration' in there:
        config['EventBridgeConfiguration'] = there['EventBridgeConfiguration']
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=config
    )


def events_of(message_body: str) -> list[Event]:
    """Return the events of a message; none for `s3:TestEvent`."""
    return [
        Event(
            name=record['eventName'],
            bucket=record['s3']['bucket']['name'],
            key=unquote_plus(record['s3']['object']['key']),
            sequencer=record['s3']['object'].get('sequencer', ''),
        )
        for record in json.loads(message_body).get('Records', [])
    ]


def is_later(event: Event, other: Event) -> bool:
    """Return whether `event` came after `other`, for the same key."""
    one, two = event.sequencer, other.sequencer
    width = max(len(one), len(two))
    return one.ljust(width, '0') > two.ljust(width, '0')


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    sqs = boto3.client('sqs', region_name='us-east-1')
    s3.create_bucket(Bucket='my-inbox')
    url = sqs.create_queue(QueueName='new-objects')['QueueUrl']
    arn = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=['QueueArn']
    )['Attributes']['QueueArn']
    allow_s3(sqs, url, arn, 'my-inbox', '123456789012')
    send_to_queue(s3, 'my-inbox', arn, 'in/')

    s3.put_object(Bucket='my-inbox', Key='in/für Zoë.txt')
    for _ in range(2):
        response = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
        for message in response.get('Messages', []):
            print([(x.name, x.key) for x in events_of(message['Body'])])
            #> []
            #> [('ObjectCreated:Put', 'in/für Zoë.txt')]
            sqs.delete_message(
                QueueUrl=url, ReceiptHandle=message['ReceiptHandle']
            )
