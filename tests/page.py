"""Bring README.md up to date with the tour: its code, and what it prints.

uv run python tests/page.py          writes README.md
uv run python tests/page.py --check  prints what it would change
"""

import ast
import difflib
import io
import re
import sys
import textwrap
import unicodedata
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]

import main_aws_s3  # noqa: E402

PAGE = ROOT / 'README.md'
COMMAND = 'uv run python tests/page.py'
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
BEGINNING = re.compile(
    r'(?<=^```text\n).*?(?=\n```$)', re.DOTALL | re.MULTILINE
)
POLICY = re.compile(
    r'^\{(?:(?!^\}).)*arn:aws:s3:::s3-tour-(?:(?!^\}).)*^\}$',
    re.DOTALL | re.MULTILINE,
)
# A line that is too wide for an arrow has it below.
ARROW = r'\n? +← Line (\d+)$'
WIDEST = 66
CITATION = r'(`([^`]+)`\s+\(Line\s+)(\d+)\)'
STAMP = re.compile(r'^\[[\d:.]{12}\]', re.MULTILINE)
START = datetime(2026, 11, 24, 20, 48, 55, 206000)


@lru_cache
def printed():
    """Return what the tour prints, as if it always ran at the same time."""
    with redirect_stdout(io.StringIO()) as stdout:
        main_aws_s3.main()
    steps = iter(range(1000))

    def stamp(_):
        time = (START + timedelta(milliseconds=4 * next(steps))).time()
        return f'[{time.isoformat(timespec="milliseconds")}]'

    text = STAMP.sub(stamp, stdout.getvalue().rstrip('\n'))
    text = re.sub(
        r'(?<=Last-Modified: )[\d: -]{19}',
        START.isoformat(' ', 'seconds'),
        text,
    )
    return re.sub(r'(?<=URL length: )\d{3}', '144', text)


def sections():
    """Yield the first and the last line of each section of the tour."""
    starts = [n for n, x in enumerate(SOURCE, 1) if '    log_section(' in x]
    end = next(n for n, x in enumerate(SOURCE) if x.startswith('def main('))
    yield from zip(starts, [*[start - 2 for start in starts[1:]], end - 2])


def lines_of(output):
    """Return an output's lines, each with the arrow that it may have."""
    return [
        (re.sub(ARROW, '', line), re.findall(ARROW, line))
        for line in re.split(r'\n(?! +←)', output)
    ]


def columns(line):
    """Return how wide a line is where it is shown: many emoji take two."""
    return sum(1 + (unicodedata.east_asian_width(x) in 'WF') for x in line)


def with_arrows(output, old):
    """Return an output with the arrows of `old`, in one column."""
    arrows = {STAMP.sub('', text): arrow for text, arrow in lines_of(old)}
    lines = [
        (text, arrows.get(STAMP.sub('', text), []))
        for text in output.split('\n')
    ]
    widths = [columns(text) for text, arrow in lines if arrow]
    place = max([x for x in widths if x <= WIDEST], default=0) + 2
    shown = []
    for text, arrow in lines:
        if arrow and columns(text) > WIDEST:
            shown += [text, f'{"":{place}}← Line {arrow[0]}']
        elif arrow:
            gap = ' ' * (place - columns(text))
            shown.append(f'{text}{gap}← Line {arrow[0]}')
        else:
            shown.append(text)
    return '\n'.join(shown)


def section(old, first, last, output):
    """Return a section with its code and output as they are now.

    `old` is the match of SECTION. What it says stays, with the numbers of
    the lines that it cites.
    """
    lines = textwrap.dedent('\n'.join(SOURCE[first - 1 : last])).split('\n')
    marked = {*PINNED}

    def cite(match):
        code = ' '.join(match[2].split())
        found = [
            number
            for number, line in enumerate(lines, first)
            if code in line.split('  # ')[0]
        ]
        if len(found) != 1:
            sys.exit(
                f'README.md cites `{code}`, which is on the lines {found} of '
                'its section: cite code that is on one line'
            )
        marked.update(found)
        return f'{match[1]}{found[0]})'

    text = re.sub(CITATION, cite, old['text'])
    code = '\n'.join(
        f'{line}  # Line {number}' if number in marked else line
        for number, line in enumerate(lines, first)
    )
    title = output.split('\n')[2].strip()
    place, link = f'{first}-{last}', f'main_aws_s3.py#L{first}-L{last}'
    return (
        f'### {title}\n\n**Source:** [`main_aws_s3.py:{place}`]({link})\n\n'
        f'```python\n{code}\n```\n\n**Output:**\n\n'
        f'```text\n{with_arrows(output, old["output"])}\n```\n\n{text}'
    )


def up_to_date(page):
    """Return the page with all that it shows of the code as it is now."""
    for number, code in PINNED.items():
        if SOURCE[number - 1].strip() != code:
            sys.exit(
                f'main_aws_s3.py:{number} must be `{code}`, since others cite '
                'it: move lines without a number in tests/pinned.txt instead'
            )
    whole = printed()
    outputs = re.split(r'\n(?=\n={70}\n  \d)', whole)
    matches = [*SECTION.finditer(page)]
    if len(matches) != len(outputs):
        sys.exit(
            f'The tour has {len(outputs)} sections, and README.md has '
            f'{len(matches)}: write the missing ones, laid out as the others'
        )
    for match, (first, last), output in zip(matches, sections(), outputs):
        page = page.replace(match[0], section(match, first, last, output))

    count = BEGINNING.search(page)[0].count('\n') + 1
    beginning = '\n'.join(whole.split('\n')[:count])
    page = BEGINNING.sub(lambda _: beginning, page, count=1)

    recipe = ast.parse((ROOT / 'recipes' / 'real_tour.py').read_text('utf-8'))
    policy = POLICY.search(ast.get_docstring(recipe))[0]
    return POLICY.sub(lambda _: policy, page, count=1)


def main(words):
    """Update README.md, or return what would change."""
    if words not in ([], ['--check']):
        sys.exit(__doc__)
    old = PAGE.read_text('utf-8')
    new = up_to_date(old)
    if not words:
        PAGE.write_bytes(new.encode())
        return ''
    texts = old.splitlines(), new.splitlines()
    names = 'README.md', f'README.md after {COMMAND}'
    return '\n'.join(difflib.unified_diff(*texts, *names, lineterm=''))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]) or 0)
