"""README.md shows the tour as it is, and what it says can be done works."""

import ast
import asyncio
import gzip
import io
import json
import re
import runpy
import shlex
from contextlib import nullcontext, redirect_stdout
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

import main_aws_s3
import page
from support import README, RECIPES, ROOT, printed_as, rows
from test_faults import PERMISSIONS

SOURCE = page.SOURCE
SECTIONS = list(page.SECTION.finditer(README))
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(README)
PROSE = BLOCK.sub('', README)


def block(kind, words):
    """Return the first block of that kind that has these words."""
    return next(text for x, text in BLOCKS if x == kind and words in text)


# The tour


def test_the_page_is_up_to_date():
    changes = page.main(['--check'])
    assert not changes, f'run `{page.COMMAND}`'


def test_a_new_arrow_gets_the_column_of_the_others():
    wide = 'x' * 70
    old = f'✅ a ← Line 1\n   b  ← Line 22\nc\n{wide} ← Line 3'
    new = f'✅ a  ← Line 1\n   b  ← Line 22\nc\n{wide}\n      ← Line 3'
    assert page.with_arrows(f'✅ a\n   b\nc\n{wide}', old) == new


@pytest.mark.parametrize(
    ('old', 'new', 'told'),
    [
        (
            '`IsTruncated` says',
            '`obj` (Line 1) says',
            r'cites `obj`, which is',
        ),
        ('### 5. Listing', '#### 5. Listing', 'has 11 sections, .* has 10'),
    ],
)
def test_what_cannot_be_brought_up_to_date_is_told(old, new, told):
    assert README.count(old) == 1
    with pytest.raises(SystemExit, match=told):
        page.up_to_date(README.replace(old, new))


def test_a_pinned_line_stays(monkeypatch):
    monkeypatch.setattr(page, 'SOURCE', ['', *SOURCE])
    with pytest.raises(SystemExit, match=r'main_aws_s3.py:45 must be `s3_cl'):
        page.up_to_date(README)


def test_no_line_is_cited_without_its_code():
    """Only what stands behind its code is kept up to date."""
    text = ''.join(section['text'] for section in SECTIONS)
    cited = re.findall(page.CITATION, text)
    assert len(re.findall(r'\bLines?\s+\d', text)) == len(cited)
    others = BLOCK.sub('', page.SECTION.sub('', README))
    assert not re.search(r'\bLines?\s+\d', others)


def steps():
    """Yield each log_step's line, and a pattern of what it prints."""

    def pattern(node):
        if isinstance(node, ast.Constant):
            return re.escape(node.value)
        if isinstance(node, ast.JoinedStr):
            return ''.join(map(pattern, node.values))
        return '.*'

    for node in ast.walk(ast.parse('\n'.join(SOURCE))):
        if isinstance(node, ast.Call) and 'log_step' in ast.dump(node.func):
            yield node.lineno, '|'.join(map(pattern, node.args))


ARROWS = [
    (text, int(number))
    for section in SECTIONS
    for text, numbers in page.lines_of(section['output'])
    for number in numbers
]


def test_each_arrow_stands_behind_what_its_line_brought_about():
    """That is what the next step prints."""
    printed = sorted(steps())
    for text, number in ARROWS:
        said = re.sub(r'^(\[[\d:.]{12}\] |\s+)', '', text)
        step = next(x for n, x in printed if n >= number)
        assert re.fullmatch(step, said), text


# These only name something; the line that sends it has the arrow.
SILENT = {112, 156, 205, 223}


def test_each_pinned_line_has_its_arrow():
    assert {number for _, number in ARROWS} == {*page.PINNED} - SILENT


# Experiments

EXPERIMENT = re.compile(
    r'\*\*🧪 Try it:\*\* replace `(?P<old>[^`]+)` \(Line (?P<number>\d+)\)'
    r'(?P<only>, in that line only,)? '
    r'with `(?P<new>[^`]+)`\. The (?P<where>tour then stops with|output then '
    r'says) `(?P<seen>[^`]+)`[.,]'
)
EXPERIMENTS = [
    match.groups()
    for section in SECTIONS
    for match in EXPERIMENT.finditer(' '.join(section['text'].split()))
]


