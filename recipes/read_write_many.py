"""Read or write many small objects at once, fast.

In short:

    from concurrent.futures import ThreadPoolExecutor

    def read(key):
        return s3.get_object(Bucket=bucket, Key=key)['Body'].read()

    keys = ['photos/a.png', 'photos/trip/b.png']
    with ThreadPoolExecutor(10) as pool:
        bodies = dict(zip(keys, pool.map(read, keys)))
    print(bodies)
    #> {'photos/a.png': b'a', 'photos/trip/b.png': b'b'}

A small object takes one request, and nearly all of its time is waiting, so
ten threads are ten times as fast as one. With thousands of keys, this is
what goes wrong:

- The first error ends the loop, and the other results are lost. `read_many`
  and `write_many` go on, and end with a `SomeFailedError` that has both.
- With more threads than connections, boto3 opens and closes one for each
  request. `client_for_many` makes a client with enough of them.
- The network is gone for some seconds. boto3 tries again too few times, and
  in its mode `standard` all threads share a quota of retries: once that is
  used up, each request fails at once. Here, whatever can pass is tried
  again for half a minute and more, with any client.
- The bucket is misspelled, or the credentials have expired: then no key can
  fare better, and all of this ends at the first one.

boto3 waits until S3 asks for a body, for one more round trip. The client of
`client_for_many` sends those below 2 MB at once; if S3 refuses one, that
was in vain.

Python runs one thread at a time. For more than some hundred requests a
second, start several processes, each with a share of the keys and a client
of its own.

Nothing is kept on disk: all bodies are in memory.

Needs s3:GetObject to read, s3:PutObject to write; with a KMS key also
kms:Decrypt and kms:GenerateDataKey. Needs Python 3.9.
https://docs.aws.amazon.com/boto3/latest/guide/clients.html
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
"""

from __future__ import annotations

import errno
import mimetypes
import random
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ThreadPoolExecutor,
    wait,
)
from itertools import islice
from pathlib import PurePosixPath
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ResponseStreamingError,
)
from s3transfer.exceptions import RetriesExceededError

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, Mapping

    from mypy_boto3_s3.client import S3Client

T = TypeVar('T')
SMALL = 2 * 1024 * 1024  # bytes; from here on, ask S3 before sending a body
TRIES = 20  # of one item, with up to five seconds in between
PATIENCE = 60  # seconds after which an item is not tried again

# S3 says these of a request that it would take at another time.
PASSING = {
    'InternalError',
    'OperationAborted',
    'RequestTimeout',
    'ServiceUnavailable',
    'SlowDown',
    'ThrottlingException',
}
# S3 says these of a bucket or of credentials, whatever the key is.
FOR_ALL = {
    'AccountProblem',
    'AllAccessDisabled',
    'ExpiredToken',
    'InvalidAccessKeyId',
    'InvalidBucketName',
    'InvalidToken',
    'NoSuchBucket',
    'PermanentRedirect',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    'TokenRefreshRequired',
}
# boto3 says these of one key or one body.
OF_ONE_KEY = (
    FlexibleChecksumError,
    IncompleteReadError,
    ParamValidationError,
    ResponseStreamingError,
)

# What every Python knows, without what the machine adds, and what is newer.
TYPES = dict(mimetypes.MimeTypes().types_map[True])
TYPES['.js'] = TYPES['.mjs'] = 'text/javascript'
TYPES['.gz'] = TYPES['.tgz'] = 'application/gzip'
TYPES['.md'], TYPES['.webp'] = 'text/markdown', 'image/webp'
TYPES['.woff'], TYPES['.woff2'] = 'font/woff', 'font/woff2'


class SomeFailedError(Exception):
    """Some keys failed: `errors` has an error for each.

    `done` has the keys that were done, or what was read of them. `stopped`
    says whether an error concerned all keys, so that the rest were not
    tried: call again once it is mended.
    """

    def __init__(
        self,
        errors: dict[str, Exception],
        done: Any,
        stopped: bool = False,
    ) -> None:
        super().__init__(errors, done, stopped)
        self.errors, self.done, self.stopped = errors, done, stopped

    def __str__(self) -> str:
        some = [f'{k}: {error}' for k, error in islice(self.errors.items(), 9)]
        more = ' The rest were not tried.' if self.stopped else ''
        text = f'{len(self.errors)} failed, {len(self.done)} done.{more} '
        # A file's name may hold what is no text, and cannot be printed.
        text += '; '.join(some)
        return text.encode('utf-8', 'backslashreplace').decode()


def for_each(
    function: Callable[[T], object], items: Iterable[T], threads: int = 20
) -> Iterator[tuple[T, Exception | None]]:
    """Call a function with each item, many at a time.

    Yields each item as soon as it is done, with the error that it raised or
    None. What can pass, such as `SlowDown` or a lost connection, is tried
    again for up to a minute: the function must bear to be called again.

    After an error that concerns all items, no other is begun; nor after one
    that `items` itself raises, which is raised here once all that has begun
    has ended. Ctrl-C waits for the calls that have begun.
    """
    waiting = iter(items)
    running: dict[Future[Exception | None], T] = {}
    of_items: Exception | None = None
    ended = Event()
    pool = ThreadPoolExecutor(threads)
    try:
        while True:
            # Few items ahead, since a listing may have millions.
            room = 0 if ended.is_set() else 2 * threads - len(running)
            try:
                for item in islice(waiting, room):
                    future = pool.submit(attempt, function, item, ended)
                    running[future] = item
            except Exception as error:
                of_items = error
                waiting = iter(())
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                if future.cancelled():
                    continue
                outcome = future.result()
                yield item, outcome
                if outcome is not None and concerns_all(outcome):
                    ended.set()
                    for other in running:
                        other.cancel()
    finally:
        ended.set()
        pool.shutdown(cancel_futures=True)
    if of_items is not None:
        raise of_items


