"""Faults between a client and moto: S3 does these things, moto never does.

A fault takes the request and `work`, which has moto do what is asked, and
returns a response or raises what boto3 would see of the network.
"""

import io
import re
import threading

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.models import botocore_stubber


class Body(io.BytesIO):
    """What boto3 reads a response from."""

    def stream(self, **_):
        yield self.read()


class Faults:
    """What happens to the requests of one client from now on.

    `plan` has pairs of an operation and a fault; each happens once, at the
    next request of that operation. `always` has faults that stay. `choose`
    gives one for an operation and its request. `sent` has the operations.
    """

    def __init__(self, client):
        self.plan, self.always, self.sent = [], {}, []
        self.choose = lambda operation, request: None
        self.lock = threading.Lock()
        events = client.meta.events
        # All handlers of this event are called, so moto must not be one.
        events.unregister('before-send', botocore_stubber)
        events.register('before-send.s3', self)

    def __call__(self, request, event_name, **_):
        def work():
            return botocore_stubber(event_name=event_name, request=request)

        operation = event_name.rpartition('.')[2]
        with self.lock:
            self.sent.append(operation)
            fault = self.choose(operation, request)
            fault = fault or self.always.get(operation)
            for pair in self.plan:
                if pair[0] == operation:
                    self.plan.remove(pair)
                    fault = pair[1]
                    break
        return fault(request, work) if fault else work()


def lost(request, work):
    """S3 does it, and its response gets lost."""
    work()
    raise ConnectionClosedError(endpoint_url=request.url)


def failed(request, work):
    """S3 does it, and says that it failed."""
    work()
    return response(request, 500, 'InternalError')


def slow_down(request, work):
    return response(request, 503, 'SlowDown')


def conflict(request, work):
    return response(request, 409, 'ConditionalRequestConflict')


def denied(request, work):
    return response(request, 403, 'AccessDenied')


def broken(request, work):
    """The body breaks off half way."""
    answer = work()
    content = answer.raw.read()
    answer.raw = Body(content[: len(content) // 2])
    return answer


def response(request, status, code, xml=''):
    xml = xml or f'<Error><Code>{code}</Code><Message>so</Message></Error>'
    return AWSResponse(request.url, status, {}, Body(xml.encode()))


def refusing(code, *keys):
    """S3 does nothing for these keys of a batch, and the rest of it."""

    def fault(request, work):
        body, errors = request.body.decode(), ''
        for item in re.findall('<Object>.*?</Object>', body):
            key = re.search('<Key>(.*?)</Key>', item)[1]
            if key in keys:
                body = body.replace(item, '')
                code_too = f'<Code>{code}</Code><Message>so</Message>'
                errors += f'<Error>{item[8:-9]}{code_too}</Error>'
        if '<Object>' in body:
            request.body = body.encode()
            request.headers['Content-Length'] = str(len(request.body))
            work()
        xml = f'<DeleteResult>{errors}</DeleteResult>'
        return response(request, 200, '', xml)

    return fault


def confirmed_only(request, work):
    """S3 says that it deleted all of a batch, and lists it on."""
    return response(request, 200, '', '<DeleteResult></DeleteResult>')


def after(action):
    """Somebody else does something just before the request arrives."""

    def fault(request, work):
        action()
        return work()

    return fault
