"""Faults between a client and moto: S3 does these things, moto never does.

    mine.faults.come(PutObject=[slow_down, lost])  # for the next two
    mine.faults.come(GetObject=repeat(denied))  # for all to come

A fault is a function of the request and of `work`, which has moto do what
is asked. It returns a response, or raises what boto3 would see of the
network. The fixture `mine` has a client that meets them.
"""

import functools
import importlib
import inspect
import runpy
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from io import StringIO

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from main_aws_s3 import closed_world
from support import ROOT

WALK = runpy.run_path(str(ROOT / 'recipes' / '__main__.py'))['Walk']


class Faults:
    """What happens to the requests of the clients that it watches.

    Since the last `come`, `sent` has the operations that were sent, `met`
    the URLs of those that met a fault, and `of_versions` the operations
    that named a version.
    """

    def __init__(self):
        self.come()

    def come(self, *everywhere, **faults):
        """Have the next requests of each operation meet these faults.

        Those of operations without faults of their own meet `everywhere`.
        """
        self.coming = defaultdict(lambda: iter(everywhere))
        for operation, coming in faults.items():
            self.coming[operation] = iter(coming)
        self.sent, self.met, self.of_versions = [], [], set()

    def watch(self, client):
        """Let faults happen to this client's requests."""
        events = client.meta.events
        # All handlers of this event are called, so moto must not be one.
        events.unregister('before-send', botocore_stubber)
        events.register('before-send.s3', self)

    def __call__(self, request, event_name, **_):
        def work():
            return botocore_stubber(event_name=event_name, request=request)

        operation = event_name.rpartition('.')[2]
        self.sent.append(operation)
        source = request.headers.get('x-amz-copy-source', b'')
        if 'versionId=' in f'{request.url} {source}':
            self.of_versions.add(operation)
        fault = next(self.coming[operation], None)
        if fault is None:
            return work()
        self.met.append(request.url)
        return fault(request, work)


class Demo(Faults):
    """A recipe's demo, with faults in what the recipe's functions send.

    What the demo itself sends, to prepare or to look, is left alone: it has
    a client of its own, and the functions of the recipe, which are those
    whose first parameter is `s3`, are called with a second one instead.
    """

    def __init__(self, name, session, monkeypatch):
        super().__init__()
        self.name, self.session = name, session
        self.module = importlib.import_module(name)
        for name, function in inspect.getmembers(
            self.module, inspect.isfunction
        ):
            first = next(iter(inspect.signature(function).parameters), '')
            if first == 's3':
                monkeypatch.setattr(self.module, name, self.watched(function))

    def watched(self, function):
        """Return a function that is called with the watched client."""

        @functools.wraps(function)
        def call(s3, *args, **kwargs):
            return function(self.second_client(s3), *args, **kwargs)

        return call

    def second_client(self, s3):
        if s3 in self.clients.values():  # one function has called another
            return s3
        if s3 not in self.clients:
            region, config = s3.meta.region_name, s3.meta.config
            client = boto3.client('s3', region_name=region, config=config)
            self.watch(client)
            # A demo may count what it thinks its own client has sent.
            client.meta.events.register('after-call', s3.meta.events.emit)
            self.clients[s3] = client
        return self.clients[s3]

    def tell(self, walk=False):
        """Return what it prints, or the error that ends it.

        With `walk`, that is what `python -m recipes` prints of it.
        """
        self.clients = {}
        with closed_world(), redirect_stdout(StringIO()) as printed:
            boto3.DEFAULT_SESSION = self.session  # a new one takes its time
            try:
                WALK(self.name).run() if walk else self.module.demo()
            except Exception as error:
                return str(error)
        return printed.getvalue()


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
        response = work()
        met[request.url] += 1
        if met[request.url] <= times and response.status_code < 300:
            content = response.raw.read()
            response.raw = MockRawResponse(content[: len(content) // 2])
        return response

    return fault


def after(action):
    """Somebody else does something just before the request arrives."""

    def fault(request, work):
        action()
        return work()

    return fault
