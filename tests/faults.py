"""Faults between a client and moto: S3 does these things, moto never does.

A fault takes the request and `work`, which has moto do what is asked, and
returns a response or raises what boto3 would see of the network.
"""

import importlib
import re
import sys
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber
from s3transfer.futures import BoundedExecutor, NonThreadedExecutor
from support import RECIPES, printed_as

from main_aws_s3 import closed_world


class Faults:
    """What happens to the requests of some clients from now on.

    `sent` has their operations, and `met` the URLs of those with a fault.
    """

    def __init__(self):
        self.come()

    def come(self, **faults):
        """Have these faults met by the next requests of each operation."""
        self.coming = {name: iter(each) for name, each in faults.items()}
        self.sent, self.met = [], []

    def watch(self, client):
        events = client.meta.events
        # All handlers of this event are called, so moto must not be one.
        events.unregister('before-send', botocore_stubber)
        events.register('before-send.s3', self)

    def __call__(self, request, event_name, **_):
        def work():
            return botocore_stubber(event_name=event_name, request=request)

        operation = event_name.rpartition('.')[2]
        self.sent.append(operation)
        fault = next(self.coming.get(operation, iter([])), None)
        if fault is None:
            return work()
        self.met.append(request.url)
        return fault(request, work)


class Demo(Faults):
    """A recipe's demo, with faults in what its functions send.

    What the demo itself sends, to prepare, is left alone.
    """

    def __init__(self, name, monkeypatch):
        super().__init__()
        self.module = importlib.import_module(f'recipes.{name}')
        self.lines = printed_as(RECIPES[name])
        with closed_world():  # it reads ~/.aws as it is made
            session = boto3.Session()

        def client(service, **kwargs):
            made = session.client(service, **kwargs)
            if service == 's3':
                self.watch(made)
            return made

        monkeypatch.setattr(boto3, 'client', client)
        # Or nobody could tell whom boto3's own threads work for.
        alone = NonThreadedExecutor
        monkeypatch.setattr(BoundedExecutor, 'EXECUTOR_CLS', alone)

    def __call__(self, request, event_name, **_):
        # Never by sys._current_frames(): with threads, it can hang Python
        # 3.11, https://github.com/python/cpython/issues/106883
        frame = sys._getframe()
        while frame.f_code.co_filename != self.module.__file__:
            frame = frame.f_back
        if frame.f_code.co_name == 'demo':
            return botocore_stubber(event_name=event_name, request=request)
        return super().__call__(request, event_name)

    def tell(self):
        """Return what it prints, or the error that ends it."""
        with closed_world(), redirect_stdout(StringIO()) as printed:
            try:
                self.module.demo()
            except Exception as error:
                return str(error)
        return printed.getvalue()

    def prints_the_same(self):
        return self.lines.fullmatch(self.tell())

    def tells(self, words):
        """Whether it tells of this, and a key that met it, if one did."""
        told = self.tell()
        paths = [url.partition('?')[0] for url in self.met]
        keys = {path.rpartition('/')[2] for path in paths}
        return re.search(words, told) and any(key in told for key in keys)


def says(status, xml):
    """S3 does nothing, and responds with this."""

    def fault(request, work):
        raw = MockRawResponse(xml.encode())
        return AWSResponse(request.url, status, {}, raw)

    return fault


ERROR = '<Error><Key>key</Key><Code>{}</Code><Message>so</Message></Error>'
slow_down = says(503, ERROR.format('SlowDown'))
conflict = says(409, ERROR.format('ConditionalRequestConflict'))
denied = says(403, ERROR.format('AccessDenied'))
gone = says(404, ERROR.format('NoSuchUpload'))
# S3 says that it deleted all of a batch, or all but one key.
BATCH = '<DeleteResult>{}</DeleteResult>'
confirmed_only = says(200, BATCH.format(''))
throttled = says(200, BATCH.format(ERROR.format('SlowDown')))


def lost(request, work):
    """S3 does it, and its response gets lost."""
    work()
    raise ConnectionClosedError(endpoint_url=request.url)


def broken(times):
    """The body of each object breaks off half way, so many times."""
    met = Counter()

    def fault(request, work):
        answer = work()
        met[request.url] += 1
        if met[request.url] <= times and answer.status_code < 300:
            content = answer.raw.read()
            answer.raw = MockRawResponse(content[: len(content) // 2])
        return answer

    return fault


def after(action):
    """Somebody else does something just before the request arrives."""

    def fault(request, work):
        action()
        return work()

    return fault
