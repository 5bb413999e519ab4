"""README.md shows the tour as it is, and what it says can be done works."""

import ast
import io
import json
import re
import runpy
import shlex
import textwrap
from contextlib import redirect_stdout

import pytest

from support import README, RECIPES, ROOT, mask, rows

SOURCE = (ROOT / 'main_aws_s3.py').read_text('utf-8').splitlines()
PINNED = {
    int(number): code
    for number, code in re.findall(
        r'^(\d+) (.+)$',
        (ROOT / 'tests' / 'pinned.txt').read_text('utf-8'),
        re.MULTILINE,
    )
}
SECTION = re.compile(
    r'^### [^\n]*\n\n\*\*Source:\*\* [^\n]*\n\n```python\n.*?^```\n\n'
    r'\*\*Output:\*\*\n\n```text\n(?P<output>.*?)\n```\n\n'
    r'(?P<text>\*\*💡 Key Insight\*\*\n.*?)(?=^##)',
    re.DOTALL | re.MULTILINE,
)
SECTIONS = list(SECTION.finditer(README))
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(README)
PROSE = BLOCK.sub('', README)
# A line that is too long for an arrow has it below.
ARROW = r'\n? +← Line (\d+)'
CITATION = r'(`([^`]+)`\s+\(Line\s+)(\d+)\)'
EXPERIMENT = re.compile(
    r'\*\*🧪 Try it:\*\* replace `(?P<old>[^`]+)` \(Line (?P<number>\d+)\) '
    r'with `(?P<new>[^`]+)`\. The (?P<where>tour then stops with|output then '
    r'says) `(?P<seen>[^`]+)`[.,]'
)
EXPERIMENTS = [
    match.groups()
    for section in SECTIONS
    for match in EXPERIMENT.finditer(' '.join(section['text'].split()))
]
UPDATE = 'uv run pytest --update-examples'


def made_anew(old, first, last, output):
    """Return a section with source and output as they are, from a match.

    Its text stays, but for line numbers; so do the times and the arrows of
    what is still printed.
    """
    lines = textwrap.dedent('\n'.join(SOURCE[first - 1 : last])).split('\n')
    marked = set(PINNED)

    def cite(match):
        code = ' '.join(match[2].split())
        found = [
            number
            for number, line in enumerate(lines, first)
            if code in line.split('  # ')[0]
        ]
        assert len(found) == 1, f'`{code}` is cited; it is on lines {found}'
        marked.update(found)
        return f'{match[1]}{found[0]})'

    text = re.sub(CITATION, cite, old['text'])
    source = '\n'.join(
        f'{line}  # Line {number}' if number in marked else line
        for number, line in enumerate(lines, first)
    )
    kept = {
        mask(re.sub(ARROW, '', line)): line
        for line in re.split(r'\n(?! +←)', old['output'])
    }
    shown = '\n'.join(kept.get(mask(x), x) for x in output.split('\n'))
    title = output.split('\n')[2].strip()
    place, link = f'{first}-{last}', f'main_aws_s3.py#L{first}-L{last}'
    return (
        f'### {title}\n\n**Source:** [`main_aws_s3.py:{place}`]({link})\n\n'
        f'```python\n{source}\n```\n\n'
        f'**Output:**\n\n```text\n{shown}\n```\n\n{text}'
    )


def test_the_page_is_up_to_date(pytestconfig, printed):
    """With --update-examples, it is brought up to date instead."""
    for number, code in PINNED.items():
        assert SOURCE[number - 1].strip() == code, f'line {number} must stay'
    starts = [n for n, x in enumerate(SOURCE, 1) if '    log_section(' in x]
    lasts = [start - 2 for start in starts[1:]]
    main = [n for n, x in enumerate(SOURCE) if x.startswith('def main(')]
    lasts.append(main[0] - 2)
    outputs = re.split(r'\n(?=\n={70}\n  \d)', printed.rstrip('\n'))
    assert len(SECTIONS) == len(starts) == len(outputs)
    page = README
    for made in zip(SECTIONS, starts, lasts, outputs):
        page = page.replace(made[0][0], made_anew(*made))

    if pytestconfig.option.update_examples:
        (ROOT / 'README.md').write_bytes(page.encode())
    else:
        assert page == README, f'run `{UPDATE}`'


def test_no_line_is_cited_without_its_code():
    """Only what stands behind its code is kept up to date."""
    text = ''.join(section['text'] for section in SECTIONS)
    cited = re.findall(CITATION, text)
    assert len(re.findall(r'\bLines?\s+\d', text)) == len(cited)
    others = BLOCK.sub('', SECTION.sub('', README))
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


def test_each_arrow_stands_behind_what_its_line_brought_about():
    """That is what the next step prints."""
    printed = sorted(steps())
    for section in SECTIONS:
        for line in re.split(r'\n(?! +←)', section['output']):
            for number in re.findall(ARROW, line):
                text = re.sub(ARROW, '', line)
                said = re.sub(r'^(\[[\d:.]{12}\] |\s+)', '', text)
                step = next(x for n, x in printed if n >= int(number))
                assert re.fullmatch(step, said), line


