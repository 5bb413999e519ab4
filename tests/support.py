"""What several tests need: to run tour, recipes and Python, and to watch."""

import contextlib
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, List, Optional, Tuple
from unittest import mock

import requests
from botocore.handlers import BUILTIN_HANDLERS
from botocore.signers import RequestSigner, S3PostPresigner

import logging_utils
import main_aws_s3

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / 'main_aws_s3.py'

# What differs from run to run, and what stands for it in a comparison.
MASKS = [
    (r'^\[\d\d:\d\d:\d\d\.\d{3}\]', '[HH:MM:SS.mmm]'),
    (r'\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\+00:00$)', 'YYYY-MM-DD HH:MM:SS'),
    (r'(?<=^             URL length: )\d+', 'NNN'),
]

# The one place of this: others cite these lines as `main_aws_s3.py:N`, so
# they stay where they are.
PINNED = {
    int(number): code
    for number, _, code in (
        line.partition(' ')
        for line in (ROOT / 'tests' / 'pinned.txt').read_text().splitlines()
    )
}

# What botocore adds of its own, differently from version to version.
MACHINERY = re.compile(
    'amz-sdk-.*|authorization|content-(length|md5)|expect|if-match-.*|'
    'transfer-encoding|user-agent|x-amz-(checksum-(algorithm|crc32|mode|type)|'
    'content-sha256|date|decoded-content-length|sdk-checksum-algorithm|trailer)'
)
RANDOM = [
    (r'(uploadId|versionId|VersionId)(=|>)[^&< ]+', r'\1\2…'),
    (r'(continuation-token|-marker)=[^&]+', r'\1=…'),
    (r'<Checksum\w+>[^<]*</Checksum\w+>', ''),
    (r'X-Amz-(Credential|Date|Signature)=[^&]+', r'X-Amz-\1=…'),
    (r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '…'),
]


def mask(output: str) -> str:
    """Return the tour's output with times, dates and URL length masked."""
    for pattern, stand_in in MASKS:
        output = re.sub(pattern, stand_in, output, flags=re.MULTILINE)
    return output


def made_env(**variables: str) -> Dict[str, str]:
    """`variables`, and what a Python needs to start; nothing else."""
    basics = {'PATH', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'TMP'}
    kept = {k: v for k, v in os.environ.items() if k.upper() in basics}
    return {**kept, **variables}


def run_python(*args, env=None, cwd=None) -> subprocess.CompletedProcess:
    """Run this Python on `args` in an environment of its own, and `env`.

    Its stdout and stderr come as text.
    """
    return subprocess.run(
        [sys.executable, *map(str, args)],
        env=made_env(**{'PYTHONIOENCODING': 'utf-8', **(env or {})}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=False,
    )


@contextmanager
def handler(event: str, function):
    """Have `function` called at `event` of every boto3 client made inside.

    Events: the boto3 guide, "Extensibility guide".
    """
    BUILTIN_HANDLERS.append((event, function))
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove((event, function))


@contextmanager
def signing(function):
    """Have `function` called with each presigned URL that is made inside.

    It gets the operation, the request as a dict, the URL, and the seconds
    for which it is good.
    """
    sign = RequestSigner.generate_presigned_url

    def spy(self, request_dict, operation_name, **kwargs):
        url = sign(self, request_dict, operation_name=operation_name, **kwargs)
        function(operation_name, request_dict, url, kwargs['expires_in'])
        return url

    with mock.patch.object(RequestSigner, 'generate_presigned_url', spy):
        yield


def chosen(request) -> str:
    """The headers that say what the caller wants of S3."""
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
        if not MACHINERY.fullmatch(name.lower())
    }
    if 'range' in headers:  # newer managed downloads also send the ETag
        headers.pop('if-match', None)
    # A chunked body is how botocore sends it, not what S3 stores.
    encoding = headers.pop('content-encoding', '')
    encoding = re.sub(',?aws-chunked$', '', encoding)
    if encoding:
        headers['content-encoding'] = encoding
    return str(headers) if headers else ''


def content(request) -> bytes:
    """The body as S3 stores it, left as it was for whoever sends it."""
    body = request.body
    if hasattr(body, 'read'):
        data = body.read()
        body.seek(0)
    else:
        data = body or b''
    length = request.headers.get('X-Amz-Decoded-Content-Length')
    if length is not None:  # size in hex, CRLF, bytes, trailing checksum
        data = data.partition(b'\r\n')[2][: int(length)]
    return data


