"""Read or write many small objects at once, fast.

A small object takes one request, and most of its time is waiting. So
`for_each` sends many at a time, here and for other recipes.

boto3 waits until S3 asks for a body, for one more round trip. `make_client`
has it send those below 2 MB at once; if S3 refuses one, it came in vain.

Python runs one thread at a time, so beyond some hundred requests a second
use more processes. Each makes its own client: after a fork, two processes
would read from one connection, and get each other's objects. AWS Lambda has
no `/dev/shm`, so process pools fail there.

Needs s3:GetObject to read, s3:PutObject to write. Needs Python 3.9.
https://docs.aws.amazon.com/boto3/latest/guide/clients.html
https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
"""

from __future__ import annotations

import mimetypes
import pickle
import sys
from collections import ChainMap
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice, repeat
from multiprocessing import get_context
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, Mapping

    from mypy_boto3_s3.client import S3Client

    ReadResult = tuple[dict[str, bytes], dict[str, Exception]]

T = TypeVar('T')
SMALL = 2 * 1024 * 1024  # bytes; from here on, ask S3 before sending a body
BROKEN = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)

# What every Python knows, without what the machine adds, and what is newer.
TYPES = dict(mimetypes.MimeTypes().types_map[True])
TYPES['.js'] = TYPES['.mjs'] = 'text/javascript'
TYPES['.gz'] = TYPES['.tgz'] = 'application/gzip'
TYPES['.md'], TYPES['.webp'] = 'text/markdown', 'image/webp'
TYPES['.woff'], TYPES['.woff2'] = 'font/woff', 'font/woff2'


class SomeFailedError(Exception):
    """Some keys failed: `errors` has an error for each, `done` the others."""

    def __init__(self, errors: dict[str, Exception], done: list[str]) -> None:
        super().__init__(errors, done)
        self.errors, self.done = errors, done

    def __str__(self) -> str:
        some = [f'{k}: {error}' for k, error in islice(self.errors.items(), 9)]
        text = f'{len(self.errors)} failed. ' + '; '.join(some)
        # A key may hold what the terminal cannot print.
        encoding = getattr(sys.stdout, 'encoding', None) or 'utf-8'
        return text.encode(encoding, 'backslashreplace').decode(encoding)

    def __reduce__(self) -> tuple[Any, ...]:
        errors = {key: portable(error) for key, error in self.errors.items()}
        return SomeFailedError, (errors, self.done)


def portable(error: Exception) -> Exception:
    """Return an error that reaches another process, at least as text."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f'{type(error).__name__}: {error}')
    return error


def for_each(
    function: Callable[[T], object], items: Iterable[T], threads: int = 20
) -> Iterator[tuple[T, Exception | None]]:
    """Call a function with each item, many at a time.

    Yields each item in order, with the error that it raised or None. Takes
    a thousand items at a time; where `items` raises, none of the last are
    called. Ctrl-C waits for the calls that have begun, and begins no other.
    """

    def attempt(item: T) -> Exception | None:
        try:
            function(item)
        except Exception as error:
            return error.with_traceback(None)  # it holds bodies, sockets
        return None

    waiting = iter(items)
    pool = ThreadPoolExecutor(threads)
    try:
        # A pool takes all that it is given before it yields anything.
        while block := list(islice(waiting, 1000)):
            yield from zip(block, pool.map(attempt, block))
    finally:
        pool.shutdown(cancel_futures=True)


def make_client(region: str, threads: int = 20) -> S3Client:
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
) -> ReadResult:
    """Return the body of each key, all in memory, or its error."""
    bodies: dict[str, bytes] = {}

    def read(key: str) -> None:
        bodies[key] = read_object(s3, bucket, key)

    results = for_each(read, keys, threads)
    return bodies, {key: error for key, error in results if error}


def read_object(s3: S3Client, bucket: str, key: str) -> bytes:
    """Return a body; ask again where it breaks off, as boto3 does not."""
    for _ in range(2):
        with suppress(*BROKEN):
            return s3.get_object(Bucket=bucket, Key=key)['Body'].read()
    return s3.get_object(Bucket=bucket, Key=key)['Body'].read()


def write_many(
    s3: S3Client, bucket: str, bodies: Mapping[str, bytes], threads: int = 20
) -> dict[str, Exception]:
    """Store objects by key; return the error of each that failed."""

    def write(key: str) -> None:
        body, content_type = bodies[key], content_type_of(key)
        s3.put_object(
            Bucket=bucket, Key=key, Body=body, ContentType=content_type
        )

    results = for_each(write, bodies, threads)
    return {key: error for key, error in results if error}


def content_type_of(name: str) -> str:
    """Return the type that a name ends with: of `a.tar.gz`, that of gzip."""
    end = PurePosixPath(name).suffix.lower()
    return TYPES.get(end, 'application/octet-stream')


def read_in_processes(
    bucket: str, keys: list[str], region: str, processes: int = 2
) -> ReadResult:
    """Read objects as `read_many` does, in several processes.

    Call it below `if __name__ == '__main__'`: each process runs that file.
    """
    shares = [keys[number::processes] for number in range(processes)]
    # spawn, because a copy of a process with running threads may hang.
    with ProcessPoolExecutor(processes, get_context('spawn')) as pool:
        results = pool.map(_read_share, repeat(bucket), shares, repeat(region))
        bodies, errors = zip(*results)
    return dict(ChainMap(*bodies)), dict(ChainMap(*errors))


def _read_share(bucket: str, keys: list[str], region: str) -> ReadResult:
    bodies, errors = read_many(make_client(region), bucket, keys)
    return bodies, {key: portable(error) for key, error in errors.items()}


# fmt: off
def demo() -> None:
    s3 = make_client('us-east-1')
    s3.create_bucket(Bucket='my-thumbnails')
    print(write_many(s3, 'my-thumbnails', {'a.webp': b'RIFF'}))
    #> {}
    bodies, errors = read_many(s3, 'my-thumbnails', ['a.webp', 'no-such-key'])
    print(bodies, errors)
    #> {'a.webp': b'RIFF'} {'no-such-key': NoSuchKey('An error occurred …')}
