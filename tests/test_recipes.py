"""The recipes of README.md run, print what they say, and send the same.

`uv run pytest --update-examples tests/test_recipes.py` refreshes their `#>`
lines, their format, and tests/recipes.txt, which holds what they send.
"""

import hashlib
import json
import os
import re
import traceback
from itertools import groupby
from typing import Dict, List
from unittest import mock

import pytest
import requests
from botocore.signers import S3PostPresigner
from page import LINES, README, fenced, slug
from pytest_examples import CodeExample, find_examples, run_code
from support import ROOT, chosen, content, handler, run_python, signing
from test_tour import REQUESTS

from main_aws_s3 import closed_world

REQUESTS_FILE = ROOT / 'tests' / 'recipes.txt'
TITLES = [
    'Every key of a large bucket',
    'Files, with progress',
    'A presigned URL, used',
    'Changing metadata, and tags',
    'A storage class',
    'Versions',
    'Emptying a bucket of any size',
    'Errors worth catching',
    'Another region',
    'On to real AWS',
]
FIRST = LINES.index('## Beyond the tour') + 1
LAST = LINES.index('## Reference') + 1

# What the transfer manager adds of its own, or not, by its version.
BY_VERSION = {'if-match', 'x-amz-checksum-algorithm', 'x-amz-checksum-type'}
RANDOM = [
    (r'(uploadId|versionId|VersionId)(=|>)[^&< ]+', r'\1\2…'),
    (r'(continuation-token)=[^&]+', r'\1=…'),
    (r'<Checksum\w+>[^<]*</Checksum\w+>', ''),
    (r'X-Amz-(Credential|Date|Signature)=[^&]+', r'X-Amz-\1=…'),
]


def title_of(line: int) -> str:
    """The heading over a line of README.md."""
    over = [x for x in LINES[:line] if x.startswith('### ')]
    return over[-1][4:]


RECIPES = {
    title_of(example.start_line): example
    for example in find_examples(ROOT / 'README.md')
    if FIRST < example.start_line < LAST
}


def steady(text: str) -> str:
    for pattern, stand_in in RANDOM:
        text = re.sub(pattern, stand_in, text)
    return text


def told(body: bytes) -> str:
    """A body: as it is where it is short, or its length and digest."""
    if len(body) > 1000:
        return f'{len(body)} bytes {hashlib.sha256(body).hexdigest()[:16]}'
    return steady(ascii(body)) if body else ''


@pytest.fixture
def sent(monkeypatch) -> List[str]:
    """A line for each request that is sent from here on."""
    lines = []

    def record(request, event_name, **_):
        headers = chosen(request)
        for name in BY_VERSION & set(headers):
            del headers[name]
        words = [
            event_name.rpartition('.')[2],
            steady(request.url),
            str(headers or ''),
            told(content(request)),
        ]
        lines.append(' '.join(filter(None, words)))

    send = requests.Session.request

    def record_http(self, method, url, **kwargs):
        options = {k: v for k, v in kwargs.items() if v is not None}
        if isinstance(options.get('data'), dict):
            options['data'] = sorted(options['data'])
        lines.append(f'HTTP {method.upper()} {steady(url)} {options}')
        return send(self, method, url, **kwargs)

    def record_url(operation, request, url, expires_in):
        headers = dict(request['headers'])
        lines.append(f'presigned {operation} {headers or ""}'.strip())

    sign_form = S3PostPresigner.generate_presigned_post

    def record_form(self, *args, **kwargs):
        wanted = {k: kwargs[k] for k in ('fields', 'conditions', 'expires_in')}
        lines.append(f'presigned form {wanted}')
        return sign_form(self, *args, **kwargs)

    monkeypatch.setattr(
        S3PostPresigner, 'generate_presigned_post', record_form
    )
    monkeypatch.setattr(requests.Session, 'request', record_http)
    with handler('before-send.s3', record), signing(record_url):
        yield lines


def in_order(lines: List[str]) -> List[str]:
    """`lines`, with those that threads send side by side sorted."""
    ordered: List[str] = []
    for parallel, group in groupby(
        lines, lambda line: 'partNumber=' in line or "'range'" in line
    ):
        batch = list(group)
        ordered += sorted(batch) if parallel else batch
    return ordered


@pytest.fixture(scope='module')
def requests_file(pytestconfig):
    """What tests/recipes.txt holds, by recipe; written anew on update."""
    update = pytestconfig.getoption('update_examples')
    held: Dict[str, List[str]] = {}
    if not update:
        text = REQUESTS_FILE.read_text(encoding='utf-8')
        for part in text.split('# ')[1:]:
            title, *lines = part.rstrip().split('\n')
            held[title] = lines
    yield held
    if update:
        text = '\n'.join(
            '\n'.join([f'# {title}', *lines, ''])
            for title, lines in held.items()
        )
        REQUESTS_FILE.write_text(text, encoding='utf-8')


def test_the_ten_recipes_are_there_in_order():
    found = [x[4:] for x in LINES[FIRST:LAST] if x.startswith('### ')]

    assert found == TITLES
    assert list(RECIPES) == TITLES[:-1]


