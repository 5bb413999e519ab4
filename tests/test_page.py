"""README.md says what is so, and leads where it says."""

import re
import shlex

import boto3
from page import SECTION, refresh
from support import README, RECIPES, ROOT

BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROSE = BLOCK.sub('', README)
BLOCKS = BLOCK.findall(README)
PYPROJECT = (ROOT / 'pyproject.toml').read_text('utf-8')


def rows(title):
    """The rows of the table under that heading, each as a list of cells."""
    part = README.partition(f'\n## {title}\n')[2].partition('\n## ')[0]
    table = re.findall(r'^\| (.*) \|$', part, re.MULTILINE)
    return [re.split(r' \| ?', row) for row in table if '---' not in row][1:]


def test_the_page_is_up_to_date(pytestconfig):
    """With --update-examples, it is brought up to date instead."""
    fresh = refresh(README)
    if pytestconfig.option.update_examples:
        (ROOT / 'README.md').write_bytes(fresh.encode())
    else:
        assert fresh == README, 'run `uv run pytest --update-examples`'


def test_links_lead_somewhere():
    slugs = [
        re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-')
        for title in re.findall(r'^##+ (.*)$', PROSE, re.MULTILINE)
    ]
    assert len(set(slugs)) == len(slugs), 'two headings have one anchor'
    defined = re.findall(r'^\[([^\]]+)\]: https://\S+$', PROSE, re.MULTILINE)
    assert len(set(defined)) == len(defined)
    text = re.sub(r'`[^`]*`', '`', PROSE)
    used = re.findall(r'\]\[([^\]]+)\]', text)
    assert {' '.join(name.split()) for name in used} == set(defined)
    for target in re.findall(r'\]\(([^)]*)\)', text):
        path, _, anchor = target.partition('#')
        assert (ROOT / path).is_file() if path else anchor in slugs, target


def test_each_recipe_is_found_and_named_alike():
    for title in ('Cheat sheet', 'Recipes'):
        links = re.findall(r'\[(\w+)\]\(recipes/(\w+)', str(rows(title)))
        assert all(name == file for name, file in links)
    assert {name for name, _ in links} == set(RECIPES)
    named = re.findall(r'[Tt]he\s+recipes?\s+`(\w+)`', PROSE)
    assert set(named) <= set(RECIPES)


def test_calls_of_the_cheat_sheet_work(s3, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'report.pdf').write_bytes(b'data')
    resource = boto3.resource('s3', region_name='us-east-1')
    on = {
        'Object': resource.Object('b', 'k'),
        'Bucket': resource.Bucket('b'),
        'buckets': resource.buckets,
        '': resource,
    }
    for number, (to, call, same, *_) in enumerate(rows('Cheat sheet')):
        here = {'s3': s3, 'bucket': f'sheet-{number}', 'key': 'key'}
        if 'create_bucket' not in call:
            s3.create_bucket(Bucket=here['bucket'])
        if 'bucket' not in to:
            s3.put_object(Bucket=here['bucket'], Key='key', Body=b'data')
        exec(call.strip('`'), {**here, 'data': b'data'})
        for owner, name in re.findall(r'`(?:(\w+)\.)?(\w+)`', same):
            assert hasattr(on[owner], name)


def test_commands_of_the_page_can_be_typed(pytestconfig):
    """Scripts are there, pytest has the option, pip takes what uv takes."""
    commands = ''.join(text for kind, text in BLOCKS if kind == 'console')
    for word in shlex.split(commands):
        if word.endswith('.py'):
            assert (ROOT / word).is_file(), word
        if word.startswith('--'):
            option = word[2:].replace('-', '_')
            assert hasattr(pytestconfig.option, option), word
    needed = re.search(r'^dependencies = \[(.*?)^\]', PYPROJECT, re.S | re.M)
    pip = ' '.join(re.findall(r'"[^"]+"', needed[1]))
    assert f'`pip install {pip}`' in PROSE


def test_the_diagram_shows_each_object_in_its_sections():
    """A number in a box or on its arrow: the section has the key."""
    diagram = next(text for kind, text in BLOCKS if kind == 'mermaid')
    arrows = re.findall(r'(\w+) -- "(\d+) \w+" --> (\w+)', diagram)
    boxes = re.findall(r'(\w+)\["(\S+/\S+?)<br>([^"]+)"\]', diagram)
    for number, match in enumerate(SECTION.finditer(README), 1):
        ends = {x for a, n, b in arrows if n == f'{number}' for x in (a, b)}
        drawn = {
            key
            for name, key, text in boxes
            if name in ends or re.search(rf'\b{number} [a-z]', text)
        }
        made = match[0].partition('**💡')[0]
        assert drawn == set(re.findall(r'[a-z]+/[\w-]+\.\w+', made)), number
