"""README.md as it should stand, made from the project.

`refresh` is the check and the mend in one: test_page.py fails where it would
change anything, and `pytest --update-examples` writes what it returns.
"""

import ast
import difflib
import json
import re
import subprocess
import sys
import textwrap
import unicodedata
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

from support import PINNED, ROOT, SCRIPT, mask, run_recipe, run_tour

PAGE = 'README.md'
RECORD = 'tests/record.txt'  # what tour and recipes send, and the figures
FACTS = 'tests/test_facts.py'  # which quotes the sentences that it holds

SOURCE = SCRIPT.read_text(encoding='utf-8').splitlines()
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
ARROW = re.compile(r' *← Line (\d+): (.*)$')
WIDEST = 96  # columns of an output block; longer arrows go below
OFF = 'Off the page: '  # before a quote that no longer stands there

# The one place of this: which IAM actions allow an operation on a bucket, on
# an object or on the account. Source: "Actions, resources, and condition keys
# for Amazon S3" in AWS's Service Authorization Reference.
ACTIONS = (ROOT / 'tests' / 'actions.txt').read_text().splitlines()


class Fact(NamedTuple):
    """A test of FACTS, the lines of its docstring, and what that quotes."""

    name: str
    first: int
    last: int
    quotes: List[str]


def read_files() -> Dict[str, str]:
    """The files that `refresh` takes and returns."""
    return {
        name: (ROOT / name).read_text(encoding='utf-8')
        for name in (PAGE, RECORD, FACTS)
    }


def refresh(files: Dict[str, str]) -> Tuple[Dict[str, str], List[str]]:
    """Return `files` as they should stand, and what only a person can mend."""
    problems: List[str] = []
    record = {
        part.partition('\n')[0]: part.rstrip().split('\n')[1:]
        for part in re.split('^# ', files[RECORD], flags=re.MULTILINE)[1:]
    }
    sections, sent = run_tour()
    sent_by = {'The tour': sent}
    parts = re.split(r'^(?=##+ )', files[PAGE], flags=re.MULTILINE)
    wanted = list(range(1, len(sections) + 1))
    line = 1
    for i, part in enumerate(parts):
        title = heading(part)[1]
        number = re.match(r'(\d+)\. ', title)
        if number and int(number[1]) in wanted:
            wanted.remove(int(number[1]))
            lines = sections[int(number[1]) - 1]
            parts[i] = section(part, int(number[1]), lines, problems.append)
        else:
            parts[i], lines = recipes(
                part, line, record.get(title, []), problems.append
            )
            if lines:
                sent_by[title] = lines
        line += part.count('\n')
    problems += [f'{PAGE}: has no section {n} of the tour' for n in wanted]
    facts = list(read_facts(files[FACTS]))
    for i, part in enumerate(parts):
        title = heading(part)[1]
        part = tables(part, facts if title == 'Where the mock ends' else [])
        if BLOCK.search(part) and '```json' in part:
            sent = sent_by.get(title, sent_by['The tour'])
            part = put_block(part, 'json', policy(sent, problems.append))
        parts[i] = contents(part, parts) if title == 'Contents' else part
    page = ''.join(parts)
    sent_by['Figures'] = figures(page, facts, problems.append)
    new_record = '\n'.join(
        '\n'.join([f'# {title}', *lines, ''])
        for title, lines in sent_by.items()
    )
    new_facts = quote_sentences(files[FACTS], facts, page)
    return {PAGE: page, RECORD: new_record, FACTS: new_facts}, problems


def heading(part: str) -> Tuple[int, str]:
    """The level and the title of a part of the page."""
    marks, _, title = part.partition('\n')[0].partition(' ')
    return len(marks), title


def slug(title: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r'[^\w\- ]', '', title.replace('`', '').lower())
    return text.replace(' ', '-')


def contents(part: str, parts: List[str]) -> str:
    """The list of what comes after it."""
    listed = [heading(x) for x in parts[parts.index(part) + 1 :]]
    items = [
        f'{"  " * (level - 2)}- [{title}](#{slug(title)})'
        for level, title in listed
    ]
    return '\n'.join(['## Contents', '', *items, '', ''])


