"""README.md says what is so, and leads where it says."""

import re
import shlex

import boto3
import pytest
from page import refresh
from support import README, RECIPES, ROOT

BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
PROSE = BLOCK.sub('', README)
BLOCKS = BLOCK.findall(README)
PARTS = re.split(r'^(?=##+ )', README, flags=re.MULTILINE)


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
    titles = [part.partition('\n')[0].lstrip('# ') for part in PARTS[1:]]
    slugs = [
        re.sub(r'[^\w\- ]', '', x.lower()).replace(' ', '-') for x in titles
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
        linked = re.findall(
            r'\[(\w+)\]\(recipes/(\w+)\.py\)', str(rows(title))
        )
        assert all(name == file for name, file in linked)
    assert {name for name, _ in linked} == set(RECIPES)
    named = re.findall(r'[Tt]he\s+recipes?\s+`(\w+)`', PROSE)
    assert named
    assert set(named) <= set(RECIPES)


@pytest.mark.parametrize('row', rows('Cheat sheet'), ids=lambda row: row[0])
def test_calls_of_the_cheat_sheet_work(s3, row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'report.pdf').write_bytes(b'data')
    names = {'s3': s3, 'bucket': 'cheat-sheet', 'key': 'key', 'data': b'data'}
    if 'create_bucket' not in row[1]:
        s3.create_bucket(Bucket='cheat-sheet')
    if 'bucket' not in row[0]:
        s3.put_object(Bucket='cheat-sheet', Key='key', Body=b'data')
    exec(row[1].strip('`'), names)

    resource = boto3.resource('s3', region_name='us-east-1')
    on = {
        'Object': resource.Object('b', 'k'),
        'Bucket': resource.Bucket('b'),
        'buckets': resource.buckets,
        '': resource,
    }
    for owner, name in re.findall(r'`(?:(\w+)\.)?(\w+)`', row[2]):
        assert hasattr(on[owner], name)


def test_commands_of_the_page_can_be_typed(pytestconfig):
    """Scripts are there, pytest has the option, pip takes what uv takes."""
    commands = ''.join(text for kind, text in BLOCKS if kind == 'console')
    for words in map(shlex.split, commands.splitlines()):
        for script in [x for x in words if x.endswith('.py')]:
            assert (ROOT / script).is_file(), words
        for option in [x for x in words if x.startswith('--')]:
            assert hasattr(pytestconfig.option, option[2:].replace('-', '_'))
    pyproject = (ROOT / 'pyproject.toml').read_text('utf-8')
    needed = re.search(r'^dependencies = \[(.*?)^\]', pyproject, re.S | re.M)
    pip = ' '.join(re.findall(r'"[^"]+"', needed[1]))
    assert f'`pip install {pip}`' in PROSE


def test_the_diagram_shows_each_object_in_its_sections():
    """A number in a box or on its arrow: the section has the key."""
    diagram = next(text for kind, text in BLOCKS if kind == 'mermaid')
    arrows = re.findall(r'(\w+) -- "(\d+) \w+" --> (\w+)', diagram)
    boxes = re.findall(r'(\w+)\["(\S+/\S+?)<br>([^"]+)"\]', diagram)
    drawn = {
        key: {*re.findall(r'\b(\d+) [a-z]', text)}
        | {n for a, n, b in arrows if name in (a, b)}
        for name, key, text in boxes
    }
    sections = {
        str(number): next(
            part.partition('**💡')[0]
            for part in PARTS
            if part.startswith(f'### {number}. ')
        )
        for number in range(1, 12)
    }
    keys = re.findall(r"'([a-z]+/[\w-]+\.\w+)'", ''.join(sections.values()))
    assert drawn == {
        key: {n for n, part in sections.items() if key in part} for key in keys
    }
