"""README.md says what is so: its quotes, outputs, numbers, links, commands.

A failure names the line in README.md, what stands there and what should.
"""

import contextlib
import io
import re
import shlex
import sys
import textwrap
import unicodedata
from itertools import zip_longest
from typing import Dict, List, NamedTuple, Optional, Tuple

import boto3
import pytest
from page import (
    HEADINGS,
    LINES,
    PROSE,
    README,
    Block,
    fenced,
    slug,
    table,
)
from support import PINNED, ROOT, SCRIPT, TRANSCRIPT, mask

import main_aws_s3

SOURCE = SCRIPT.read_text(encoding='utf-8').splitlines()
PYPROJECT = (ROOT / 'pyproject.toml').read_text(encoding='utf-8')
OLDEST_PYTHON = re.search(r'requires-python = ">=(.+)"', PYPROJECT)[1]

# The transcript's banners; the tour is held against it elsewhere.
TITLES = re.findall(r'^  \d+\. (.+)$', TRANSCRIPT, re.MULTILINE)
NUMBERS = range(1, len(TITLES) + 1)

# Which pinned line brought about what the log call on a line prints: its
# message, and then its detail.
BROUGHT_ABOUT_BY: Dict[int, Tuple[Optional[int], ...]] = {
    46: (45,),
    50: (49,),
    59: (58,),
    64: (63,),
    72: (71,),
    74: (73,),
    88: (82,),
    99: (92, 97),
    109: (103,),
    114: (113, 112),
    122: (121,),
    125: (123,),
    132: (128,),
    134: (128,),
    147: (142, 146),
    152: (None, 151),
    159: (156, 157),
    170: (166,),
    171: (171,),
    172: (172,),
    173: (173,),
    174: (174,),
    175: (175,),
    189: (183, 183),
    198: (192,),
    211: (206, 205),
    220: (219,),
    237: (234, 230),
    248: (247,),
    251: (250,),
}


class Printed(NamedTuple):
    """A line of the tour's output, and the pinned line behind it."""

    text: str
    pin: Optional[int]


SECTION_HEADINGS = [
    (number, title)
    for number, level, title in HEADINGS
    if level == '###' and re.match(r'\d', title)
]


def section(n: int) -> Tuple[int, int]:
    """The first and last README line of the tour's section `n`."""
    wanted = f'{n}. {TITLES[n - 1]}'
    starts = [number for number, title in SECTION_HEADINGS if title == wanted]
    if not starts:
        pytest.fail(f"README.md: no section headed '### {wanted}'")
    ends = [number - 1 for number, _, _ in HEADINGS if number > starts[0]]
    return starts[0], min([*ends, len(LINES)])


def in_a_section(number: int) -> bool:
    """Whether README line `number` is in one of the tour's sections."""
    return any(
        first <= number <= last for first, last in map(section, NUMBERS)
    )


def cited(first: int, last: int) -> Tuple[int, int, int]:
    """Where the `main_aws_s3.py:a-b` of a section stands, and a and b."""
    for number in range(first, last + 1):
        match = re.fullmatch(
            r'\*\*Source:\*\* `main_aws_s3\.py:(\d+)-(\d+)`', LINES[number - 1]
        )
        if match:
            return number, int(match[1]), int(match[2])
    pytest.fail(
        f'README.md:{first}: no line "**Source:** `main_aws_s3.py:a-b`" here'
    )


def only_block(n: int, language: str) -> Block:
    first, last = section(n)
    found = [b for b in fenced(first, last) if b.language == language]
    assert len(found) == 1, (
        f'README.md:{first}: section {n} has {len(found)} {language} blocks, '
        'and should have one'
    )
    return found[0]


def quoted(a: int, b: int) -> List[str]:
    """Lines a to b of the script, as the README shows them."""
    return [
        f'{line}  # Line {number}' if number in PINNED else line
        for number, line in enumerate(
            textwrap.dedent('\n'.join(SOURCE[a - 1 : b])).split('\n'), a
        )
    ]