def steady(text: str) -> str:
    """`text` without what S3 makes up differently on each run."""
    for pattern, stand_in in RANDOM:
        text = re.sub(pattern, stand_in, text)
    return text


def told(body: bytes) -> str:
    """A body: as it is if it is short, or its length and digest."""
    if body.startswith(b'\x1f\x8b'):
        return f'gzip of {ascii(gzip.decompress(body))}'
    if len(body) > 1000:
        return f'{len(body)} bytes {hashlib.sha256(body).hexdigest()[:16]}'
    return ascii(body) if body else ''


@contextmanager
def sending():
    """The list of what is sent and signed inside, a line for each.

    What threads send side by side is sorted.
    """
    lines: List[str] = []
    start = 0  # of what threads have sent since the main thread did

    def add(*words):
        nonlocal start
        lines.append(steady(' '.join(str(word) for word in words if word)))
        if threading.current_thread() is threading.main_thread():
            start = len(lines)
        else:
            lines[start:] = sorted(lines[start:])

    def record(request, event_name, **_):
        resource = b'Resource' in request.headers['User-Agent']
        add(
            'resource' if resource else '',
            event_name.rpartition('.')[2],
            request.url.replace('&encoding-type=url', ''),
            chosen(request),
            told(content(request)),
        )

    send = requests.Session.request

    def record_http(self, method, url, **kwargs):
        options = {k: v for k, v in kwargs.items() if v is not None}
        if isinstance(options.get('data'), dict):
            options['data'] = sorted(options['data'])
        add('HTTP', method.upper(), url, options)
        return send(self, method, url, **kwargs)

    def record_url(operation, request, url, expires_in):
        address = url.partition('?')[0]
        headers = dict(request['headers'])
        add('presigned', operation, address, headers, f'{expires_in} s')

    sign_form = S3PostPresigner.generate_presigned_post

    def record_form(self, *args, **kwargs):
        wanted = {k: kwargs[k] for k in ('fields', 'conditions', 'expires_in')}
        add('presigned form', wanted)
        return sign_form(self, *args, **kwargs)

    form = mock.patch.object(
        S3PostPresigner, 'generate_presigned_post', record_form
    )
    http = mock.patch.object(requests.Session, 'request', record_http)
    with form, http, handler('before-send.s3', record), signing(record_url):
        yield lines


def run_tour() -> Tuple[List[List[Tuple[str, Optional[int]]]], List[str]]:
    """What the tour prints, by section, and what it sends.

    Each line comes with the pinned line that brought it about, if any: the
    last of those that stand between the log call before and its own.
    """
    source = SCRIPT.read_text(encoding='utf-8').splitlines()
    logs = [i for i, x in enumerate(source, 1) if re.match(' +log_', x)]
    sections: List[List[Tuple[str, Optional[int]]]] = []

    def watch(log):
        def call(*args):
            stdout = io.StringIO()
            with contextlib.redirect_stdout(stdout):
                log(*args)
            lines = stdout.getvalue()[:-1].split('\n')
            here = sys._getframe(1).f_lineno
            before = max([i for i in logs if i < here], default=0)
            pins: List[Optional[int]] = [
                i for i in PINNED if before < i <= here
            ]
            if log is logging_utils.log_section:
                sections.append([])
                pins = []
            pins = pins[-len(lines) :] + [None] * len(lines)
            sections[-1].extend(zip(lines, pins))

        return call

    with mock.patch.multiple(
        main_aws_s3,
        log_section=watch(logging_utils.log_section),
        log_step=watch(logging_utils.log_step),
    ), sending() as sent:
        main_aws_s3.main()
    return sections, sent


def run_recipe(source: str) -> Tuple[Dict[int, List[str]], List[str]]:
    """What each line of a recipe prints, and what the recipe sends.

    An error has the line that it came from as its `line_of_recipe`.
    """
    prints: Dict[int, List[str]] = {}

    def record(*args, sep=' '):
        line = sys._getframe(1).f_lineno
        text = steady(sep.join(map(str, args)))
        prints.setdefault(line, []).append(text)

    space = {'__name__': '__main__', 'print': record}
    code = compile(source, 'recipe.py', 'exec')
    out = contextlib.redirect_stdout(io.StringIO())
    err = contextlib.redirect_stderr(io.StringIO())
    argv = mock.patch.object(sys, 'argv', ['recipe.py'])
    try:
        with main_aws_s3.closed_world(), sending() as sent, out, err, argv:
            exec(code, space)
    except Exception as error:
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code is code or frame.f_code.co_filename == 'recipe.py':
                error.line_of_recipe = line
        raise
    return prints, sent