def put_block(part: str, language: str, text: str) -> str:
    """`part` with `text` in its first block of that language."""
    return re.sub(
        rf'^```{language}\n.*?^```$',
        lambda _: f'```{language}\n{text}\n```',
        part,
        count=1,
        flags=re.MULTILINE | re.DOTALL,
    )


# The tour: source, output and insight of a section


def section(part: str, n: int, lines, report: Callable) -> str:
    """Section `n` with today's title, source, line numbers and output."""
    shape = r'\*\*Source:\*\*.*```python.*```text.*\*\*💡 Key Insight\*\*'
    if not re.search(shape, part, re.DOTALL):
        report(f'{PAGE}, section {n}: wants Source, Output and Key Insight')
        return part
    starts = [i for i, x in enumerate(SOURCE, 1) if 'log_section(' in x[:16]]
    end = SOURCE.index("if __name__ == '__main__':") + 1
    a, b = starts[n - 1], [*starts[1:], end][n - 1] - 1
    while not SOURCE[b - 1]:
        b -= 1
    title = lines[2][0].strip()
    part = f'### {title}\n' + part.partition('\n')[2]

    def cite(match) -> str:
        code = ' '.join(match[1].split())
        at = [
            i for i in range(a, b + 1) if code in SOURCE[i - 1].split('  #')[0]
        ]
        if len(at) != 1:
            report(f'{PAGE}, section {n}: `{code}` is on the lines {at}')
            return match[0]
        return f'`{match[1]}`{match[2]}(Line {at[0]})'

    part = re.sub(r'`([^`]+)`(\s)\(Line \d+\)', cite, part)
    cited = {int(x) for x in re.findall(r'\(Line (\d+)\)', part)}
    part = quote(part, a, b, {*PINNED, *cited})
    return put_block(part, 'text', output(part, lines, report))


def quote(part: str, a: int, b: int, marked) -> str:
    """`part` with lines a to b of the script as its first source block."""
    text = textwrap.dedent('\n'.join(SOURCE[a - 1 : b])).split('\n')
    shown = [
        f'{line}  # Line {number}' if number in marked else line
        for number, line in enumerate(text, a)
    ]
    part = re.sub(r'(?<=main_aws_s3\.py:)\d+-\d+', f'{a}-{b}', part, count=1)
    return put_block(part, 'python', '\n'.join(shown))


def width(text: str) -> int:
    """How many columns a terminal gives to `text` (Unicode, UAX #11)."""
    wide = sum(unicodedata.east_asian_width(c) in 'WF' for c in text)
    return len(text) + wide


def output(part: str, lines, report: Callable) -> str:
    """The section's output: times and words kept, all arrows aligned."""
    old_lines: Dict[str, List[str]] = {}
    words: Dict[int, List[str]] = {}
    old = next(text for kind, text in BLOCK.findall(part) if kind == 'text')
    for line in old.split('\n'):
        arrow = ARROW.search(line)
        text = ARROW.sub('', line)
        if arrow:
            words.setdefault(int(arrow[1]), []).append(arrow[2])
        if text or not arrow:
            old_lines.setdefault(mask(text), []).append(text)

    def arrow_of(pin: int) -> str:
        left = words.get(pin, ['…'])
        said = left.pop(0) if len(left) > 1 else left[0]
        if said == '…':
            report(f'{PAGE}: say after "← Line {pin}:" what that line did')
        return f'← Line {pin}: {said}'

    shown = [
        (
            old_lines[mask(text)].pop(0)
            if old_lines.get(mask(text))
            else text,
            arrow_of(pin) if pin else '',
        )
        for text, pin in lines
    ]
    room = WIDEST - max(len(arrow) for _, arrow in shown) - 2
    pointed = [width(text) for text, arrow in shown if arrow]
    column = 2 + max(x for x in pointed if x <= room)
    rows = []
    for text, arrow in shown:
        if arrow and width(text) + 2 > column:
            rows += [text, ' ' * column + arrow]
        else:
            gap = ' ' * (column - width(text)) if arrow else ''
            rows.append(text + gap + arrow)
    return '\n'.join(rows)


