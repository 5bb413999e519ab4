"""What several tests need: to run the tour and Python, and to step between."""

import ast
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Pattern
from unittest import mock

import pytest
from botocore.handlers import BUILTIN_HANDLERS

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / 'main_aws_s3.py'
README = (ROOT / 'README.md').read_text(encoding='utf-8')
RECIPES = {
    path.stem: path.read_text(encoding='utf-8')
    for path in sorted((ROOT / 'recipes').glob('[a-z]*.py'))
}

# The one place of this: others cite these lines as `main_aws_s3.py:N`.
PINNED = {
    int(line.split(' ', 1)[0]): line.split(' ', 1)[1]
    for line in (ROOT / 'tests' / 'pinned.txt').read_text('utf-8').splitlines()
}

# What differs from run to run, and what stands for it in a comparison.
MASKS = [
    (r'^\[\d\d:\d\d:\d\d\.\d{3}\]', '[HH:MM:SS.mmm]'),
    (r'\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\+00:00$)', 'YYYY-MM-DD HH:MM:SS'),
    (r'(?<=^             URL length: )\d{3}(?= )', 'NNN'),
]


def mask(output: str) -> str:
    """Return the tour's output with times, dates and URL length masked."""
    for pattern, stand_in in MASKS:
        output = re.sub(pattern, stand_in, output, flags=re.MULTILINE)
    return output


def printed_as(source: str) -> Pattern[str]:
    """What the demo in a recipe's source prints by its `#>` lines.

    `…` in a line stands for anything, alone for any number of lines.
    """
    lines = re.findall(r'^ *#> ?(.*)$', source, re.MULTILINE)
    assert lines
    pattern = ''.join(f'{re.escape(line)}\n' for line in lines)
    pattern = pattern.replace('…\n', '(?:.*\n)*?').replace('…', '.*?')
    return re.compile(pattern)


# The Python from which on its newest moto knows what a demo shows.
SINCE = {
    'folder': (3, 9),
    'presigned_url': (3, 10),
    'safe_writes': (3, 9),
    'upload_and_download': (3, 10),
}


def needs_new_moto(name):
    """A parameter for a test that runs the demo of that recipe."""
    old = sys.version_info < SINCE.get(name, (3, 8))
    return pytest.param(name, marks=pytest.mark.skipif(old, reason='old moto'))


def made_env(**variables: str) -> Dict[str, str]:
    """`variables`, and what a Python needs to start; nothing else."""
    basics = {'PATH', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'TMP'}
    kept = {k: v for k, v in os.environ.items() if k.upper() in basics}
    return {**kept, **variables}


def run_python(*args, env=None, cwd=ROOT) -> subprocess.CompletedProcess:
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


def _said() -> str:
    """All prose of the page and of the recipes, as it is read: on one line,
    without links and line numbers."""
    page = re.sub(r'^```.*?^```$', '', README, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r'\[([^\]]*)\](\[[^\]]*\]|\([^)]*\))', r'\1', page)
    docs = [
        ast.get_docstring(node) or ''
        for source in RECIPES.values()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
    ]
    text = ' '.join(' '.join([page, *docs]).split())
    return re.sub(r' \(Line \d+\)', '', text)


SAID = _said()
