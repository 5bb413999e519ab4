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
RECORD = 'tests/record.txt'  # what tour and recipes send, and the claims
FACTS = 'tests/test_facts.py'  # which quotes the sentences that it holds

SOURCE = SCRIPT.read_text(encoding='utf-8').splitlines()
CODE = [line.partition('# ')[0] for line in SOURCE]
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
ARROW = re.compile(r' *← Line (\d+): (.*)$')
WIDEST = 96  # columns of an output block; longer arrows go below
OFF = 'Off the page: '  # before a quote that no longer stands there

# The one place of this: which IAM actions allow an operation on a bucket, on
# an object or on the account. Source: "Actions, resources, and condition keys
# for Amazon S3" in AWS's Service Authorization Reference.
_LINES = (ROOT / 'tests' / 'actions.txt').read_text().splitlines()
ACTIONS = dict(line.split(': ', 1) for line in _LINES)


class Fact(NamedTuple):
    """A test of FACTS, the lines of its docstring, and what that quotes."""

    name: str
    first: int
    last: int
    quotes: List[str]


def refresh(files: Dict[str, str]) -> Tuple[Dict[str, str], List[str]]:
    """Return PAGE, RECORD and FACTS as they should stand, each by its name,
    and what only a person can mend."""
    problems: List[str] = []
    report = problems.append
    held = dict(
        x.split('\n', 1) for x in f'\n{files[RECORD]}'.split('\n# ')[1:]
    )
    facts = list(read_facts(files[FACTS]))
    sections, sent = run_tour()
    record = {'The tour': '\n'.join(sent)}
    parts = re.split(r'^(?=##+ )', files[PAGE], flags=re.MULTILINE)
    seen, line = set(), 1
    for i, part in enumerate(parts):
        title = heading(part)[1]
        if '**Source:**' in part:
            n = int(title.split('.')[0])
            parts[i] = section(part, n, sections[n - 1], report)
            seen.add(n)
        else:
            before = len(problems)
            parts[i], sent = recipes(part, line, report)
            if len(problems) > before:  # keep what is known of a failing one
                sent = held.get(title, '').rstrip().split('\n')
            if sent:
                record[title] = '\n'.join(sent)
            if '```json' in part:
                parts[i] = put_block(parts[i], 'json', policy(sent, report))
        rows = facts if title == 'Where the mock ends' else []
        parts[i] = tables(parts[i], rows)
        line += part.count('\n')
    for n in set(range(1, len(sections) + 1)) - seen:
        report(f'{PAGE}: has no section {n} of the tour')
    index = next(i for i, x in enumerate(parts) if heading(x)[1] == 'Contents')
    parts[index] = contents(parts[index + 1 :])
    page = ''.join(parts)
    reworded = quote_sentences(files[FACTS], facts, page)
    facts = list(read_facts(reworded))
    record['Claims'] = '\n'.join(claims(page, facts, report))
    text = '\n'.join(f'# {k}\n{v}\n' for k, v in record.items())
    fresh = {PAGE: page, RECORD: text, FACTS: reworded}
    return fresh, problems


def heading(part: str) -> Tuple[int, str]:
    """The level and the title of a part of the page."""
    marks, _, title = part.partition('\n')[0].partition(' ')
    return len(marks), title


def slug(title: str) -> str:
    """The anchor that GitHub makes of a heading."""
    text = re.sub(r'[^\w\- ]', '', title.replace('`', '').lower())
    return text.replace(' ', '-')