def test_each_section_has_three_bullets_at_most_and_one_experiment():
    assert len(EXPERIMENTS) == len(SECTIONS) == 11
    for section in SECTIONS:
        assert 2 <= section['text'].count('\n- ') <= 3
        assert section['text'].count('🧪') == 1


@pytest.mark.parametrize(
    ('old', 'number', 'only', 'new', 'where', 'seen'),
    EXPERIMENTS,
    ids=[f'line-{number}' for _, number, *_ in EXPERIMENTS],
)
def test_an_experiment_shows_what_the_page_says(
    printed, old, number, only, new, where, seen
):
    lines = SOURCE.copy()
    assert lines[int(number) - 1].count(old) == 1
    often = '\n'.join(SOURCE).count(old) > 1
    assert bool(only) == often, 'say so where an editor would find more'
    lines[int(number) - 1] = lines[int(number) - 1].replace(old, new)
    changed = {'__name__': 'changed'}
    exec(compile('\n'.join(lines), 'main_aws_s3.py', 'exec'), changed)
    stopped = ''
    with redirect_stdout(io.StringIO()) as stdout:
        try:
            changed['main']()
        except Exception as error:
            stopped = str(error)
    assert seen in (stopped if 'stops' in where else stdout.getvalue())
    assert seen not in printed


# Write your own

SCRIPTS = [text for kind, text in BLOCKS if 'with closed_world():' in text]
# What each stores in my-bucket.
STORED = [
    {'notes/monday.txt': ('text/plain', b'Buy milk')},
    {
        'weather/oslo.json': (
            'application/json',
            b'{"city": "Oslo", "degrees": 21}',
        )
    },
    {
        f'logs/{name}.txt': ('text/plain', b'All is well')
        for name in ('ant', 'mouse', 'zebra')
    },
    {'report.txt': ('text/plain', b'All is well')},
]


@pytest.fixture
def clock(monkeypatch):
    """Let time pass for the mock where a script sleeps."""
    now = [datetime(2026, 1, 1, tzinfo=timezone.utc)]

    def sleep(seconds):
        now[0] += timedelta(seconds=seconds)

    monkeypatch.setattr('moto.s3.models.utcnow', lambda: now[0])
    monkeypatch.setattr('time.sleep', sleep)


def objects(s3, bucket):
    """Return content type and body of each object."""
    found = {}
    for entry in s3.list_objects_v2(Bucket=bucket).get('Contents', []):
        response = s3.get_object(Bucket=bucket, Key=entry['Key'])
        kind = response['ContentType']
        found[entry['Key']] = kind, response['Body'].read()
    return found