def run_closed_off(run, recipe: CodeExample):
    """Have `run` run the recipe; tell an error by its line in README.md."""
    try:
        with closed_world():
            run(recipe)
    except Exception as error:
        frames = traceback.walk_tb(error.__traceback__)
        lines = [
            number
            for frame, number in frames
            if frame.f_code.co_filename.endswith('README.md')
        ]
        message = (
            f'README.md:{lines[-1] if lines else recipe.start_line}: this '
            f'recipe does not run: {type(error).__name__}: {error}'
        )
    else:
        return
    # Not in the handler: some releases of pytest cannot show the traceback
    # that pytest-examples makes up for `error`, not even as the context.
    pytest.fail(message, pytrace=False)


@pytest.mark.parametrize('recipe', RECIPES.values(), ids=RECIPES.keys())
def test_a_recipe_runs_and_prints_what_it_says(
    recipe: CodeExample, eval_example, sent, requests_file, monkeypatch
):
    prints = mock.Mock(wraps=run_code.PrintStatement)
    monkeypatch.setattr(run_code, 'PrintStatement', prints)
    title = title_of(recipe.start_line)
    eval_example.set_config(
        line_length=79,
        quotes='single',
        target_version='py38',
        upgrade=True,
        isort=True,
        ruff_line_length=79,
        ruff_select=['B', 'C4', 'E', 'F', 'N', 'RUF', 'SIM', 'W'],
    )
    if eval_example.update_examples:
        if 'PYTEST_XDIST_WORKER' in os.environ:
            pytest.fail('update without -n: workers overwrite each other')
        eval_example.format(recipe)
        run_closed_off(eval_example.run_print_update, recipe)
        requests_file[title] = in_order(sent)
        return

    eval_example.lint(recipe)
    run_closed_off(eval_example.run_print_check, recipe)
    # A print that is never reached would leave its old line in place.
    assert recipe.source.count('#> ') == prints.call_count
    assert in_order(sent) == requests_file.get(title)


def test_no_recipe_prints_more_than_a_line_holds():
    """Longer output would stand as a string, not as `#>` lines."""
    for recipe in RECIPES.values():
        assert not re.search('^ *"""$', recipe.source, re.MULTILINE)


def test_recipes_are_a_screenful_at_most():
    for title, recipe in RECIPES.items():
        assert recipe.source.count('\n') <= 70, title


def test_a_recipe_runs_as_the_page_tells(tmp_path):
    """The command under 'Beyond the tour', word by word."""
    line = next(x for x in LINES[FIRST:LAST] if x.startswith('$ '))
    code = re.fullmatch(r'\$ uv run python -c "(.+)"', line)[1]
    source = RECIPES['A storage class'].source
    (tmp_path / 'recipe.py').write_text(source, encoding='utf-8')

    run = run_python(
        '-W',
        'ignore',
        '-c',
        code,
        cwd=tmp_path,
        env={'PYTHONPATH': str(ROOT), 'AWS_ENDPOINT_URL': 'http://[::1]:1'},
    )

    assert run.stderr == b''
    assert run.stdout.decode().splitlines() == re.findall('#> (.+)', source)


# Which actions S3 wants to see allowed for each operation, on what:
# S3 user guide, "Policy actions for Amazon S3".
ACTIONS = {
    'CreateBucket': [('s3:CreateBucket', 'bucket')],
    'ListBuckets': [('s3:ListAllMyBuckets', '*')],
    'PutObject': [('s3:PutObject', 'key')],
    'ListObjectsV2': [('s3:ListBucket', 'bucket')],
    'GetObject': [('s3:GetObject', 'key')],
    'HeadObject': [('s3:GetObject', 'key')],
    'CopyObject': [('s3:GetObject', 'key'), ('s3:PutObject', 'key')],
    'DeleteObject': [('s3:DeleteObject', 'key')],
    'DeleteObjects': [('s3:DeleteObject', 'key')],
    'DeleteBucket': [('s3:DeleteBucket', 'bucket')],
}


def test_the_policy_allows_what_the_tour_calls_and_no_more():
    policy = json.loads(
        '\n'.join(next(b for b in fenced() if b.language == 'json').lines)
    )
    allowed = set()
    for statement in policy['Statement']:
        assert statement['Effect'] == 'Allow'
        actions, resources = statement['Action'], statement['Resource']
        for action in [actions] if isinstance(actions, str) else actions:
            for resource in (
                [resources] if isinstance(resources, str) else resources
            ):
                allowed.add((action, resource))
    needed = set()
    for request in REQUESTS:
        bucket = re.match(r'https://([\w-]+)\.s3', request.url)
        arn = f'arn:aws:s3:::{bucket[1]}' if bucket else '*'
        for action, on in ACTIONS[request.operation]:
            needed.add((action, f'{arn}/*' if on == 'key' else arn))

    assert policy['Version'] == '2012-10-17'
    assert needed - allowed == set(), 'the policy in README.md lacks these'
    assert allowed - needed == set(), 'the tour does not need these'


def test_each_best_practice_links_its_recipe():
    start = README.index('### Best practices')
    practices = README[start : README.index('\n## ', start)].split('\n- ')[1:]
    anchors = [slug(title) for title in TITLES]

    assert len(practices) >= 7
    for practice in practices:
        links = re.findall(r'\[recipe\]\(#([^)]+)\)', practice)
        assert len(links) == 1, practice
        assert links[0] in anchors, practice
