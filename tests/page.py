"""README.md, read as it is, for the tests that hold it to the truth."""

import re
from typing import List, NamedTuple

from support import ROOT

README = (ROOT / 'README.md').read_text(encoding='utf-8')
LINES = README.splitlines()


class Block(NamedTuple):
    """A fenced block: its language, the line of its fence, its lines."""

    language: str
    number: int
    lines: List[str]


def fenced(first: int = 1, last: int = len(LINES)) -> List[Block]:
    """The blocks whose fences are on README lines `first` to `last`."""
    blocks, opened = [], None
    for number, line in enumerate(LINES[first - 1 : last], first):
        if not line.startswith('```'):
            continue
        if opened is None:
            opened = number
        else:
            language = LINES[opened - 1][3:]
            blocks.append(Block(language, opened, LINES[opened : number - 1]))
            opened = None
    assert opened is None, f'README.md:{opened}: this block has no end'
    return blocks


IN_BLOCKS = {
    number
    for block in fenced()
    for number in range(block.number, block.number + len(block.lines) + 2)
}
PROSE = [
    (number, line)
    for number, line in enumerate(LINES, 1)
    if number not in IN_BLOCKS
]
HEADINGS = [
    (number, line.partition(' ')[0], line.partition(' ')[2])
    for number, line in PROSE
    if re.match('#+ ', line)
]


def slug(title: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r'[^\w\- ]', '', title.replace('`', '').lower())
    return text.replace(' ', '-')


def table(after: str) -> List[List[str]]:
    """The rows of the first table under the heading `after`."""
    start = next(i for i, _, title in HEADINGS if title == after)
    rows = []
    for line in LINES[start:]:
        if line.startswith('|'):
            rows.append([cell.strip() for cell in line[1:-1].split('|')])
        elif rows:
            break
    return rows[2:]