@pytest.mark.parametrize('number', range(len(STORED)))
def test_a_script_prints_its_lines(number, clock, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with redirect_stdout(io.StringIO()) as stdout:
        exec(SCRIPTS[number], {})
    assert printed_as(SCRIPTS[number]).fullmatch(stdout.getvalue())


@pytest.mark.parametrize('number', range(len(STORED)))
def test_a_script_stores_what_is_wanted(
    number, s3, clock, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main_aws_s3, 'closed_world', nullcontext)
    with redirect_stdout(io.StringIO()) as stdout:
        exec(SCRIPTS[number], {})
    assert objects(s3, 'my-bucket') == STORED[number]
    if 'generate_presigned_url' in SCRIPTS[number]:
        assert requests.get(stdout.getvalue().strip()).text == 'All is well'


def test_each_solution_is_folded_away():
    assert len(SCRIPTS) == len(STORED)
    folded = re.findall(
        r'^<details>\n<summary>A solution</summary>\n\n```python\n(.*?)^```$',
        README,
        re.DOTALL | re.MULTILINE,
    )
    assert folded == SCRIPTS[1:]


# Permissions


@pytest.fixture
def sent(events):
    """The operations of S3 that are sent from now on, and their buckets."""
    calls = []

    def note(params, model, **_):
        calls.append((model.name, params.get('Bucket')))

    events.register('before-parameter-build.s3', note)
    return calls


def actions(operations):
    """Return the actions of a policy that these operations need."""
    names = ' '.join(PERMISSIONS.get(name, name) for name in operations)
    return {f's3:{name}' for name in names.split()}


def allowed(policy):
    """Return what a policy allows: actions, by the resource."""
    found = {}
    for statement in json.loads(policy)['Statement']:
        assert statement['Effect'] == 'Allow'
        names = statement['Action']
        names = {names} if isinstance(names, str) else {*names}
        found.setdefault(statement['Resource'], set()).update(names)
    return found


OF_BUCKETS = {'s3:ListBucket', 's3:CreateBucket', 's3:DeleteBucket'}


def test_the_policy_of_the_tour_is_what_it_sends(sent, capsys):
    main_aws_s3.tour('s3-tour-1', 's3-tour-2')
    # They are signed, not sent.
    operations = {name for name, _ in sent} | {'GetObject', 'PutObject'}
    operations -= {'ListBuckets'}
    assert allowed(block('json', 's3-tour-')) == {
        '*': {'s3:ListAllMyBuckets'},
        'arn:aws:s3:::s3-tour-*': actions(operations) & OF_BUCKETS,
        'arn:aws:s3:::s3-tour-*/*': actions(operations) - OF_BUCKETS,
    }


def test_the_policy_for_one_bucket_is_what_the_cheat_sheet_needs():
    """Not those for buckets as such, or for tags."""
    needed = set().union(*(said for _, said in CALLS.values()))
    needed |= {'s3:AbortMultipartUpload'}  # below the table
    needed -= {x for x in needed if x.endswith(('Tagging', 'Buckets'))}
    assert allowed(block('json', 'my-bucket')) == {
        'arn:aws:s3:::my-bucket': {'s3:ListBucket'},
        'arn:aws:s3:::my-bucket/*': needed - OF_BUCKETS,
    }


# The cheat sheet

# Each thing to do, with the calls that do it and the permissions it names.
CALLS = {
    re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', to): (
        re.findall('`([^`]+)`', call),
        {*re.findall(r'`(s3:\w+)`', permission)},
    )
    for to, call, permission in rows('Cheat sheet')
}
KEPT = {'key': ('text/kept', b'data'), 'data/a': ('text/kept', b'')}
# What a call leaves, where that is not what was there before.
LEFT = {
    'upload a file': {**KEPT, 'key': ('application/pdf', b'%PDF')},
    'upload bytes': {**KEPT, 'key': ('application/json', b'{}')},
    'copy up to 5 GB': {**KEPT, 'new': ('text/kept', b'data')},
    'delete': {'data/a': KEPT['data/a']},
    'delete up to 1,000': {'data/a': KEPT['data/a']},
    'create a bucket in us-east-1': {},
}
# What it returns, where that is worth a look.
GIVEN = {
    'read bytes': lambda x: x == b'data',
    'list all keys': lambda x: x == ['data/a'],
    'list the first 1,000': lambda x: [y['Key'] for y in x] == ['data/a'],
    'read metadata': lambda x: x['ContentType'] == 'text/kept',
    'share by a link, for a day at most': lambda x: (
        parse_qs(urlsplit(x).query)['X-Amz-Expires'] == ['86400']
        and requests.get(x).text == 'data'
    ),
    'delete up to 1,000': lambda x: x is None,
    'list buckets': lambda x: [y['Name'] for y in x] == ['my-bucket'],
}
# What it needs where this test does not go.
BEYOND = {
    'share by a link, for a day at most': {'s3:GetObject'},
    'copy up to 5 GB': {'s3:GetObjectTagging', 's3:PutObjectTagging'},
    'list buckets': {'s3:ListAllMyBuckets'},
}


