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
ten threads are nearly ten times as fast as one. With thousands of keys, this
is what goes wrong:

- The first error ends the loop, and the other results are lost. `read_many`
  and `write_many` go on, and end with a `SomeFailedError` that has both.
- With more threads than connections, boto3 opens and closes one for each
  request. `client_for_many` makes a client with enough of them.
- The network is gone for some seconds. boto3 tries again too few times, and
  in its mode `standard` all threads share a quota of retries: once that is
  used up, each request fails at once. Here, an error that may pass is tried
  again for half a minute and more, with any client.
- The bucket is misspelled, the credentials have expired, or the disk is full:
  then no other key can succeed, and all of this ends at the first one.
  `AccessDenied` may be meant for one key, so it ends nothing.

boto3 sends a body only once S3 has asked for it, which takes one more round
trip. The client of `client_for_many` sends bodies below 2 MB at once; if S3
refuses one, it was sent in vain.

All bodies are in memory. To zip what you have read, write each into a
`zipfile.ZipFile` with `archive.writestr(key, body)`. What wants a file, as
pandas does, takes `io.BytesIO(body)`.

Python runs one thread at a time. For more than some hundred requests a
second, start several processes, each with a share of the keys and a client
of its own.

Needs s3:GetObject to read, s3:PutObject to write; with a KMS key also
kms:Decrypt and kms:GenerateDataKey.
https://docs.aws.amazon.com/boto3/latest/guide/clients.html
https://docs.aws.amazon.com/boto3/latest/guide/retries.html
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import errno
import mimetypes
import random
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    wait,
)
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from threading import Event, Lock
from typing import TYPE_CHECKING, TypeVar

import boto3
from boto3.exceptions import RetriesExceededError, S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from s3transfer import exceptions as s3transfer

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, Mapping

    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

T = TypeVar('T')
SMALL = 2 * 1024 * 1024  # bytes; from here on, ask S3 before sending a body
TRIES = 20  # after the first one, with up to five seconds in between
PATIENCE = 60  # seconds after which nothing is tried again
ONE_BY_ONE = Lock()  # calls of `progress`

