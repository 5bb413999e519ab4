"""What several tests need: texts, masks, and steps between boto3 and moto."""

import os
import re
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


def mask(output: str) -> str:
    """Return the tour's output, masked where it differs from run to run."""
    for pattern, stand_in in (
        (r'^\[\d\d:\d\d:\d\d\.\d{3}\]', '[HH:MM:SS.mmm]'),
        (r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?=\+00:00$)', 'YYYY-MM-DD HH:MM'),
        (r'(?<=^             URL length: )\d{3}(?= )', 'NNN'),
    ):
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


def needs_new_moto(name):
    """A parameter for a test that runs the demo of that recipe."""
    since = (3, 9) if name in ('folder', 'safe_writes') else (3, 8)
    if name in ('presigned_url', 'upload_and_download'):
        since = (3, 10)
    old = sys.version_info < since  # its newest moto does not know all of it
    return pytest.param(name, marks=pytest.mark.skipif(old, reason='old moto'))


def made_env(**variables: str) -> Dict[str, str]:
    """`variables`, and what a Python needs to start; nothing else."""
    basics = {'PATH', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'TMP'}
    kept = {k: v for k, v in os.environ.items() if k.upper() in basics}
    return {**kept, **variables}


@contextmanager
def handler(event: str, function):
    """Have `function` called at `event` of every boto3 client made inside."""
    BUILTIN_HANDLERS.append((event, function))
    try:
        with mock.patch('boto3.DEFAULT_SESSION', None):
            yield
    finally:
        BUILTIN_HANDLERS.remove((event, function))