@pytest.mark.parametrize('to', CALLS)
def test_a_call_of_the_cheat_sheet_is_right_when_it_is_pasted(
    to, s3, events, sent, tmp_path, monkeypatch
):
    monkeypatch.setenv('MOTO_S3_DEFAULT_MAX_KEYS', '1')
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'report.pdf').write_bytes(b'%PDF')
    if 'create a bucket' not in to:
        s3.create_bucket(Bucket='my-bucket')
    if 'bucket' not in to:
        for key, (kind, body) in KEPT.items():
            s3.put_object(
                Bucket='my-bucket', Key=key, Body=body, ContentType=kind
            )
    names = {'bucket': 'my-bucket', 'key': 'key', 'data': b'{}'}
    names.update(to_bucket='my-bucket', new_key='new')
    exec(block('python', 'Presigned URLs need'), names)
    sent.clear()

    codes, said = CALLS[to]
    given = [result(code, names) for code in codes][-1]

    operations = {name for name, _ in sent} - {'ListBuckets'}
    needed = actions(operations) | BEYOND.get(to, set())
    assert said == needed
    assert GIVEN.get(to, lambda _: True)(given)
    if 'download' in to:
        assert (tmp_path / 'report.pdf').read_bytes() == b'data'
    if 'delete a bucket' in to:
        assert s3.list_buckets()['Buckets'] == []
    elif to != 'list buckets':
        monkeypatch.delenv('MOTO_S3_DEFAULT_MAX_KEYS')
        assert objects(s3, 'my-bucket') == LEFT.get(to, KEPT)


def test_the_errors_of_a_batch_are_not_lost(s3, events):
    def fail(parsed, **_):
        parsed['Errors'] = ['failed']

    events.register('after-call.s3.DeleteObjects', fail)
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-bucket')
    names = {'s3': s3, 'bucket': 'my-bucket', 'key': 'key'}
    assert eval(CALLS['delete up to 1,000'][0][0], names) == ['failed']


# Asked often


def items(title):
    """Return what each item of the lists under that heading says."""
    level = title.partition(' ')[0]
    part = README.partition(f'\n{title}\n')[2]
    part = re.split(rf'^#{{2,{len(level)}}} ', part, flags=re.MULTILINE)[0]
    found = re.findall(r'^- (.*(?:\n  .*)*)', part, re.MULTILINE)
    return [' '.join(text.split()) for text in found]


def answers():
    """Yield each need, with the code of its answer."""
    for text in items('### Asked often'):
        need, answer = re.match(r'\*\*(.*?\?)\*\*(.*)', text).groups()
        codes = [
            code
            for code in re.findall('`([^`]+)`', answer)
            if re.search(r'\(.*\)|\[|^from |^ExtraArgs=', code)
        ]
        if codes:
            yield pytest.param(need, codes, id=need)


def stored(s3, **expected):
    """Return whether the object has that body, and those headers."""
    response = s3.get_object(Bucket='my-bucket', Key='key')
    response['Body'] = response['Body'].read()
    return expected.items() <= response.items()


GZIPPED = gzip.compress(b'text', mtime=0)
# What the last line of the answer to such a need returns or leaves.
ANSWERS = {
    'region': lambda given, s3: given == 'us-east-1',
    'profiles': lambda given, s3: given.meta.region_name == 'eu-north-1',
    'plain URL': lambda given, s3: requests.get(given).content == GZIPPED,
    'from memory': lambda given, s3: stored(s3, Body=b'png'),
    'store gzipped': lambda given, s3: stored(
        s3, ContentType='text/plain', ContentEncoding='gzip'
    ),
    'read gzipped': lambda given, s3: given == 'text',
    'cache': lambda given, s3: stored(
        s3, Body=b'png', ContentType='image/png', CacheControl='max-age=3600'
    ),
    'encryption header': lambda given, s3: stored(
        s3,
        Body=b'png',
        ContentType='image/png',
        ServerSideEncryption='aws:kms',
    ),
    'faster': lambda given, s3: given.max_bandwidth == 5_000_000,
    'apart': lambda given, s3: given == ('my-bucket', 'key'),
    'share no': lambda given, s3: stored(
        s3, Body=GZIPPED, ContentType='text/kept'
    ),
    'progress bar': lambda given, s3: given == len(b'photo'),
    'async': lambda given, s3: given['Body'].read() == GZIPPED,
    'LocalStack': lambda given, s3: 'localhost' in given.meta.endpoint_url,
}


