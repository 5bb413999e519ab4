"""See what boto3 sends: requests, regions, retries.

In short:

    def show(request, **_):
        print(request.method, request.url.partition('?')[0])

    s3.meta.events.register('before-send.s3', show)
    s3.head_object(Bucket=bucket, Key=key)
    #> HEAD https://my-bucket.s3.amazonaws.com/reports/may.pdf

That shows each try, but not what came of it. `watch` prints both, also for
errors and retries. Its lines have buckets and keys in them. They leave out
headers, bodies, and what stands behind the `?` of a URL, such as prefixes,
signatures and the ids of uploads.

`boto3.set_stream_logger('botocore')` prints nearly everything, and that is
more than a log should keep: session tokens, signatures, metadata, keys of
SSE-C, and the responses of `assume_role` with their secrets. Turn it on for
a moment, not where logs are kept.

Needs no permission.
https://docs.aws.amazon.com/boto3/latest/guide/events.html
https://docs.aws.amazon.com/boto3/latest/reference/core/boto3.html
https://github.com/boto/boto3/issues/905
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

import boto3

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def watch(s3: S3Client, write: Callable[[str], object] = print) -> None:
    """Call `write` with a line for each try of each request of a client.

    Outside us-east-1, the host of a URL names the region. Where S3
    redirects, or boto3 tries again, there is a line for each. A resource's
    client is `resource.meta.client`. Threads, which send large files, may
    print two lines as one: `logging.info` keeps them apart.
    """

    def show_request(request: Any, **_: Any) -> None:
        write(f'{request.method} {request.url.partition("?")[0]}')

    def show_response(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        metadata = parsed['ResponseMetadata']
        write(
            f'{model.name}: {metadata["HTTPStatusCode"]}, '
            f'{metadata.get("RetryAttempts", 0)} retries'
        )

    def show_error(exception: Exception, **_: Any) -> None:
        message = re.sub(r'\?[^"\s]*', '', str(exception))
        write(f'no response: {message}')

    s3.meta.events.register('before-send.s3', show_request)
    s3.meta.events.register('after-call.s3', show_response)
    s3.meta.events.register('after-call-error.s3', show_error)


# fmt: off
def demo() -> None:
    s3 = boto3.client('s3', region_name='eu-central-1')
    s3.create_bucket(
        Bucket='my-watched-bucket',
        CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'},
    )

    # From now on, each call tells what it sends, and what comes back.
    watch(s3)
    s3.put_object(Bucket='my-watched-bucket', Key='a.txt', Body=b'Hello')
    #> PUT https://my-watched-bucket.s3.eu-central-1.amazonaws.com/a.txt
    #> PutObject: 200, 0 retries
    s3.list_objects_v2(Bucket='my-watched-bucket', Prefix='no/')
    #> GET https://my-watched-bucket.s3.eu-central-1.amazonaws.com/
    #> ListObjectsV2: 200, 0 retries


if __name__ == '__main__':
    print('See it run: uv run python -m recipes see_requests')