def attempt(
    function: Callable[[T], object], item: T, ended: Event
) -> Exception | None:
    """Call a function, again while its error can pass; return the last."""
    end = time.monotonic() + PATIENCE
    number = 0
    while True:
        try:
            function(item)
            return None
        except Exception as error:
            is_last = number == TRIES or time.monotonic() > end
            if is_last or ended.is_set() or not can_pass(error):
                return without_frames(error)
        time.sleep(random.uniform(0, min(5, 0.1 * 2**number)))
        number += 1


def without_frames(error: Exception) -> Exception:
    """Take from an error what would keep bodies and sockets in memory."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__context__
    return error


def can_pass(error: Exception) -> bool:
    """Return whether the same call may succeed in a while."""
    error = cause_of(error)
    if isinstance(error, ClientError):
        status = error.response['ResponseMetadata'].get('HTTPStatusCode', 0)
        return error.response['Error']['Code'] in PASSING or status >= 500
    return isinstance(
        error, (ConnectionError, HTTPClientError, IncompleteReadError)
    )


def concerns_all(error: Exception) -> bool:
    """Return whether no other key can fare better.

    That is so of a bucket that is not there, of bad credentials, a full
    disk, and of a network that is gone for as long as `for_each` tries.
    """
    error = cause_of(error)
    if isinstance(error, ClientError):
        return error.response['Error']['Code'] in FOR_ALL or can_pass(error)
    if isinstance(error, BotoCoreError):
        return not isinstance(error, OF_ONE_KEY)
    return getattr(error, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)


def cause_of(error: Exception) -> Exception:
    """Return what boto3's `upload_file` and `download_file` hide."""
    cause: object = error
    if isinstance(error, RetriesExceededError):
        cause = error.last_exception
    elif isinstance(error, S3UploadFailedError):
        cause = error.__context__
    return cause if isinstance(cause, Exception) else error


def do_all(
    function: Callable[[T], object],
    items: Iterable[T],
    key_of: Callable[[T], str],
    threads: int = 20,
    source: str = '',
    errors: dict[str, Exception] | None = None,
) -> list[str]:
    """Call a function with each item, as `for_each`; return the keys, sorted.

    Args:
        source: what to call the error of a listing that fails.
        errors: those that were met before; `items` may add some.

    Raises:
        SomeFailedError: some failed, or there were errors before.
    """
    errors = {} if errors is None else errors
    done: list[str] = []
    stopped = False
    try:
        for item, error in for_each(function, items, threads):
            if error is None:
                done.append(key_of(item))
            else:
                errors[key_of(item)] = error
                stopped = stopped or concerns_all(error)
    except (BotoCoreError, ClientError) as error:
        errors[source] = without_frames(error)
        stopped = True
    if errors:
        raise SomeFailedError(errors, sorted(done), stopped)
    return sorted(done)


def client_for_many(region: str, threads: int = 20) -> S3Client:
    """Return a client for small objects, with a connection a thread."""
    config = Config(max_pool_connections=threads)
    s3 = boto3.client('s3', region_name=region, config=config)
    s3.meta.events.register('before-send.s3.PutObject', send_at_once)
    return s3


def send_at_once(request: Any, **_: Any) -> None:
    """Send a small body with its headers; no signature covers `Expect`."""
    get = request.headers.get
    length = get('X-Amz-Decoded-Content-Length') or get('Content-Length')
    if length and int(length) < SMALL:
        request.headers.pop('Expect', None)


def read_many(
    s3: S3Client, bucket: str, keys: Iterable[str], threads: int = 20
) -> dict[str, bytes]:
    """Return the body of each key, all in memory.

    Raises:
        SomeFailedError: some failed; `done` has the bodies of the others.
    """
    keys, bodies = list(keys), {}

    def read(key: str) -> None:
        bodies[key] = s3.get_object(Bucket=bucket, Key=key)['Body'].read()

    try:
        do_all(read, keys, str, threads)
    except SomeFailedError as error:
        raise SomeFailedError(error.errors, bodies, error.stopped) from None
    return {key: bodies[key] for key in keys}


def write_many(
    s3: S3Client, bucket: str, bodies: Mapping[str, bytes], threads: int = 20
) -> None:
    """Store objects by key, each with the content type of its name.

    Raises:
        SomeFailedError: some failed; `done` has the keys of the others.
    """

    def write(key: str) -> None:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=bodies[key],
            ContentType=content_type_of(key),
        )

    do_all(write, bodies, str, threads)


def content_type_of(name: str) -> str:
    """Return the type that a name ends with: of `a.tar.gz`, that of gzip."""
    end = PurePosixPath(name).suffix.lower()
    return TYPES.get(end, 'application/octet-stream')


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-thumbnails')
    write_many(s3, 'my-thumbnails', {'a.webp': b'RIFF', 'b.webp': b'RIFF'})
    print(read_many(s3, 'my-thumbnails', ['a.webp', 'b.webp']))
    #> {'a.webp': b'RIFF', 'b.webp': b'RIFF'}

    try:
        read_many(s3, 'my-thumbnails', ['a.webp', 'no-such-key'])
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 1 done. no-such-key: An error occurred (NoSuchKey) …
        print(error.done)
        #> {'a.webp': b'RIFF'}

    try:
        write_many(s3, 'my-thumnails', {'c.webp': b'RIFF'})
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 0 done. The rest were not tried. c.webp: … (NoSuchBucket)…


if __name__ == '__main__':
    print('See it run: uv run python -m recipes read_write_many')
