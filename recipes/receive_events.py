"""Be told of new objects, by Lambda or in a queue (SQS).

In short:

    from urllib.parse import unquote_plus

    def handler(event, context):  # AWS Lambda calls it
        for record in event['Records']:
            bucket = record['s3']['bucket']['name']
            key = unquote_plus(record['s3']['object']['key'])
            size = s3.head_object(Bucket=bucket, Key=key)['ContentLength']
            print(f's3://{bucket}/{key} has {size} bytes')

    place = {'bucket': {'name': bucket}, 'object': {'key': key}}
    handler({'Records': [{'s3': place}]}, None)  # to try it
    #> s3://my-bucket/reports/may.pdf has 4 bytes

In the console of Lambda, add a trigger, S3, to the function: that also lets
S3 call it. This is what goes wrong:

- Keys come encoded: a space is a `+`. `unquote_plus` decodes them;
  `events_of` does so, too.
- A function that writes to the prefix whose events it gets calls itself,
  again and again. Let it write to another bucket.
- S3 sends an event at least once, so maybe twice, and not always in order.
  For one key, the later event has the greater `sequencer`; fill up the
  shorter one with zeros on its right to compare them.
- After an error, Lambda tries an event twice more. Then the event is lost,
  unless the function has a destination for failures.

Without Lambda, let S3 send to a queue, once: `allow_s3`, `send_to_queue`.
Then call `receive` in a loop. The queue is a standard one, not FIFO, in the
bucket's region. If it is encrypted with KMS, it needs your own key, whose
policy lets s3.amazonaws.com use kms:GenerateDataKey and kms:Decrypt. S3
refuses a queue with the key that AWS manages. Each time you set
notifications, an `s3:TestEvent` comes, without records.

Let one program at a time set this up: of two changes, one may be lost.

Needs s3:GetObject for the handler above; to set up a queue,
s3:GetBucketNotification, s3:PutBucketNotification, sqs:GetQueueAttributes
and sqs:SetQueueAttributes; sqs:ReceiveMessage and sqs:DeleteMessage to
receive, and kms:Decrypt for the key of an encrypted queue.
https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import quote_plus, unquote_plus

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient


class Event(NamedTuple):
    """What happened to an object."""

    name: str  # such as ObjectCreated:Put
    bucket: str
    key: str
    sequencer: str


def allow_s3(sqs: SQSClient, queue_url: str, bucket: str, account: str) -> str:
    """Let S3 send events of this bucket to a queue, too; return its ARN.

    `account` is the id of the account that owns the bucket. Other statements
    stay, but one set less than a minute ago may be lost. SQS takes up to 20.
    To take it back, remove the statement `s3-` and the bucket's name from
    the queue's policy, or delete the queue.
    """
    attributes = sqs.get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=['Policy', 'QueueArn']
    )['Attributes']
    text = attributes.get('Policy')
    policy = json.loads(text or '{"Version": "2012-10-17", "Statement": []}')
    statements = policy['Statement']
    if isinstance(statements, dict):  # a single one needs no list
        statements = [statements]
    sid = 's3-' + bucket.replace('.', '_')
    partition = attributes['QueueArn'].split(':')[1]  # such as aws-cn
    source = f'arn:{partition}:s3:*:*:{bucket}'
    policy['Statement'] = [
        *(other for other in statements if other.get('Sid') != sid),
        {
            'Sid': sid,
            'Effect': 'Allow',
            'Principal': {'Service': 's3.amazonaws.com'},
            'Action': 'sqs:SendMessage',
            'Resource': attributes['QueueArn'],
            'Condition': {
                'ArnLike': {'aws:SourceArn': source},
                'StringEquals': {'aws:SourceAccount': account},
            },
        },
    ]
    sqs.set_queue_attributes(
        QueueUrl=queue_url, Attributes={'Policy': json.dumps(policy)}
    )
    return attributes['QueueArn']


def send_to_queue(
    s3: S3Client, bucket: str, queue_arn: str, prefix: str
) -> None:
    """Send an event for each new object below a prefix to this queue.

    An empty prefix means the whole bucket.

    The bucket's other notifications stay. S3 tries all their destinations.
    If it refuses some, this tries again for up to a minute, because a
    queue's new policy takes that long to spread.

    Raises:
        RuntimeError: names each destination that S3 refuses, and its reason.
        ClientError: as S3 says; `InvalidArgument` also if a queue, topic or
            function gets events of an overlapping prefix already.
    """
    name = notification_id(queue_arn, prefix)
    # Filters and events hold keys encoded, as a form would send them.
    value = quote_plus(prefix, safe="/!-_.*'()")
    rules = [{'Name': 'prefix', 'Value': value}]
    only = {'Filter': {'Key': {'FilterRules': rules}}} if prefix else {}
    for pause in (0, 5, 10, 20, 25):  # seconds
        time.sleep(pause)
        config: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
        del config['ResponseMetadata']
        others = config.get('QueueConfigurations', [])
        config['QueueConfigurations'] = [
            *(other for other in others if other.get('Id') != name),
            {
                'Id': name,
                'QueueArn': queue_arn,
                'Events': ['s3:ObjectCreated:*'],
                **only,
            },
        ]
        try:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=config
            )
            return
        except ClientError as error:
            if 'Unable to validate the following destin' not in str(error):
                raise
            refusal = error
    # ArgumentName1 is a destination, ArgumentValue1 the reason, and so on.
    fields = refusal.response['Error'].items()
    why = [value for name, value in fields if name.startswith('Argument')]
    raise RuntimeError(f'S3 refuses {", ".join(map(str, why))}') from refusal


def stop_sending(
    s3: S3Client, bucket: str, queue_arn: str, prefix: str
) -> None:
    """Take back `send_to_queue`; the bucket's other notifications stay."""
    config: Any = s3.get_bucket_notification_configuration(Bucket=bucket)
    del config['ResponseMetadata']
    config['QueueConfigurations'] = [
        other
        for other in config.get('QueueConfigurations', [])
        if other.get('Id') != notification_id(queue_arn, prefix)
    ]
    # The destinations of the others need not be there any more.
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration=config,
        SkipDestinationValidation=True,
    )


