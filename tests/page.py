"""The parts of README.md that are made from the tour, made anew.

These are each section's title, source, line numbers and output. Everything
else of the page is written by hand, and stays as it is.
"""

import re
import sys
import textwrap
import unicodedata
from typing import List, Optional, Tuple
from unittest import mock

from support import PINNED, SCRIPT, mask

import main_aws_s3

SOURCE = SCRIPT.read_text(encoding='utf-8').splitlines()
CODE = [line.partition('# ')[0] for line in SOURCE]
SHAPE = re.compile(
    r'\*\*Source:\*\* .*\n\n```python\n.*?```\n\n'
    r'\*\*Output:\*\*\n\n```text\n(.*?)```\n\n\*\*💡 Key Insight\*\*\n',
    re.DOTALL,
)
ARROW = re.compile(r' *← Line \d+$', re.MULTILINE)


def refresh(page: str) -> str:
    """Return `page` with its made parts as they should stand.

    Raises:
        ValueError: a pinned line has moved, or a citation fits no line.
    """
    moved = [
        f'line {number} of main_aws_s3.py must stay {code!r}'
        for number, code in PINNED.items()
        if SOURCE[number - 1].strip() != code
    ]
    if moved:
        raise ValueError('; '.join(moved))
    starts = [i for i, x in enumerate(SOURCE, 1) if 'log_section(' in x[:16]]
    ends = [start - 2 for start in starts[1:]]
    ends.append(SOURCE.index("if __name__ == '__main__':") - 2)
    parts = re.split(r'^(?=##+ )', page, flags=re.MULTILINE)
    for number, lines in enumerate(run_tour(), 1):
        own = [i for i, x in enumerate(parts) if f'### {number}.' in x[:7]]
        if len(own) != 1:
            raise ValueError(f'README.md has no section {number}')
        parts[own[0]] = section(
            parts[own[0]], starts[number - 1], ends[number - 1], lines
        )
    return ''.join(parts)


def run_tour() -> List[List[Tuple[str, Optional[int]]]]:
    """What the tour prints, by section: its lines, each with the pinned line
    that brought it about, if any: the last of those that stand between the
    log call before and its own."""
    logs = [i for i, x in enumerate(SOURCE, 1) if re.match(' +log_', x)]
    sections: List[List[Tuple[str, Optional[int]]]] = []

    def show(text: str) -> None:
        """In place of the helper's _write(), called by what main() calls."""
        here, lines = sys._getframe(2).f_lineno, text.split('\n')
        before = max([i for i in logs if i < here], default=0)
        pins: List[Optional[int]] = [i for i in PINNED if before < i <= here]
        if text.startswith('\n'):
            sections.append([])
            pins = []
        pins = pins[-len(lines) :] + [None] * len(lines)
        sections[-1].extend(zip(lines, pins))

    with mock.patch('logging_utils._write', show):
        main_aws_s3.main()
    return sections


def section(part: str, first: int, last: int, lines) -> str:
    """A section of the page with its title, source and output made anew."""

    def cite(match) -> str:
        code = ' '.join(match[1].split())
        at = [i for i in range(first, last + 1) if code in CODE[i - 1]]
        if len(at) != 1:
            raise ValueError(f'README.md: `{code}` is on the lines {at}')
        return match[0].replace(match[2], str(at[0]))

    part = re.sub(r'`([^`]+)`\s\(Line (\d+)\)', cite, part)
    cited = {int(x) for x in re.findall(r'\(Line (\d+)\)', part)}
    quote = textwrap.dedent('\n'.join(SOURCE[first - 1 : last])).split('\n')
    source = '\n'.join(
        f'{line}  # Line {i}' if i in PINNED or i in cited else line
        for i, line in enumerate(quote, first)
    )
    shown = SHAPE.search(part)
    if not shown:
        raise ValueError(f'README.md: not source, output, insight in {part}')
    for pattern, made in (
        (r'^### .*$', f'### {lines[2][0].strip()}'),
        (r'(?<=main_aws_s3\.py:)[\d-]+', f'{first}-{last}'),
        (r'(?<=main_aws_s3\.py)#[L\d-]+', f'#L{first}-L{last}'),
        (r'```python\n.*?```', f'```python\n{source}\n```'),
        (r'```text\n.*?```', f'```text\n{output(shown[1], lines)}\n```'),
    ):
        flags = re.DOTALL if '```' in pattern else re.MULTILINE
        part = re.sub(
            pattern, lambda _, made=made: made, part, count=1, flags=flags
        )
    return part


def output(shown: str, lines) -> str:
    """The output, with the times shown already, and with aligned arrows."""
    kept = {mask(line): line for line in ARROW.sub('', shown).split('\n')}
    rows = [(kept.get(mask(text), text), pin) for text, pin in lines]
    column = 2 + max(width(text) for text, pin in rows if pin)
    return '\n'.join(
        text + ' ' * (column - width(text)) + f'← Line {pin}' if pin else text
        for text, pin in rows
    )


def width(text: str) -> int:
    """How many columns a terminal gives to `text` (Unicode, UAX #11)."""
    wide = sum(unicodedata.east_asian_width(c) in 'WF' for c in text)
    return len(text) + wide