# These only name something; the line that sends it has the arrow.
SILENT = {112, 156, 205, 223}


def test_each_pinned_line_has_its_arrow():
    arrows = {int(number) for number in re.findall(ARROW, README)}
    missing = {*PINNED} - SILENT - arrows
    assert not missing, 'set their arrows by hand'
    assert arrows <= {*PINNED}


def test_the_page_begins_as_the_tour_does(printed):
    first = next(text for kind, text in BLOCKS if kind == 'text')
    assert mask(printed).startswith(mask(first))


def test_each_section_has_three_bullets_at_most_and_one_experiment():
    assert len(EXPERIMENTS) == len(SECTIONS) == 11
    for section in SECTIONS:
        assert 2 <= section['text'].count('\n- ') <= 3
        assert section['text'].count('🧪') == 1


@pytest.mark.parametrize(
    ('old', 'number', 'new', 'where', 'seen'),
    EXPERIMENTS,
    ids=[f'line-{number}' for _, number, *_ in EXPERIMENTS],
)
def test_an_experiment_shows_what_the_page_says(
    printed, old, number, new, where, seen
):
    lines = SOURCE.copy()
    assert lines[int(number) - 1].count(old) == 1
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
    for need, recipe in rows('Recipes'):
        if need.startswith('**'):
            listed = topics.setdefault(need.strip('*'), [])
        listed += re.findall(r'\[(\w+)\]\(recipes/', recipe)
    menu = runpy.run_path(str(ROOT / 'recipes' / '__main__.py'))
    assert list(topics.items()) == list(menu['TOPICS'].items())


def test_a_recipe_is_a_link_wherever_it_stands():
    links = re.findall(r'\[(\w+)\]\(recipes/(\w+)\.py\)', PROSE)
    assert all(file == name for name, file in links if '_' in name)
    elsewhere = re.sub(r'\[[^\]]*\]\([^)]*\)', '', PROSE)
    names = [name for name in RECIPES if '_' in name]
    assert not re.search(rf'\b({"|".join(names)})\b(?!\()', elsewhere)


def test_calls_of_the_cheat_sheet_work(s3, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'report.pdf').write_bytes(b'data')
    setup = next(text for kind, text in BLOCKS if 'import boto3' in text)
    names = {'region': 'us-east-1', 'key': 'key', 'data': b'data'}
    exec(setup, names)
    for number, (_, call, _) in enumerate(rows('Cheat sheet')):
        bucket = f'sheet-{number}'
        if 'create_bucket' not in call:
            s3.create_bucket(Bucket=bucket)
        if not re.search('(create|delete)_bucket', call):
            s3.put_object(Bucket=bucket, Key='key', Body=b'data')
        copy = {'to_bucket': bucket, 'new_key': 'copy'}
        exec(call.strip('`'), {**names, **copy, 'bucket': bucket})


def test_the_policy_has_both_arns():
    policy = json.loads(next(text for kind, text in BLOCKS if kind == 'json'))
    resources = {
        action: statement['Resource']
        for statement in policy['Statement']
        for action in [statement['Action']]
        if isinstance(action, str)
    }
    assert resources == {'s3:ListBucket': 'arn:aws:s3:::my-bucket'}
    assert policy['Statement'][1]['Resource'] == 'arn:aws:s3:::my-bucket/*'


def test_commands_can_be_typed(pytestconfig):
    """Scripts, modules and options are there."""
    texts = [text for kind, text in BLOCKS if kind == 'console']
    texts += re.findall('`((?:uv|bash) [^`]+)`', PROSE)
    assert UPDATE in '\n'.join(texts)
    sources = '\n'.join([*SOURCE, *RECIPES.values()])
    for word in shlex.split('\n'.join(texts)):
        if word.endswith('.py') or word.startswith('.ci'):
            assert (ROOT / word).is_file(), word
        if word.startswith('--') and word != '--with':  # which is uv's own
            option = word[2:].replace('-', '_')
            known = hasattr(pytestconfig.option, option)
            assert known or f"'{word}'" in sources, word


PYPROJECT = (ROOT / 'pyproject.toml').read_text('utf-8')


def test_pip_installs_what_uv_installs():
    needed = re.search(r'^dependencies = \[(.*?)^\]', PYPROJECT, re.S | re.M)
    packages = ' '.join(re.findall('"[^"]+"', needed[1]))
    assert f'`pip install {packages}`' in README


@pytest.mark.parametrize('name', ['boto3', 'moto', 'ruff'])
def test_what_decides_the_output_has_a_bound(name):
    bounds = PYPROJECT.partition('\nconstraint-dependencies = [')[2]
    assert f'    "{name}<' in bounds


def test_the_diagram_shows_each_object_in_its_sections():
    """A number in a box or on its arrow: the section has the key."""
    diagram = next(text for kind, text in BLOCKS if kind == 'mermaid')
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