def compare(block: Block, found: List[str], expected: List[str], paste=None):
    """Fail at the first line of `block` that is not as expected."""
    for i in range(max(len(found), len(expected))):
        is_ = found[i] if i < len(found) else '(nothing)'
        should = expected[i] if i < len(expected) else '(nothing)'
        if is_ != should:
            whole = '\n'.join(paste or expected)
            pytest.fail(
                f'README.md:{block.number + 1 + i}: this stands there:\n'
                f'{is_}\nand this should:\n{should}\n'
                f'The whole block, ready to paste:\n'
                f'```{block.language}\n{whole}\n```',
                pytrace=False,
            )


def width(text: str) -> int:
    """How many columns a terminal gives to `text` (Unicode, UAX #11)."""
    wide = sum(unicodedata.east_asian_width(c) in 'WF' for c in text)
    return len(text) + wide


@pytest.fixture(scope='module')
def printed() -> Dict[int, List[Printed]]:
    """What the tour prints today, section by section."""
    sections: Dict[int, List[Printed]] = {}
    stdout = io.StringIO()

    def watched(log):
        def call(*args):
            before = len(stdout.getvalue())
            log(*args)
            if log is main_log_section:
                sections[args[0]] = []
            pins = BROUGHT_ABOUT_BY.get(sys._getframe(1).f_lineno, ())
            for i, line in enumerate(stdout.getvalue()[before:-1].split('\n')):
                pin = pins[i] if i < len(pins) else None
                sections[len(sections)].append(Printed(line, pin))

        return call

    main_log_section = main_aws_s3.log_section
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(main_aws_s3, 'log_step', watched(main_aws_s3.log_step))
        patch.setattr(main_aws_s3, 'log_section', watched(main_log_section))
        with contextlib.redirect_stdout(stdout):
            main_aws_s3.main()
    return sections


def test_the_eleven_sections_are_there_once_in_order_and_titled():
    assert len(TITLES) == 11
    expected = [f'### {n}. {TITLES[n - 1]}' for n in NUMBERS]
    nothing = (len(LINES), '(nothing)')
    found = [(number, f'### {title}') for number, title in SECTION_HEADINGS]

    for is_, should in zip_longest([*found, nothing], [*expected, nothing[1]]):
        number, heading = is_ or nothing
        assert heading == should, (
            f'README.md:{number}: {heading!r} stands there, and {should!r} '
            'should'
        )


def test_titles_are_those_of_the_tour(printed):
    told = [lines[2].text.strip() for _, lines in sorted(printed.items())]

    assert told == [f'{n}. {TITLES[n - 1]}' for n in NUMBERS]


@pytest.mark.parametrize('n', NUMBERS)
def test_a_section_is_source_output_and_insight(n):
    first, last = section(n)
    marks = ['**Source:**', '**Output:**', '**💡 Key Insight**']
    found = [
        mark
        for number in range(first, last + 1)
        for mark in marks
        if LINES[number - 1].startswith(mark)
    ]

    assert found == marks, f'README.md:{first}: found {found}, not {marks}'


@pytest.mark.parametrize('n', NUMBERS)
def test_source_blocks_hold_the_lines_that_they_cite(n):
    _, a, b = cited(*section(n))
    block = only_block(n, 'python')

    compare(block, block.lines, quoted(a, b))


def test_other_source_blocks_do_too():
    """Of what stands before the tour, too."""
    others = [
        (number, line)
        for number, line in PROSE
        if line.startswith('**Source:**') and not in_a_section(number)
    ]
    for number, _ in others:
        _, a, b = cited(number, number)
        block = next(x for x in fenced() if x.number > number)
        compare(block, block.lines, quoted(a, b))
    assert others


def test_all_lines_of_main_are_shown():
    """From the first banner on; blank lines may fall between sections."""
    shown = set()
    for n in NUMBERS:
        number, a, b = cited(*section(n))
        heading = f'    log_section({n}, {TITLES[n - 1]!r})'
        assert SOURCE[a - 1] == heading, (
            f'README.md:{number}: section {n} starts at line '
            f'{SOURCE.index(heading) + 1} of main_aws_s3.py, not {a}'
        )
        shown |= set(range(a, b + 1))
    end = SOURCE.index("if __name__ == '__main__':")
    hidden = [
        i
        for i in range(min(shown), end + 1)
        if SOURCE[i - 1] and i not in shown
    ]

    assert hidden == [], f'no section of README.md shows the lines {hidden}'