def result(code, names):
    """Run a line as it stands on the page; return what it gives."""
    if code.startswith('ExtraArgs='):
        code = f"s3.upload_file('a.png', bucket, key, {code})"
    if code.startswith('await '):
        return asyncio.run(eval(code[len('await ') :], names))
    if isinstance(ast.parse(code).body[0], ast.Expr):
        return eval(code, names)
    exec(code, names)
    return names['bucket'], names['key']


@pytest.mark.parametrize(('need', 'codes'), [*answers()])
def test_what_is_asked_often_is_answered(
    need, codes, s3, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.png').write_bytes(b'png')
    (tmp_path / 'photos' / 'trip').mkdir(parents=True)
    (tmp_path / 'photos' / 'trip' / 'b.png').write_bytes(b'photo')
    (tmp_path / 'config').write_text(
        '[profile work]\nregion = eu-north-1\n'
        'aws_access_key_id = fake\naws_secret_access_key = fake\n'
    )
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'config'))
    s3.create_bucket(Bucket='my-bucket')
    s3.put_object(
        Bucket='my-bucket',
        Key='key',
        Body=GZIPPED,
        ContentType='text/kept',
        ACL='public-read',
    )
    file = io.BytesIO()
    file.write(b'png')
    names = {'bucket': 'my-bucket', 'key': 'key', 'region': 'us-east-1'}
    names.update(s3=s3, other_s3=s3, other_bucket='my-bucket', text='text')
    names.update(file=file, url='s3://my-bucket/key', boto3=boto3, gzip=gzip)
    names['asyncio'] = asyncio
    given = [result(code, names) for code in codes]
    right = next(x for words, x in ANSWERS.items() if words in need)
    assert right(given[-1], s3)


# Errors


def test_the_lines_that_catch_an_error_catch_that_one(s3):
    code = block('python', 'except ClientError as error:\n    if')
    s3.create_bucket(Bucket='my-bucket')
    names = {'s3': s3, 'bucket': 'my-bucket', 'key': 'key', 'data': 1}
    exec(code, names)
    assert names['data'] is None
    with pytest.raises(ClientError, match='NoSuchBucket'):
        exec(code, {**names, 'bucket': 'absent'})
    s3.put_object(Bucket='my-bucket', Key='key', Body=b'data')
    exec(code, names)
    assert names['data'] == b'data'


def errors():
    for text in items('## Errors'):
        said, answer = re.match(r'\*\*(.*?)\*\*(.*)', text).groups()
        for name in re.findall(r'\]\(recipes/(\w+)\.py\)', answer):
            yield pytest.param(re.findall('`([^`]+)`', said), name, id=said)


# Their recipes do not say the word, but keep it from happening.
UNSAID = {
    'BucketNotEmpty',
    'Connection pool is full',
    'InvalidAccessKeyId',
    'MalformedXML',
    'SlowDown',
}


@pytest.mark.parametrize(('codes', 'recipe'), [*errors()])
def test_the_recipe_of_an_error_knows_it(codes, recipe):
    assert UNSAID & {*codes} or any(x in RECIPES[recipe] for x in codes)


# The page


def test_links_lead_somewhere():
    titles = re.findall(r'^##+ (.*)$', PROSE, re.MULTILINE)
    anchors = [
        re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')
        for title in titles
    ]
    assert len(set(anchors)) == len(anchors), 'two headings have one anchor'
    for target in re.findall(r'\]\(([^)]*)\)', re.sub('`[^`]*`', '`', PROSE)):
        path, _, anchor = target.partition('#')
        assert (ROOT / path).is_file() if path else anchor in anchors, target


def test_each_source_is_defined_once_and_used():
    text = re.sub('`[^`]*`', '`', PROSE)
    used = re.findall(r'\]\[([^\]]+)\]', text)
    defined = re.findall(r'^\[([^\]]+)\]: https://\S+$', PROSE, re.MULTILINE)
    assert {' '.join(name.split()) for name in used} == set(defined)
    assert len(set(defined)) == len(defined)