# The recipes


def recipes(part: str, line: int, held: List[str], report: Callable):
    """`part` with its recipes formatted and their `#>` lines made anew.

    Also returns what they send. `line` is where `part` stands in the page;
    `held` is returned for a recipe that fails.
    """
    sent: List[str] = []

    def remake(match) -> str:
        if match[1] != 'python':
            return match[0]
        first = line + part[: match.start()].count('\n') + 1
        bare = re.sub(r'^ *#>.*\n', '', match[2], flags=re.MULTILINE)
        try:
            source = formatted(bare)
            if 'def test_' in source:  # run by pytest, not here
                return f'```python\n{source}```'
            prints, requests = run_recipe(source)
        except Exception as error:
            at = getattr(error, 'line_of_recipe', 0)
            at += match[2].split('\n')[:at].count('#>')
            report(
                f'{PAGE}:{first + at}: the recipe that starts on line {first} '
                f'fails: {type(error).__name__}: {error}'
            )
            sent.extend(held)
            return match[0]
        sent.extend(requests)
        return f'```python\n{with_prints(source, prints)}```'

    return BLOCK.sub(remake, part), sent


def formatted(source: str) -> str:
    """`source` as ruff fixes and formats it here.

    Raises ValueError with what ruff cannot fix.
    """
    stdin = ['--stdin-filename', 'recipe.py', '-']
    for words in (['check', '--fix', '--quiet'], ['format']):
        run = subprocess.run(
            [sys.executable, '-m', 'ruff', *words, *stdin],
            input=source,
            cwd=ROOT,
            encoding='utf-8',
            capture_output=True,
            check=False,
        )
        if run.returncode:
            raise ValueError(f'ruff says:\n{run.stderr}')
        source = run.stdout
    return source


def with_prints(source: str, prints: Dict[int, List[str]]) -> str:
    """`source` with what each line printed in `#>` lines below it."""
    lines = source.split('\n')
    ends = {
        node.lineno: (node.end_lineno, node.col_offset)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
    }
    for number in sorted(prints, reverse=True):
        end, column = ends[number]
        lines[end:end] = [
            f'{" " * column}#> {row}'.rstrip()
            for text in prints[number]
            for row in textwrap.wrap(text, 76 - column) or ['']
        ]
    return '\n'.join(lines)


def policy(sent: List[str], report: Callable) -> str:
    """The smallest policy that allows the requests in `sent`."""
    table = dict(line.split(': ') for line in ACTIONS)
    allowed: Dict[str, set] = {}
    for line in sent:
        operation, url = line.replace('resource ', '').split(' ')[:2]
        if operation in ('presigned', 'HTTP'):
            continue
        if operation not in table:
            report(f'tests/actions.txt has no line for {operation}: add one')
            continue
        bucket = re.match(r'https://([^/]+)\.s3[.-]', url)
        name = re.sub('….*', '*', bucket[1]) if bucket else ''
        arns = {
            'account': '*',
            'bucket': f'arn:aws:s3:::{name}',
            'object': f'arn:aws:s3:::{name}/*',
        }
        for entry in table[operation].split(', '):
            action, _, on = entry.partition(' on ')
            allowed.setdefault(arns[on], set()).add(f's3:{action}')
    statements = ',\n'.join(
        f'    {{"Effect": "Allow", "Resource": "{arn}",\n'
        f'     "Action": {json.dumps(sorted(actions))}}}'
        for arn, actions in sorted(allowed.items())
    )
    return f"""{{
  "Version": "2012-10-17",
  "Statement": [
{statements}
  ]
}}"""


# Prose, tables and facts


