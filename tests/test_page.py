"""README.md says what is so; page.py makes what can be made of it."""

import difflib
import re
import shlex

import boto3
import pytest
from page import BLOCK, FACTS, PAGE, RECORD, heading, refresh, slug
from support import ROOT

from main_aws_s3 import closed_world

README = (ROOT / PAGE).read_text(encoding='utf-8')
PROSE = BLOCK.sub('', README)
BLOCKS = BLOCK.findall(README)
PARTS = re.split(r'^(?=##+ )', README, flags=re.MULTILINE)
UPDATE = 'uv run pytest --update-examples'


def test_the_page_is_up_to_date(pytestconfig):
    """With --update-examples, it is brought up to date instead."""
    names = (PAGE, RECORD, FACTS)
    files = {name: (ROOT / name).read_text('utf-8') for name in names}
    fresh, problems = refresh(files)
    for name in names:
        if pytestconfig.option.update_examples:
            (ROOT / name).write_bytes(fresh[name].encode())
        else:
            old, new = files[name].split('\n'), fresh[name].split('\n')
            made = f'{name} as `{UPDATE}` makes it'
            problems += difflib.unified_diff(
                old, new, f'{name} as it is', made, lineterm='', n=1
            )
    if problems:
        pytest.fail('\n'.join(problems), pytrace=False)


def test_links_lead_somewhere():
    slugs = [slug(heading(part)[1]) for part in PARTS[1:]]
    defined = re.findall(r'^\[([^\]]+)\]: https://', PROSE, re.MULTILINE)
    text = re.sub(r'`[^`]*`', '`', PROSE)
    used = re.findall(r'\]\s?\[([^\]]+)\]', text)
    assert len(set(slugs)) == len(slugs), 'two headings have one anchor'
    assert set(re.findall(r'\]\(#([^)]*)\)', PROSE)) <= set(slugs)
    assert {' '.join(name.split()) for name in used} == set(defined)
    assert not re.search(r'\]\((?!#)', text), 'use [text][name] for links'


def test_commands_of_the_page_can_be_typed(pytestconfig):
    """Scripts are there, pytest has the option, pip takes what uv takes."""
    pyproject = (ROOT / 'pyproject.toml').read_text('utf-8')
    needed = re.search(r'^dependencies = \[(.*?)^\]', pyproject, re.S | re.M)
    commands = ''.join(text for kind, text in BLOCKS if kind == 'console')
    for words in map(shlex.split, commands.splitlines()):
        for script in [x for x in words if x.endswith('.py')]:
            own = re.match('(recipe|real_tour|test_mine)\\.py', script)
            assert own or (ROOT / script).is_file(), words
        for option in [x for x in words if x.startswith('--')]:
            assert hasattr(pytestconfig.option, option[2:].replace('-', '_'))
        if 'install' in words:
            assert words[2:] == re.findall(r'"(.+?)"', needed[1])


def test_operations_name_methods_that_there_are():
    table = README.partition('### Operations')[2].partition('\n\nThe')[0]
    with closed_world():
        s3 = boto3.resource('s3', region_name='us-east-1')
    on = {'Object': s3.Object('b', 'k'), 'Bucket': s3.Bucket('b'), '': s3}
    on = {**on, 'buckets': s3.buckets}
    for row in table.strip().splitlines()[2:]:
        for owner, name in re.findall(r'`(?:(\w+)\.)?(\w+)`', row):
            assert hasattr(on[owner], name) or hasattr(s3.meta.client, name)


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
        heading(part)[1].partition('.')[0]: part.partition('**💡')[0]
        for part in PARTS
        if '**Output:**' in part
    }
    keys = re.findall(r"'([a-z]+/[\w-]+\.\w+)'", ''.join(sections.values()))
    assert drawn == {
        key: {n for n, part in sections.items() if key in part} for key in keys
    }