def test_lines_are_brought_about_by_what_comes_right_before():
    """The table above, against the script: nothing printed in between."""
    logs = [i for i, x in enumerate(SOURCE, 1) if re.match(r' +log_', x)]
    for call, pins in BROUGHT_ABOUT_BY.items():
        previous = max([i for i in logs if i < call], default=0)
        recent = {pin for pin in PINNED if previous < pin <= call}
        last = max(pin for pin in PINNED if pin <= call)
        assert call in logs
        assert {pin for pin in pins if pin} <= (recent or {last}), call


def test_each_pinned_line_that_prints_something_is_pointed_to():
    silent = {223}  # the dict alone: delete_objects prints its outcome
    pointed = {pin for pins in BROUGHT_ABOUT_BY.values() for pin in pins}

    assert set(PINNED) - pointed == silent


@pytest.mark.parametrize('n', NUMBERS)
def test_output_blocks_are_what_the_tour_prints(n, printed):
    block = only_block(n, 'text')
    found, words = [], {}
    for line in block.lines:
        text, _, pointer = line.partition('← ')
        match = re.fullmatch(r'Line (\d+): (\S.*)', pointer)
        assert bool(pointer) == bool(match), (
            f'README.md: {line!r} should end in "← Line N: few words"'
        )
        pin = int(match[1]) if match else None
        found.append(Printed(text.rstrip() if pointer else text, pin))
        if match:
            words.setdefault((mask(found[-1].text), pin), match[2])

    def shown(lines: List[Printed]) -> List[str]:
        """`lines` as they should stand: all arrows in one column."""
        column = 2 + max(width(text) for text, pin in lines if pin)
        return [
            line.text
            if line.pin is None
            else f'{line.text}{" " * (column - width(line.text))}'
            f'← Line {line.pin}: '
            + words.get((mask(line.text), line.pin), 'few words')
            for line in lines
        ]

    compare(
        block,
        [f'{mask(text)} {pin or ""}' for text, pin in found],
        [f'{mask(text)} {pin or ""}' for text, pin in printed[n]],
        paste=shown(printed[n]),
    )
    compare(block, block.lines, shown(found))
    assert 'HH:MM' not in ''.join(block.lines), (
        f'README.md:{block.number}: shows a mask instead of a real run'
    )


def insight(n: int) -> List[Tuple[int, str]]:
    """The bullets of section `n`: README line, and text on one line."""
    first, last = section(n)
    start = LINES.index('**💡 Key Insight**', first - 1)
    bullets: List[Tuple[int, str]] = []
    for number in range(start + 2, last + 1):
        line = LINES[number - 1]
        if line.startswith('- '):
            bullets.append((number, line[2:]))
        elif line.strip():
            at, text = bullets.pop()
            bullets.append((at, f'{text} {line.strip()}'))
    return bullets


@pytest.mark.parametrize('n', NUMBERS)
def test_an_insight_is_three_to_five_bullets(n):
    bullets = insight(n)

    assert 3 <= len(bullets) <= 5, f'section {n} has {len(bullets)} bullets'
    assert any('(Line ' in text for _, text in bullets), (
        f'README.md:{bullets[0][0]}: this insight cites no line'
    )


@pytest.mark.parametrize('n', NUMBERS)
def test_an_insight_cites_the_line_that_holds_what_it_names(n):
    """As "`code` (Line N)", where no other line of the section has it."""
    _, a, b = cited(*section(n))
    for number, text in insight(n):
        citations = re.findall(r'`([^`]+)` \(Line (\d+)\)', text)
        numbers = re.findall(r'[Ll]ines? +(\d+)', text)
        assert [line for _, line in citations] == numbers, (
            f'README.md:{number}: cite a line as "`code` (Line N)"'
        )
        for code, line in citations:
            holders = [
                i
                for i in range(a, b + 1)
                if code in SOURCE[i - 1].partition('  #')[0]
            ]
            assert holders == [int(line)], (
                f'README.md:{number}: "`{code}` (Line {line})" stands there, '
                f'but in lines {a} to {b} the code is on {holders}'
            )


