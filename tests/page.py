"""The parts of README.md that are made from the tour, made anew.

These are each section's title, source, line numbers and output. Everything
else of the page is written by hand, and stays as it is.
"""

import re
import sys
import textwrap
import unicodedata
from unittest import mock

from support import ROOT, SCRIPT, mask

import main_aws_s3

SOURCE = SCRIPT.read_text(encoding='utf-8').splitlines()
_PINNED = (ROOT / 'tests' / 'pinned.txt').read_text(encoding='utf-8')
# The one place of this: others cite these lines as `main_aws_s3.py:N`.
PINNED = {
    int(number): code for number, code in re.findall(r'(\d+) (.+)', _PINNED)
}
SECTION = re.compile(
    r'^### [^\n]*\n\n\*\*Source:\*\* [^\n]*\n\n```python\n.*?^```\n\n'
    r'\*\*Output:\*\*\n\n```text\n(.*?)^```\n\n'
    r'(\*\*💡 Key Insight\*\*\n.*?)(?=^##)',
    re.DOTALL | re.MULTILINE,
)


def refresh(page: str) -> str:
    """Return `page` with its made parts as they should stand.

    Raises:
        ValueError: a pinned line has moved, a citation fits no line, or a
            section has not source, output and insight.
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
    shown = SECTION.findall(page)
    if len(shown) != len(starts):
        there = f'{len(shown)} of {len(starts)} sections'
        raise ValueError(f'README.md: source, output, insight in {there}')
    made = iter(map(section, starts, ends, run_tour(), *zip(*shown)))
    return SECTION.sub(lambda _: next(made), page)


def run_tour():
    """What the tour prints, by section: its lines, each with the pinned line
    that brought it about, if any: the last of those that stand between the
    log call before and its own."""
    logs = [i for i, x in enumerate(SOURCE, 1) if re.match(' +log_', x)]
    sections = []

    def show(text: str) -> None:
        """In place of the helper's _write(), called by what main() calls."""
        here, lines = sys._getframe(2).f_lineno, text.split('\n')
        before = max([i for i in logs if i < here], default=0)
        pins = [i for i in PINNED if before < i <= here]
        if text.startswith('\n'):
            sections.append([])
            pins = []
        pins = pins[-len(lines) :] + [None] * len(lines)
        sections[-1].extend(zip(lines, pins))

    with mock.patch('logging_utils._write', show):
        main_aws_s3.main()
    return sections


def section(first: int, last: int, lines, shown: str, insight: str) -> str:
    """A section of the page made anew, from what it prints and showed."""

    def cite(match) -> str:
        code = ' '.join(match[2].split())
        numbered = enumerate(quote, first)
        at = [i for i, line in numbered if code in line.split('# ')[0]]
        if len(at) != 1:
            raise ValueError(f'README.md: `{code}` is on the lines {at}')
        cited.extend(at)
        return f'{match[1]}{at[0]}'

    quote = textwrap.dedent('\n'.join(SOURCE[first - 1 : last])).split('\n')
    cited = list(PINNED)
    insight = re.sub(r'(`([^`]+)`\s\(Line )\d+', cite, insight)
    source = '\n'.join(
        f'{line}  # Line {i}' if i in cited else line
        for i, line in enumerate(quote, first)
    )
    file = 'main_aws_s3.py'
    return (
        f'### {lines[2][0].strip()}\n\n'
        f'**Source:** [`{file}:{first}-{last}`]({file}#L{first}-L{last})\n\n'
        f'```python\n{source}\n```\n\n**Output:**\n\n'
        f'```text\n{with_arrows(lines, shown)}\n```\n\n{insight}'
    )


def with_arrows(lines, shown: str) -> str:
    """The output, with the times shown already, and with aligned arrows."""
    plain = re.sub(r' *← Line \d+$', '', shown, flags=re.MULTILINE)
    kept = {mask(line): line for line in plain.split('\n')}
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