def notification_id(queue_arn: str, prefix: str) -> str:
    """Return the id of our notification among the bucket's others."""
    return hashlib.sha256(f'{queue_arn} {prefix}'.encode()).hexdigest()[:16]


def events_of(message: str | dict[str, Any]) -> list[Event]:
    """Return the events that Lambda gets, or that a queue's message has.

    `message` is Lambda's `event`, or the body of the message. There is no
    event in `s3:TestEvent`.

    Raises:
        ValueError: S3 does not send such messages.
    """
    sent = json.loads(message) if isinstance(message, str) else message
    if isinstance(sent, dict) and sent.get('Event') == 's3:TestEvent':
        return []
    try:
        return [
            Event(
                name=record['eventName'],
                bucket=record['s3']['bucket']['name'],
                key=unquote_plus(record['s3']['object']['key']),
                sequencer=record['s3']['object'].get('sequencer', ''),
            )
            for record in sent['Records']
        ]
    except (KeyError, TypeError):
        raise ValueError(f'{problem_of(sent)}: {message!s:.200}') from None


def problem_of(sent: Any) -> str:
    """Return what a message is, if it is none that S3 sends."""
    text = json.dumps(sent)
    if '"aws:sqs"' in text:
        return 'A queue called Lambda: pass the `body` of each record'
    if '"aws:sns"' in text:
        return "A topic called Lambda: pass each record's ['Sns']['Message']"
    if '"TopicArn"' in text:
        return 'In an envelope of SNS: turn on raw message delivery'
    if '"detail-type"' in text:
        return 'An event of EventBridge, which has another form'
    return 'No event of S3'


def receive(
    sqs: SQSClient, queue_url: str, handle: Callable[[Event], object]
) -> bool:
    """Wait for a message, handle its events, delete it; call it in a loop.

    It waits for up to 20 seconds, and returns whether a message came. The
    queue hides that message from others for its visibility timeout (30
    seconds if you set none). If it is not deleted by then, it comes again:
    `handle` was too slow, it raised an error, or Ctrl-C ended the program.

    Raises:
        Exception: what `handle` or `events_of` raises; the message stays.
            A dead-letter queue, if you set one, takes what fails again.
    """
    response = sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=1, WaitTimeSeconds=20
    )
    for message in response.get('Messages', []):
        for event in events_of(message['Body']):
            handle(event)
        sqs.delete_message(
            QueueUrl=queue_url, ReceiptHandle=message['ReceiptHandle']
        )
    return 'Messages' in response


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='us-east-1')
    sqs = boto3.client('sqs', region_name='us-east-1')
    s3.create_bucket(Bucket='my-inbox')
    url = sqs.create_queue(QueueName='new-objects')['QueueUrl']

    # The queue lets S3 send, and the bucket sends what is new below in/.
    arn = allow_s3(sqs, url, 'my-inbox', '123456789012')
    send_to_queue(s3, 'my-inbox', arn, 'in/')
    receive(sqs, url, print)  # a test by S3, without an event
    s3.put_object(Bucket='my-inbox', Key='in/für Zoë.txt', Body='Hello')
    receive(sqs, url, lambda event: print(event.name, event.key))
    #> ObjectCreated:Put in/für Zoë.txt

    # Lambda gets a dict, with the same in it.
    place = {'bucket': {'name': 'my-inbox'}, 'object': {'key': 'in/a+b.txt'}}
    record = {'eventName': 'ObjectCreated:Put', 's3': place}
    print(events_of({'Records': [record]}))
    #> [Event(name='ObjectCreated:Put', bucket='my-inbox', key='in/a b.txt', …

    stop_sending(s3, 'my-inbox', arn, 'in/')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes receive_events')