def tables(part: str, facts: List[Fact]) -> str:
    """`part` with whole tables, that of the mock with the rows of `facts`."""
    quotes = [fact.quotes[0] for fact in facts]
    rows = [f'| {quote} |' for quote in quotes if ' | ' in quote]

    def whole(match) -> str:
        head, *body = match[0].splitlines()
        if body and re.match(r'\|[ -]*--', body[0]):
            body.pop(0)
        line = '|' + ' --- |' * (len(re.findall(r' \|', head)))
        return '\n'.join([head, line, *(rows or body), ''])

    return re.sub(r'(^\|.*\n)+', whole, part, flags=re.MULTILINE)


def units(page: str) -> Iterator[str]:
    """Each paragraph, bullet and table row of the prose, on one line."""
    prose = BLOCK.sub('', page)
    prose = re.sub(
        r'^(#.*|\[[^\]]+\]: .*|\*\*Source:.*)$', '', prose, flags=re.M
    )
    for unit in re.split(r'\n\s*\n|\n(?= *- |\|)', prose):
        if unit.strip() and not re.match(r' *- \[[^\]]*\]\(#[^)]*\)$', unit):
            yield ' '.join(unit.split())


def plain(unit: str) -> str:
    """A unit as it is read: without links, emphasis and line numbers."""
    unit = re.sub(r' \(Line \d+\)|\*\*|^- ', '', unit)
    return re.sub(r'\[([^\]]*)\](\[[^\]]*\]|\([^)]*\))', r'\1', unit)


def read_facts(source: str) -> Iterator[Fact]:
    """The tests of `source` that have a docstring."""
    for node in ast.parse(source).body:
        text = isinstance(node, ast.FunctionDef) and ast.get_docstring(node)
        if text and node.name.startswith('test_'):
            doc, quotes = node.body[0], ' '.join(text.split()).split(' … ')
            yield Fact(node.name, doc.lineno, doc.end_lineno, quotes)


def quote_sentences(source: str, facts: List[Fact], page: str) -> str:
    """`source` with its docstrings as README.md words the sentences now."""
    text = [plain(unit) for unit in units(page)]
    lines = source.split('\n')

    def reword(quote: str) -> str:
        if any(quote in unit for unit in text) or quote.startswith(OFF):
            return quote
        runs = []
        for unit in text:
            said = re.split(r'(?<=[.:?!])\s+', unit)
            ends = range(1, len(said) + 1)
            runs += [' '.join(said[i:j]) for j in ends for i in range(j)]
        close = difflib.get_close_matches(quote, runs, 1, 0.6)
        return close[0] if close else OFF + quote

    for fact in reversed(facts):
        quotes = [reword(quote) for quote in fact.quotes]
        if quotes != fact.quotes and ' | ' not in fact.quotes[0]:
            rows = textwrap.wrap(f'"""{" … ".join(quotes)}"""', 75)
            lines[fact.first - 1 : fact.last] = [f'    {row}' for row in rows]
    return '\n'.join(lines)


def figures(page: str, facts: List[Fact], report: Callable) -> List[str]:
    """Each figure of the prose with the word after it and its sources."""
    found = []
    for unit in units(page):
        text = re.sub(r'`(\d+)`', r'\1', unit)
        text = plain(re.sub(r'`[^`]*`|Python \d\.\d+', '`', text))
        links = re.findall(r'\]\[([^\]]+)\]', unit)
        text_of_unit = [plain(unit), unit.strip('| ')]
        held = [
            fact.name
            for fact in facts
            if any(q in t for q in fact.quotes for t in text_of_unit)
        ]
        for match in re.finditer(
            r'(?<![\w.,-])\d[\d,.]*\d\b|(?<![\w.,-])\d\b', text
        ):
            word = re.match(r'\W*\w*', text[match.end() :])[0]
            if not links + held:
                report(
                    f'{PAGE}: "{match[0]}{word}" needs a source: a link '
                    f'beside it, or a test that quotes the sentence'
                )
            found.append(f'{match[0]}{word}: {", ".join(links + held)}')
    return found