# S3, and what is between, say these of a request that they would take later.
PASSING = {
    'ConditionalRequestConflict',
    'InternalError',
    'OperationAborted',
    'RequestTimeout',
    'ServiceUnavailable',
    'SlowDown',
    'ThrottlingException',
}
PASSING_STATUS = {429, 500, 502, 503, 504}
# S3 says these of a bucket or of credentials, whatever the key is.
FOR_ALL = {
    'AccountProblem',
    'AllAccessDisabled',
    'AuthorizationHeaderMalformed',
    'ExpiredToken',
    'InvalidAccessKeyId',
    'InvalidBucketName',
    'InvalidToken',
    'NoSuchBucket',
    'PermanentRedirect',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    'TokenRefreshRequired',
    # It has told everybody to wait, for as long as we try.
    'ServiceUnavailable',
    'SlowDown',
    'ThrottlingException',
}
# boto3 says these of one key or one body.
OF_ONE_KEY = (
    ConnectionClosedError,
    FlexibleChecksumError,
    IncompleteReadError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

# What every Python knows, without what the machine adds, and what is newer.
TYPES = dict(mimetypes.MimeTypes().types_map[True])
MORE_TYPES = """
application/geo+json .geojson
application/gzip .gz .tgz
application/json .map
application/manifest+json .webmanifest
application/rtf .rtf
application/toml .toml
application/vnd.apache.parquet .parquet
application/vnd.ms-fontobject .eot
application/vnd.oasis.opendocument.presentation .odp
application/vnd.oasis.opendocument.spreadsheet .ods
application/vnd.oasis.opendocument.text .odt
application/vnd.openxmlformats-officedocument.presentationml.presentation .pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet .xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document .docx
application/x-7z-compressed .7z
application/x-bzip2 .bz2
application/x-ndjson .ndjson
application/x-xz .xz
application/yaml .yaml .yml
application/zstd .zst
audio/aac .aac
audio/flac .flac
audio/midi .mid .midi
audio/mp4 .m4a
audio/ogg .ogg .oga .opus
audio/wav .wav
audio/webm .weba
font/otf .otf
font/ttf .ttf
font/woff .woff
font/woff2 .woff2
image/avif .avif
image/heic .heic
image/webp .webp
text/calendar .ics
text/javascript .js .mjs
text/markdown .md
text/plain .log
video/matroska .mkv
video/mp4 .m4v
video/ogg .ogv
"""
for _type, *_ends in map(str.split, MORE_TYPES.strip().splitlines()):
    TYPES.update(dict.fromkeys(_ends, _type))


class SomeFailedError(Exception):
    """Some keys failed: `errors` has an error for each.

    `done` has the keys that were done, or what was read of them. `stopped`
    says whether an error concerned all keys, so that the rest were not
    tried: call again once that is fixed.
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
        some = [
            f'{key}: {cause_of(error)}'
            for key, error in islice(self.errors.items(), 9)
        ]
        more = ' The rest were not tried.' if self.stopped else ''
        text = f'{len(self.errors)} failed, {len(self.done)} done.{more} '
        # A file's name may hold what is no text, and cannot be printed.
        text += '; '.join(some)
        return text.encode('utf-8', 'backslashreplace').decode()


def for_each(
    function: Callable[[T], object],
    items: Iterable[T],
    threads: int = 20,
    ended: Event | None = None,
) -> Iterator[tuple[T, Exception | None]]:
    """Call a function with each item, many at a time.

    Yields each item as soon as it is done, with the error that it raised or
    None. What can pass, such as `SlowDown` or a lost connection, is tried
    again for up to a minute: the function may be called again.

    After an error that concerns all items, no other is begun. If `items`
    itself raises one, those that it has given are done first. Ctrl-C waits
    for what has begun: `ended` is set then, and a long call can look at it.
    """
    has_ended = ended or Event()
    waiting = iter(items)
    error_of_items: Exception | None = None
    running: dict[Future[Exception | None], T] = {}

    def attempt(item: T) -> Exception | None:
        if has_ended.is_set():
            raise CancelledError
        try:
            patiently(partial(function, item), has_ended)
        except Exception as error:
            if concerns_all(error):
                has_ended.set()
            return without_frames(error)
        return None

    with ThreadPoolExecutor(threads) as pool:
        try:
            while True:
                # Few items ahead, since a listing may have millions.
                room = 0 if has_ended.is_set() else 4 * threads - len(running)
                try:
                    for item in islice(waiting, room):
                        running[pool.submit(attempt, item)] = item
                except Exception as error:
                    error_of_items, waiting = error, iter(())
                if not running:
                    break
                # Windows notices Ctrl-C only between two waits.
                ready = wait(running, 1, return_when=FIRST_COMPLETED).done
                for future in ready:
                    item = running.pop(future)
                    try:
                        outcome = future.result()
                    except CancelledError:
                        continue
                    yield item, outcome
        finally:
            has_ended.set()
    if error_of_items is not None:
        raise error_of_items


def patiently(call: Callable[[], T], ended: Event | None = None) -> T:
    """Return what a call returns; call again while its error can pass."""
    has_ended = ended or Event()
    end = time.monotonic() + PATIENCE
    number = 0
    while True:
        try:
            return call()
        except Exception as error:
            is_last = number == TRIES or time.monotonic() > end
            if is_last or has_ended.is_set() or not can_pass(error):
                raise
            time.sleep(random.uniform(0, min(5, 0.1 * 2**number)))
            if has_ended.is_set():
                raise
        number += 1


def without_frames(error: Exception) -> Exception:
    """Take from an error what would keep bodies and sockets in memory."""
    for one in (error, cause_of(error)):
        link: BaseException | None = one
        while link is not None:
            link.__traceback__ = None
            link = link.__context__
    return error


def can_pass(error: Exception) -> bool:
    """Return whether the same call may succeed in a while."""
    error = cause_of(error)
    if isinstance(error, ClientError):
        status = error.response['ResponseMetadata'].get('HTTPStatusCode')
        return (
            error.response['Error']['Code'] in PASSING
            or status in PASSING_STATUS
        )
    return isinstance(
        error, (ConnectionError, HTTPClientError, IncompleteReadError)
    )


def concerns_all(error: Exception) -> bool:
    """Return whether no other key can fare better.

    That is so of a bucket that is not there, of bad credentials and a full
    disk, and of a network that is gone, or a server that is too busy, for as
    long as `for_each` tries.
    """
    error = cause_of(error)
    if isinstance(error, ClientError):
        status = error.response['ResponseMetadata'].get('HTTPStatusCode')
        return error.response['Error']['Code'] in FOR_ALL or status == 503
    if isinstance(error, BotoCoreError):
        return not isinstance(error, OF_ONE_KEY)
    return getattr(error, 'errno', None) in (errno.ENOSPC, errno.EDQUOT)


def cause_of(error: Exception) -> Exception:
    """Return what boto3's `upload_file` and `download_file` hide."""
    cause: object = error
    if isinstance(
        error, (RetriesExceededError, s3transfer.RetriesExceededError)
    ):
        cause = getattr(error, 'last_exception', None)
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
    ended: Event | None = None,
) -> list[str]:
    """Call a function with each item, as `for_each`; return the keys, sorted.

    Args:
        source: what to call the error of a listing that fails.
        errors: those that were met before; `items` may add some.

    Raises:
        SomeFailedError: some failed, or there were errors before.
        BaseException: what `progress` raised.
    """
    errors = {} if errors is None else errors
    done: list[str] = []
    stopped = False
    try:
        for item, error in for_each(function, items, threads, ended):
            if error is None:
                done.append(key_of(item))
            else:
                errors[key_of(item)] = error
                stopped = stopped or concerns_all(error)
    except (BotoCoreError, ClientError) as error:
        errors[source] = without_frames(error)
        stopped = True
    except ProgressError as error:
        raise error.__cause__ or error from None
    if errors:
        raise SomeFailedError(errors, sorted(done), stopped)
    return sorted(done)