def test_recipes_are_listed_as_in_the_menu():
    topics, listed = {}, []
    part = re.split(r'\n##+ ', README.partition('\n## Recipes\n')[2])[0]
    for row in re.findall(r'^\| (.*) \|$', part, re.MULTILINE)[2:]:
        need, recipe = re.split(r' \| ?', row)
        if need.startswith('**'):
            listed = topics.setdefault(need.strip('*'), [])
        listed += re.findall(r'\[(\w+)\]\(recipes/', recipe)
    menu = runpy.run_path(str(ROOT / 'recipes' / '__main__.py'))['TOPICS']
    told = 'give TOPICS in recipes/__main__.py and README.md the same recipes'
    assert list(topics.items()) == list(menu.items()), told
    names = [name for names in menu.values() for name in names]
    assert sorted(names) == sorted(RECIPES), told


def test_a_recipe_is_a_link_wherever_it_stands():
    links = re.findall(r'\[(\w+)\]\(recipes/(\w+)\.py\)', PROSE)
    assert all(file == name for name, file in links if '_' in name)
    elsewhere = re.sub(r'\[[^\]]*\]\([^)]*\)', '', PROSE)
    elsewhere = re.sub('`[^`]*`', '', elsewhere)
    names = [name for name in RECIPES if '_' in name]
    assert not re.search(rf'\b({"|".join(names)})\b(?!\()', elsewhere)


def test_commands_can_be_typed():
    """Scripts, modules and options are there."""
    texts = [text for kind, text in BLOCKS if kind == 'console']
    texts += re.findall('`((?:uv|bash) [^`]+)`', PROSE)
    files = [page.__file__, ROOT / 'main_aws_s3.py', *RECIPES.values()]
    sources = ''.join(
        x.read_text('utf-8') if hasattr(x, 'read_text') else x for x in files
    ) + (ROOT / 'tests' / 'page.py').read_text('utf-8')
    for word in shlex.split('\n'.join(texts)):
        if word.endswith('.py') or word.startswith('.ci'):
            assert (ROOT / word).is_file() or word == 'my_s3.py', word
        if word.startswith('--') and word != '--with':  # which is uv's own
            assert f"'{word}'" in sources, word


PYPROJECT = (ROOT / 'pyproject.toml').read_text('utf-8')


def test_pip_installs_what_uv_installs():
    needed = re.search(r'^dependencies = \[(.*?)^\]', PYPROJECT, re.S | re.M)
    packages = ' '.join(re.findall('"[^"]+"', needed[1]))
    assert f'-m pip install {packages}\n' in README
    tests = re.search(r'^dev = \[(.*?)^\]', PYPROJECT, re.S | re.M)
    names = re.findall(r'"([\w-]+)', tests[1])
    assert f'-m pip install {" ".join(sorted(names))}\n' in README


@pytest.mark.parametrize('name', ['boto3', 'moto', 'ruff'])
def test_what_decides_the_output_has_a_bound(name):
    bounds = PYPROJECT.partition('\nconstraint-dependencies = [')[2]
    assert f'    "{name}<' in bounds


def test_the_map_shows_each_object_in_its_sections():
    """A number in a box or on its arrow: the section has the key."""
    diagram = block('mermaid', 'data/hello.txt')
    arrows = re.findall(r'(\w+) -- "(\d+) \w+" --> (\w+)', diagram)
    boxes = re.findall(r'(\w+)\["(\S+/\S+?)<br>([^"]+)"\]', diagram)
    for number, section in enumerate(SECTIONS, 1):
        ends = {x for a, n, b in arrows if n == f'{number}' for x in (a, b)}
        drawn = {
            key
            for name, key, text in boxes
            if name in ends or re.search(rf'\b{number} [a-z]', text)
        }
        shown = section[0].partition('**💡')[0]
        assert drawn == set(re.findall(r'[a-z]+/[\w-]+\.\w+', shown)), number


def test_nothing_is_too_wide_for_the_page():
    """GitHub's column has room for some 90 characters of code."""
    for kind, text in BLOCKS:
        if kind != 'mermaid':
            assert max(map(len, text.split('\n'))) <= 90
    for section in SECTIONS:
        wide = [x for x in section['output'].split('\n') if len(x) > 80]
        assert all('Custom Metadata' in line for line in wide)
    for table in re.findall(r'(?:^\|.*\n)+', PROSE, re.MULTILINE):
        for row in table.splitlines():
            assert row.count(' | ') <= 2, row