def test_lines_of_the_script_are_cited_where_they_are_checked():
    for number, line in PROSE:
        for citation in re.findall(r'Lines? \d+|\.py:\d+\S*', line):
            assert in_a_section(number) or line.startswith('**Source:**'), (
                f'README.md:{number}: nothing checks {citation!r} here'
            )


def test_links_inside_the_page_lead_somewhere():
    slugs = [slug(title) for _, _, title in HEADINGS]
    links = [
        (number, anchor)
        for number, line in PROSE
        for anchor in re.findall(r'\]\(#([^)]*)\)', line)
    ]
    assert len(set(slugs)) == len(slugs), 'two headings have one anchor'
    for number, anchor in links:
        assert anchor in slugs, f'README.md:{number}: no heading #{anchor}'


def test_the_contents_list_every_heading_in_order():
    start = next(i for i, _, title in HEADINGS if title == 'Contents')
    end = next(i for i, _, _ in HEADINGS if i > start)
    listed = [
        (len(indent) // 2, text, anchor)
        for indent, text, anchor in re.findall(
            r'^( *)- \[([^\]]+)\]\(#([^)]*)\)$',
            '\n'.join(LINES[start : end - 1]),
            re.MULTILINE,
        )
    ]
    expected = [
        (len(level) - 2, title, slug(title))
        for number, level, title in HEADINGS
        if number > start and level in ('##', '###')
    ]
    paste = '\n'.join(
        f'{"  " * depth}- [{title}](#{anchor})'
        for depth, title, anchor in expected
    )

    assert listed == expected, (
        f'README.md:{start}: these contents should stand there:\n{paste}'
    )


def test_links_out_of_the_page_are_defined_and_used():
    text = '\n'.join(
        line for _, line in PROSE if not re.match(r'\[[^\]]+\]: ', line)
    )
    text = re.sub(r'`[^`]*`', '`code`', text)
    used = set(re.findall(r'\]\[([^\]]+)\]', text))
    defined = dict(re.findall(r'^\[([^\]]+)\]: (\S+)$', README, re.MULTILINE))

    assert used - set(defined) == set(), 'README.md links what has no target'
    assert set(defined) - used == set(), 'README.md has targets of no link'
    for name, url in defined.items():
        assert re.match(
            r'https://(docs\.aws\.amazon\.com|(boto3|botocore)\.amazonaws\.com'
            r'|docs\.getmoto\.org|docs\.astral\.sh|aws\.amazon\.com/s3)/',
            url,
        ), f'{name}: {url} is not official documentation'
    assert not re.search(r'\]\((?!#)', text), 'use [text][name] for links'


# Each figure that the page tells about S3, and where it is from: a link of the
# page, or a test that shows it.
FIGURES = {
    '3 to': 'bucketnamingrules',
    '63 characters': 'bucketnamingrules',
    '10,000 buckets': 'API_ListBuckets',
    '2 KB': 'UsingMetadata',
    '3 KB': 'metadata_may_be_too_long',
    '1,000 keys': 'API_ListObjectsV2',
    '1,000': 'API_DeleteObjects',
    '1,001 keys': 'a_batch_may_be_too_long',
    '1,000 entries': 'API_ListObjectVersions',
    '1,024': 'object-keys',
    '1,025 bytes': 'a_key_may_be_too_long',
    '404': 'test_moto_refuses_as_s3_does',
    '403 to': 'test_moto_refuses_as_s3_does',
    '200 even': 'API_DeleteObjects',
    '3600 is': 'test_version_4_is_had_by_asking_or_in_newer_regions',
    '7 days': 'using-presigned-url',
    '2, boto3': 'test_signing_sends_nothing_and_asks_for_no_key',
    '4 allows': 'sigv4-query-string-auth',
    '4 with': 's3-presigned-urls',
    '4, and': 's3-presigned-urls',
    '5 GB': 'API_CopyObject',
    '5 MB': 'qfacts',
    '8 MB': 'test_files_go_in_parts_from_8_mb_on',
    '99.999999999 % durability': 'DataDurability',
}


def test_figures_in_the_text_are_known_and_have_a_source():
    facts = (ROOT / 'tests' / 'test_facts.py').read_text(encoding='utf-8')
    met = set()
    for number, line in PROSE:
        if re.match(r'#|\[[^\]]+\]: |\*\*Source| *- \[[^\]]*\]\(#', line):
            continue
        text = re.sub(r'`(\d+)`', r'\1', line)
        text = re.sub(r'`[^`]*`|Line \d+', '`', text)
        text = re.sub(r'\]\([^)]*\)|\]\[[^\]]*\]', ']', text)
        for match in re.finditer(r'(?<![\w-])\d[\d,.]*\d|(?<![\w-])\d', text):
            if match[0] == OLDEST_PYTHON:
                continue
            after = re.match(r'(,? %?\s?\w+)?', text[match.end() :])[0]
            figure = match[0] + after
            assert figure in FIGURES, (
                f'README.md:{number}: {figure!r} has no source in FIGURES'
            )
            met.add(figure)
    for figure, source in FIGURES.items():
        assert f'\n[{source}]: ' in README or f'def {source}(' in facts, figure

    assert met == set(FIGURES)


def test_files_that_the_page_names_are_there():
    named = re.findall(r'`((?:tests/|\.ci/|\w)[\w./]*\.(?:py|toml))`', README)
    named += re.findall(r'`((?:tests|\.ci)/[\w.]*)`', README)

    assert named
    for name in set(named) - {'recipe.py'}:  # that one the reader writes
        assert (ROOT / name).exists(), f'README.md names {name}: not there'


def console() -> List[Tuple[int, str]]:
    """The lines to type, each with its line in README.md."""
    return [
        (block.number + i, line)
        for block in fenced()
        if block.language == 'console'
        for i, line in enumerate(block.lines, 1)
    ]


def test_commands_of_the_page_exist(pytestconfig):
    """Programs known, files there, options of pytest as it has them."""
    venv = '.venv/bin/'
    for number, line in console():
        where = f'README.md:{number}: {line!r}'
        prompt, *words = shlex.split(line)
        assert prompt == '$', where
        if words[:2] == ['uv', 'run']:
            words = words[2:]
        program, arguments = words[0].replace(venv, ''), words[1:]
        if program in ('python', 'python3', 'bash'):
            if arguments[0] == '-c':
                compile(arguments[1], where, 'exec')
            elif arguments != ['-m', 'venv', '.venv']:
                assert (ROOT / arguments[0]).is_file(), where
        elif program == 'pytest':
            for argument in arguments:
                if argument.startswith('-'):
                    name = argument.lstrip('-').replace('-', '_')
                    assert hasattr(pytestconfig.option, name), where
                else:
                    assert (ROOT / argument).exists(), where
        elif program == 'pip':
            assert arguments[0] == 'install', where
            assert arguments[1:] == dependencies(), where
        else:
            pytest.fail(f'{where}: no such program')


def test_commands_of_the_page_are_all_there():
    wanted = [
        'uv run python main_aws_s3.py',
        'uv run python main_aws_s3.py',
        'uv run pytest',
        'python3 -m venv .venv',
        '.venv/bin/pip install ' + ' '.join(f'"{x}"' for x in dependencies()),
        '.venv/bin/python main_aws_s3.py',
        'uv run python -c',
        'bash .ci/run',
        'uv run pytest --update-examples tests/test_recipes.py',
    ]

    assert [line.partition(' "import')[0] for _, line in console()] == [
        f'$ {command}' for command in wanted
    ]


def dependencies() -> List[str]:
    block = re.search(r'^dependencies = \[(.*?)^\]', PYPROJECT, re.S | re.M)
    return re.findall(r'"(.+?)"', block[1])


def test_versions_are_those_of_pyproject():
    floors = dict(x.split('>=') for x in dependencies())
    for number, line in PROSE:
        for version in re.findall(r'(?<![\d.>=])\d\.\d+\b', line):
            assert version == OLDEST_PYTHON, f'README.md:{number}: {version}'
    for name, version in re.findall(r'([\w\[\]]+)>=([\d.]+)', README):
        assert floors[name] == version, f'README.md: {name}>={version}'
    assert f'from {OLDEST_PYTHON}' in README


def test_operations_name_methods_that_there_are():
    with main_aws_s3.closed_world():
        s3_client = boto3.client('s3', region_name='us-east-1')
        s3_resource = boto3.resource('s3', region_name='us-east-1')
    on = {
        'Object': s3_resource.Object('bucket', 'key'),
        'Bucket': s3_resource.Bucket('bucket'),
        'buckets': s3_resource.buckets,
    }
    operations = table('Operations')
    for operation, method, files, interface, _ in operations:
        row = f'README.md, table of operations, {operation!r}: there is no'
        method = method.strip('`')
        assert hasattr(s3_client, method), f'{row} {method!r}'
        if files:
            name = re.fullmatch(r'\[`(\w+)`\]\(#[\w-]+\)', files)[1]
            assert hasattr(s3_client, name), f'{row} {name!r}'
            assert hasattr(on['Object'], name), f'{row} {name!r}'
        if interface == 'client':
            continue
        path = re.fullmatch(r'both: `(.+)`', interface)[1]
        owner, _, name = path.rpartition('.')
        assert hasattr(on.get(owner, s3_resource), name), f'{row} {path!r}'
    assert [row[0] for row in operations] == [
        'create a bucket',
        'list buckets',
        'upload',
        'list objects',
        'download',
        'head',
        'copy',
        'delete',
        'batch delete',
        'presign',
        'delete a bucket',
    ]


def test_the_diagram_shows_each_object_and_its_sections(printed):
    """The numbers in a box and on its arrows: where the tour shows it."""
    diagram = '\n'.join(
        next(b for b in fenced() if b.language == 'mermaid').lines
    )
    boxes = re.findall(r'(\w+)\["([\w.-]+/[\w.-]+)<br>([^"]+)"\]', diagram)
    arrows = re.findall(r'(\w+) -- "(\d+) \w+" --> (\w+)', diagram)
    drawn = {}
    for name, key, text in boxes:
        numbers = {int(n) for n in re.findall(r'\b(\d+) [a-z]', text)}
        numbers |= {int(n) for a, n, b in arrows if name in (a, b)}
        drawn[key] = numbers
    shown = {
        key: {
            n
            for n in NUMBERS
            if key in str(only_block(n, 'python').lines)
            or key in str([line.text for line in printed[n]])
        }
        for key in re.findall(r"'(\w+/[\w.-]+\.\w+)'", '\n'.join(SOURCE))
        if '/json' not in key
    }

    lines = diagram.split('\n')
    names = set(re.findall(r'(\w+)\(?\["', diagram))
    joined = {
        name
        for line in lines
        for arrow in re.findall(r'^ +([\w &]+) -- ".+" --> ([\w &]+)', line)
        for name in ' & '.join(arrow).split(' & ')
    }
    styled = set(re.findall(r'^ +style (\w+) stroke-dasharray', diagram, re.M))

    assert lines[0] == 'flowchart LR'
    assert diagram.count('subgraph') == lines.count('    end') == 2
    assert joined == {'start', 'demo', 'second', 'done', 'hello', 'copy'}
    assert styled == {'new', 'empty'}
    assert joined | styled <= names
    assert drawn == shown
    assert re.findall(r'subgraph \w+\["(.+)"\]', diagram) == [
        'my-demo-bucket-2024',
        'my-second-bucket-2024',
    ]
    assert re.findall(r'(?:\[|-- )"([^"<]+)"', diagram) == [
        '1 client and resource',
        'my-demo-bucket-2024',
        '9 copy',
        'my-second-bucket-2024',
        'stays empty',
        '2 create, 3 list',
        '11 delete',
        'nothing left behind',
    ]


def test_the_page_does_not_say_which_machine_it_was_written_on():
    assert not re.search(r'(?<![\w/.])/(root|home|work|tmp|Users)\b', README)