# What the recipes for folders share:


def with_slash(prefix: str) -> str:
    """Return a prefix that `site-old/x` does not share with `site/x`."""
    return prefix if prefix.endswith('/') or not prefix else prefix + '/'


def entries_below(
    s3: S3Client,
    bucket: str,
    prefix: str,
    extra: Mapping[str, Any] | None = None,
) -> Iterator[ObjectTypeDef]:
    """Yield what S3 lists below a prefix; ask again as `for_each` does.

    A paginator cannot: it has ended with its first error.
    """
    more = for_every_request(extra)
    while True:
        page = patiently(
            partial(s3.list_objects_v2, Bucket=bucket, Prefix=prefix, **more)
        )
        yield from page.get('Contents', [])
        if not page.get('IsTruncated'):
            return
        more['ContinuationToken'] = page['NextContinuationToken']


def delete_if_unchanged(
    s3: S3Client,
    bucket: str,
    key: str,
    etag: str,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Delete an object if it has this ETag; that it is gone is no error."""
    more = for_every_request(extra)
    try:
        s3.delete_object(Bucket=bucket, Key=key, IfMatch=etag, **more)
    except ClientError as error:
        # boto3 has perhaps sent it again, after a lost response.
        code = error.response['Error']['Code']
        if code == 'PreconditionFailed':  # so some stores say of what is gone
            try:
                s3.head_object(Bucket=bucket, Key=key, **more)
            except ClientError as other:
                code = other.response['Error']['Code']
        if code not in ('NoSuchKey', '404'):
            raise


def for_every_request(extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return those of boto3's `ExtraArgs` that every request takes."""
    names = ('ExpectedBucketOwner', 'RequestPayer')
    return {name: extra[name] for name in names if extra and name in extra}


def is_skipped(name: str, skip: Iterable[str]) -> bool:
    """Return whether patterns leave out `a/b/c.txt`, `a/b` or `a`.

    A pattern is for a name, as `*.txt` and `b`, or for a path, as `a/b`.
    """
    # One string would be many patterns, of a character each.
    patterns = [skip] if isinstance(skip, str) else skip
    parts = name.split('/')
    paths = ['/'.join(parts[: end + 1]) for end in range(len(parts))]
    return any(
        fnmatchcase(each, pattern.rstrip('/'))
        for pattern in patterns
        for each in (*parts, *paths)
    )


class ProgressError(BaseException):
    """Its cause, which `progress` raised, is no error of one key: all ends."""


class Counter:
    """Counts the bytes of one item, and tells them to `progress`.

    What fails is taken back. As the `progress` of a large file, it raises
    once all has ended, as after Ctrl-C: so the transfer ends, too, and leaves
    no parts.
    """

    def __init__(
        self, progress: Callable[[int], object] | None, ended: Event
    ) -> None:
        self.progress, self.ended, self.counted = progress, ended, 0
        self.raised: BaseException | None = None

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if self.raised:
            raise ProgressError from self.raised
        if kind:
            self.add(-self.counted)

    def __call__(self, size: int) -> None:
        if self.ended.is_set():
            raise InterruptedError('all was ended before this was done')
        self.add(size)

    def add(self, size: int) -> None:
        with ONE_BY_ONE:
            self.counted += size
            try:
                if self.progress is not None and size:
                    self.progress(size)
            except BaseException as error:
                self.raised = error
                self.ended.set()
                raise


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

    def in_order() -> dict[str, bytes]:
        return {key: bodies[key] for key in keys if key in bodies}

    try:
        do_all(read, keys, str, threads)
    except SomeFailedError as error:
        raise SomeFailedError(
            error.errors, in_order(), error.stopped
        ) from None
    return in_order()


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

    bodies = {f'{number}.webp': b'RIFF' for number in range(20)}
    write_many(s3, 'my-thumbnails', bodies)
    print(s3.head_object(Bucket='my-thumbnails', Key='7.webp')['ContentType'])
    #> image/webp

    # All that can be read is read, and the error has the rest:
    try:
        read_many(s3, 'my-thumbnails', ['7.webp', 'no-such-key', '8.webp'])
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 2 done. no-such-key: An error occurred (NoSuchKey) …
        print('Done:', error.done)
        #> Done: {'7.webp': b'RIFF', '8.webp': b'RIFF'}

    # Without a bucket, no key can be written, so a few tell it for all:
    try:
        write_many(s3, 'my-thumnails', bodies, threads=1)
    except SomeFailedError as error:
        print(error)
        #> 1 failed, 0 done. The rest were not tried. 0.webp: … (NoSuchBucket)…


if __name__ == '__main__':
    print('See it run: uv run python -m recipes read_write_many')
