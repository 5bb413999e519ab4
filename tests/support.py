"""What several tests need: to run tour, recipes and Python, and to watch."""

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
from botocore.config import Config
from botocore.handlers import BUILTIN_HANDLERS
from botocore.signers import RequestSigner, S3PostPresigner

import main_aws_s3

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / 'main_aws_s3.py'

# What differs from run to run, and what stands for it in a comparison.
MASKS = [
    (r'^\[\d\d:\d\d:\d\d\.\d{3}\]', '[HH:MM:SS.mmm]'),
    (r'\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\+00:00$)', 'YYYY-MM-DD HH:MM:SS'),
    (r'(?<=^             URL length: )\d+', 'NNN'),
]

# The one place of this: others cite these lines as `main_aws_s3.py:N`.
_PINNED = (ROOT / 'tests' / 'pinned.txt').read_text('utf-8').splitlines()
PINNED = {int(n): code for n, code in (x.split(' ', 1) for x in _PINNED)}

# What of a client's configuration is recorded, and what of a managed transfer
# is not, because it differs from version to version.
DEFAULT = Config()
OPTIONS = 'connect_timeout max_pool_connections read_timeout retries'
BY_VERSION = {'ChecksumAlgorithm', 'ChecksumType', 'EncodingType'}
RANDOM = [
    (r"('(UploadId|\w*Marker|ContinuationToken)': )'[^']*'", r"\1'…'"),
    (r"('VersionId': )'(?!null)[^']*'", r"\1'…'"),
    (r"'Checksum(CRC|SHA)\w+': '[^']*', ", ''),
    (r"'ContentEncoding': 'aws-chunked', ", ''),  # moto 5.0 tells it
    (r'X-Amz-(Credential|Date|Signature)=[^& ]+', r'X-Amz-\1=…'),
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
    """Have `function` called at `event` of every boto3 client made inside."""
    BUILTIN_HANDLERS.append((event, function))
    try:
        yield
    finally:
        BUILTIN_HANDLERS.remove((event, function))


def refuse(**_):
    """A step of boto3 fails, as the handler of an event."""
    raise RuntimeError('refused')


@contextmanager
def spying(owner, name: str, tell):
    """Have `tell` called after each call of that method inside, with its
    result, its object and its arguments."""
    real = getattr(owner, name)

    def spy(*args, **kwargs):
        result = real(*args, **kwargs)
        tell(result, *args, **kwargs)
        return result

    with mock.patch.object(owner, name, spy):
        yield


def told(value):
    """A parameter of a call, as it is if short, or a body's digest."""
    if hasattr(value, 'read'):
        position = value.tell()
        value, _ = value.read(), value.seek(position)
    if isinstance(value, bytes) and value.startswith(b'\x1f\x8b'):
        value = gzip.decompress(value)
    if isinstance(value, bytes) and len(value) > 1000:
        digest = hashlib.sha256(value).hexdigest()[:16]
        return f'{len(value)} bytes {digest}'
    return value


@contextmanager
def sending():
    """The list of the calls that are made and signed inside, a line for each;
    what threads call side by side is sorted."""
    lines: List[str] = []
    start = 0  # of what threads have called since the main thread did

    def add(*words):
        nonlocal start
        line = ' '.join(str(word) for word in words if word)
        for pattern, stand_in in RANDOM:
            line = re.sub(pattern, stand_in, line)
        lines.append(line)
        if threading.current_thread() is threading.main_thread():
            start = len(lines)
        else:
            lines[start:] = sorted(lines[start:])

    def record(params, model, context, **_):
        threaded = threading.current_thread() is not threading.main_thread()
        dropped = BY_VERSION if threaded else {'EncodingType'}
        if 'Range' in params:
            dropped = {*dropped, 'IfMatch'}
        shown = {k: told(v) for k, v in params.items() if k not in dropped}
        region = context.get('client_region', 'presigned')
        config = vars(context.get('client_config', DEFAULT))
        own = {k: config[k] for k in OPTIONS.split()}
        own = {k: v for k, v in own.items() if v != vars(DEFAULT)[k]}
        if 'total_max_attempts' not in own.get('retries', ()):
            own.pop('retries', None)  # a default, which varies
        add(model.name, region, ascii(shown), own or '')

    def url(_, signer, request_dict, expires_in, operation_name, **__):
        add('presigned', operation_name, signer.region_name, expires_in, 's')

    def form(_, signer, request_dict, fields, conditions, expires_in, **__):
        add('form', sorted(fields), conditions, f'for {expires_in} s')

    def http(_, session, method, url, **options):
        options = {k: v for k, v in options.items() if v is not None}
        if isinstance(options.get('data'), dict):
            options['data'] = sorted(options['data'])
        add('HTTP', method.upper(), url, options)

    with spying(RequestSigner, 'generate_presigned_url', url), spying(
        S3PostPresigner, 'generate_presigned_post', form
    ), spying(requests.Session, 'request', http), handler(
        'before-parameter-build.s3', record
    ):
        yield lines


def run_tour() -> Tuple[List[List[Tuple[str, Optional[int]]]], List[str]]:
    """What the tour prints, by section, and what it sends.

    Each line comes with the pinned line that brought it about, if any: the
    last of those that stand between the log call before and its own.
    """
    source = SCRIPT.read_text(encoding='utf-8').splitlines()
    logs = [i for i, x in enumerate(source, 1) if re.match(' +log_', x)]
    sections: List[List[Tuple[str, Optional[int]]]] = []

    def show(text: str) -> None:
        """In place of the helper's _write(), called by what main() calls."""
        here, lines = sys._getframe(2).f_lineno, text.split('\n')
        before = max([i for i in logs if i < here], default=0)
        pins: List[Optional[int]] = [i for i in PINNED if before < i <= here]
        if text.startswith('\n'):
            sections.append([])
            pins = []
        pins = pins[-len(lines) :] + [None] * len(lines)
        sections[-1].extend(zip(lines, pins))

    with mock.patch('logging_utils._write', show), sending() as sent:
        main_aws_s3.main()
    return sections, sent


def run_recipe(source: str) -> Tuple[Dict[int, List[str]], List[str]]:
    """What each line of a recipe prints, and what the recipe sends. An error
    has the line that it came from as its `line_of_recipe`."""
    prints: Dict[int, List[str]] = {}

    def record(*args, sep=' '):
        line = sys._getframe(1).f_lineno
        text = re.sub(*RANDOM[-1], sep.join(map(str, args)))
        prints.setdefault(line, []).append(text)

    space = {'__name__': '__main__', 'print': record}
    code = compile(source, 'recipe.py', 'exec')
    quiet = mock.patch.multiple(
        sys, argv=['recipe.py'], stdout=io.StringIO(), stderr=io.StringIO()
    )
    try:
        with main_aws_s3.closed_world(), sending() as sent, quiet:
            exec(code, space)
    except Exception as error:
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename == 'recipe.py':
                error.line_of_recipe = line
        raise
    return prints, sent