def contents(parts: List[str]) -> str:
    """The list of those parts."""
    items = [
        f'{"  " * (level - 2)}- [{title}](#{slug(title)})'
        for level, title in map(heading, parts)
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


def section(part: str, n: int, lines, report: Callable) -> str:
    """Section `n` with today's title, source, line numbers and output."""
    shape = r'\*\*Source:\*\*.*```python.*```text.*\*\*💡 Key Insight\*\*'
    if not re.search(shape, part, re.DOTALL):
        report(f'{PAGE}, section {n}: wants Source, Output and Key Insight')
        return part
    starts = [i for i, x in enumerate(SOURCE, 1) if 'log_section(' in x[:16]]
    starts.append(SOURCE.index("if __name__ == '__main__':") + 1)
    a, b = starts[n - 1], starts[n] - 1
    while not SOURCE[b - 1]:
        b -= 1

    def cite(match) -> str:
        code = ' '.join(match[1].split())
        at = [i for i in range(a, b + 1) if code in CODE[i - 1]]
        if len(at) != 1:
            report(f'{PAGE}, section {n}: `{code}` is on the lines {at}')
        return match[0].replace(match[2], str(at[0] if at else 0))

    part = re.sub(r'`([^`]+)`\s\(Line (\d+)\)', cite, part)
    cited = {int(x) for x in re.findall(r'\(Line (\d+)\)', part)}
    part = quote(part, a, b, {*PINNED, *cited})
    part = put_block(part, 'text', output(part, lines, report))
    return f'### {lines[2][0].strip()}\n' + part.partition('\n')[2]


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
    old: Dict[str, List[str]] = {}
    words: Dict[int, List[str]] = {}
    shown = next(text for kind, text in BLOCK.findall(part) if kind == 'text')
    for line in shown.split('\n'):
        text = ARROW.sub('', line)
        old.setdefault(mask(text), []).append(text)
        for pin, said in ARROW.findall(line):
            words.setdefault(int(pin), []).append(said)

    rows = []
    for text, pin in lines:
        kept = old.get(mask(text), [text])
        said = words.get(pin, ['…'])
        arrow = f'← Line {pin}: {said[0]}' if pin else ''
        if arrow.endswith('…'):
            report(f'{PAGE}: say after "{arrow[:-2]}" what that line did')
        rows.append((kept[0], arrow))
        for used in (kept, said):
            del used[: len(used) > 1]
    room = WIDEST - max(len(arrow) for _, arrow in rows)
    column = 2 + max(x for x in (width(t) for t, a in rows if a) if x < room)
    gaps = [max(column - width(text), 0) for text, _ in rows]
    return '\n'.join(
        text + (' ' * gap if gap > 1 else '\n' + ' ' * column) + arrow
        if arrow
        else text
        for (text, arrow), gap in zip(rows, gaps)
    )


def recipes(part: str, line: int, report: Callable):
    """`part`, which stands on that line, with its recipes formatted and their
    `#>` lines made anew; and what they send."""
    sent: List[str] = []

    def remake(match) -> str:
        source = re.sub(r'^ *#>.*\n', '', match[2], flags=re.MULTILINE)
        if match[1] != 'python':
            return match[0]
        try:
            source = formatted(source)
            if 'def test_' not in source:  # which pytest runs
                prints, requests = run_recipe(source)
                source = with_prints(source, prints)
                sent.extend(requests)
        except Exception as error:
            first = line + part[: match.start()].count('\n')
            at = getattr(error, 'line_of_recipe', 0)
            report(
                f'{PAGE}:{first}: line {at} of this recipe, without #> lines, '
                f'fails: {type(error).__name__}: {error}'
            )
            return match[0]
        return f'```python\n{source}```'

    return BLOCK.sub(remake, part), sent


def formatted(source: str) -> str:
    """`source` as ruff fixes and formats it, or a ValueError."""
    stdin = ['--stdin-filename', 'recipe.py', '-']
    for words in (['format'], ['check', '--fix', '--quiet'], ['format']):
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
    """The smallest policy that allows the calls in `sent`."""
    allowed: Dict[str, set] = {}
    for line in sent:
        operation, region, *_ = line.split(' ')
        bucket = re.search(r"'Bucket': '([^']+)'", line) or {1: ''}
        if region == 'presigned' or operation in ('presigned', 'form', 'HTTP'):
            continue
        if operation not in ACTIONS:
            report(f'tests/actions.txt has no line for {operation}: add one')
        for entry in ACTIONS.get(operation, '').split(', '):
            action, _, arn = entry.partition(' ')
            arn = arn.replace('BUCKET', re.sub('….*', '*', bucket[1]))
            allowed.setdefault(arn, set()).add(action)
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


def tables(part: str, facts: List[Fact]) -> str:
    """`part` with whole tables, that of the mock with the rows of `facts`."""
    quotes = [quote for fact in facts for quote in fact.quotes]
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


def claims(page: str, facts: List[Fact], report: Callable) -> List[str]:
    """What the prose claims, where it has a source: a link, or a test that
    quotes it. A figure must have one."""
    found = []
    for unit in units(page):
        sources = re.findall(r'\]\[([^\]]+)\]', unit)
        for fact in facts:
            if any(quote in plain(unit) + unit for quote in fact.quotes):
                sources.append(fact.name)
        text = re.sub(r'`(\d+)`', r'\1', unit)
        text = plain(re.sub(r'`[^`]*`|Python \d\.\d+', '`', text))
        if re.search(r'(?<![\w.,-])\d', text) and not sources:
            report(
                f'{PAGE}: a link or a test must hold the figure in "{text}"'
            )
        if sources:
            found.append(f'{plain(unit)} [{", ".join(sources)}]')
    return found
