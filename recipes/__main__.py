"""The menu: `python -m recipes` lists the recipes, with a name it shows one.

A recipe runs where the tour runs: inside the mock, on no account. Only
`real_tour` takes options, and with them it runs on your own account.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
import warnings
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from symtable import symtable
from textwrap import dedent

FOLDER = Path(__file__).resolve().parent
# Recipes import each other by plain name, and the tour from above.
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

from logging_utils import terminal  # noqa: E402
from main_aws_s3 import closed_world  # noqa: E402

# In the order of README.md.
TOPICS = {
    'Move files': [
        'upload_and_download',
        'upload_folder',
        'download_folder',
        'sync_folder',
        'move_objects',
        'read_write_many',
        'open_object',
        'read_rows',
        'upload_chunks',
        'resume_upload',
    ],
    'Find': ['list_objects', 'handle_errors'],
    'Share': [
        'presigned_url',
        'presigned_form',
        'presigned_parts',
        'bucket_policy',
        'public_buckets',
        'receive_events',
    ],
    'Change and remove': [
        'safe_writes',
        'metadata_and_tags',
        'versions',
        'restore_archived',
        'delete_folder',
        'lifecycle',
    ],
    'Set up': [
        'create_bucket',
        'credentials',
        'configure_client',
        'encryption',
        'other_stores',
    ],
    'Learn and test': ['real_tour', 'see_requests', 'test_your_code'],
}
NAMES = [name for names in TOPICS.values() for name in names]
COMMAND = 'uv run python -m recipes'
# Said around the words that somebody looks for, or of nearly all recipes.
FILLERS = {
    'and',
    'can',
    'does',
    'file',
    'files',
    'for',
    'from',
    'has',
    'how',
    'set',
    'the',
    'this',
    'what',
    'with',
}


@lru_cache
def docstring(name: str) -> str:
    """Return what a recipe's file begins with, without parsing the rest."""
    text = (FOLDER / f'{name}.py').read_text('utf-8')
    return str(ast.literal_eval('"""' + text.split('"""')[1] + '"""'))


def menu_line(name: str) -> str:
    """Return a recipe's name, and the need that it meets."""
    need = docstring(name).splitlines()[0]
    return f'  {name:<{max(map(len, NAMES))}}  {need}'


def print_menu() -> None:
    for topic, names in TOPICS.items():
        print('\n'.join([topic, *map(menu_line, names)]))
    print(f'\nSee one run inside the mock: {COMMAND} NAME')
    print(f'Look for one by words:       {COMMAND} WORD ...')


def suggest(wish: str) -> str:
    """Return what to say where there is no recipe of that name."""
    all_words = re.findall(r'\w+', wish.lower())
    words = [x for x in all_words if x[2:] and x not in FILLERS] or all_words
    found = {name: sum(points(name, x) for x in words) for name in NAMES}
    best = max(found.values())
    near = [name for name in NAMES if found[name] > best / 2]
    near.sort(key=lambda name: -found[name])
    what = 'These are about it'
    if not near:  # misspelled
        parts = {x: name for name in NAMES for x in [name, *name.split('_')]}
        close = get_close_matches(wish.lower(), parts, cutoff=0.7)
        near = [*dict.fromkeys(parts[part] for part in close)]
        what = 'Did you mean'
    if not near:
        return f'There is no recipe {wish}: {COMMAND} lists all.'
    lines = [f'There is no recipe {wish}. {what}:', *map(menu_line, near[:6])]
    return '\n'.join(lines)


def points(name: str, word: str) -> int:
    """Return how well a word stands for a recipe; 0 if it knows it not."""
    text = re.sub('https://.*', '', docstring(name))
    topic = next(topic for topic, names in TOPICS.items() if name in names)
    places = [text, f'{topic} {row(name)}', text.splitlines()[0], name]
    stem = re.escape(word[:-1] if word[3:] and word[-1] == 's' else word)
    known = [
        number
        for number, place in zip((1, 4, 9, 12), places)
        # At the start of a word: "day" is not in "Monday".
        if re.search(rf'(?<![^\W_]){stem}', place.lower())
    ]
    return max(known, default=0)


@lru_cache
def row(name: str) -> str:
    """Return what README.md calls the need, in its table of recipes."""
    page = FOLDER.parent / 'README.md'
    link = re.escape(f' | [{name}](recipes/{name}.py) |')
    found = re.search(rf'^\| (.*){link}$', page.read_text('utf-8'), re.M)
    return found[1] if found else ''


def names_it_finds(code: str) -> set[str]:
    """Return the names that code reads, and does not make itself."""
    top = symtable(code, '', 'exec')
    tables = [top]
    for table in tables:
        tables += table.get_children()
    names = {
        symbol.get_name()
        for table in tables
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (table is top or symbol.is_global())
    }
    made = {x.get_name() for x in top.get_symbols() if x.is_assigned()}
    return names - made


def show(name: str) -> None:
    """Print what a recipe is for, and its demo, statement by statement."""
    text = docstring(name)
    print(text.splitlines()[0])
    in_short = re.search(r'^In short:\n+((?: {4}.*\n|\n)+)', text, re.M)
    more = 'Functions to copy'
    if in_short:
        answer = in_short[1].rstrip()
        names = names_it_finds(dedent(answer))
        given = [
            'a client `s3`' if each == 's3' else f'`{each}`'
            for each in ('s3', 'bucket', 'key', 'prefix')
            if each in names
        ]
        print(f'\nIn short{", given " if given else ""}{", ".join(given)}:')
        print(f'\n{answer}')
        more = 'What goes wrong with that, and functions to copy'
    along = re.search(r'Copy ([^.]*(?:\.py[^.]*)+) along', text)
    others = f', with {" ".join(along[1].split())}' if along else ''
    print(f'\n{more}: recipes/{name}.py{others}. Its demo:\n')
    with closed_world():
        Walk(name).run()


class Walk:
    """A recipe's demo, of which each statement is printed before it runs."""

    def __init__(self, name: str) -> None:
        self.name, self.path = name, FOLDER / f'{name}.py'
        source = self.path.read_text('utf-8')
        self.lines = source.splitlines()
        self.demo = next(
            node
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef) and node.name == 'demo'
        )

    def run(self) -> None:
        function = self.demo
        function.body = self.with_prints(function.body, function.lineno + 1)
        module = ast.fix_missing_locations(ast.Module([function], []))
        # Annotations of a demo are for mypy, and name what is not imported.
        flags = annotations.compiler_flag
        code = compile(module, str(self.path), 'exec', flags)
        # The recipe's own names, and one more, in a copy.
        recipe = importlib.import_module(self.name)
        names = {**vars(recipe), '_print': self.print}
        exec(code, names)
        names['demo']()

    def with_prints(self, body: list[ast.stmt], first: int) -> list[ast.stmt]:
        """Put a call of `print` before each statement, also in a `with`."""
        result: list[ast.stmt] = []
        for node in body:
            # What stands above a statement, as a comment does, goes with it.
            last = after = node.end_lineno or node.lineno
            if isinstance(node, ast.With):
                last = node.body[0].lineno - 1
                while self.lines[last - 1].lstrip().startswith('#'):
                    last -= 1
                node.body = self.with_prints(node.body, last + 1)
            call = f'_print({first}, {node.lineno}, {last})'
            result += [*ast.parse(call).body, node]
            first = after + 1
        return result

    def print(self, first: int, start: int, last: int) -> None:
        """Print these lines as a Python session would show them."""
        nested = self.lines[start - 1].startswith(' ' * 5)
        for number in range(first, last + 1):
            line = self.lines[number - 1][4:]
            if line.lstrip().startswith('#>'):
                continue  # what it will print
            begins = number <= start and not line.startswith(' ')
            prompt = '>>> ' if begins else '... '
            # In a `with`, an empty line would end the session's block.
            print(prompt + line if line else '...' if nested else '')
        sys.stdout.flush()


def main() -> None:
    # As in the tour: boto3 warns of a Python that it is about to drop.
    warnings.filterwarnings('ignore', '.*Python 3')
    name, *options = sys.argv[1:] or ['--help']
    if name.endswith('.py'):  # its path, as a shell completes it
        name = Path(name).stem
    if name in ('-h', '--help'):
        print_menu()
    elif name == 'real_tour' and options:
        sys.exit(importlib.import_module(name).main(options))
    elif name in NAMES and not options:
        if sys.version_info < (3, 10):
            print(
                'The mock for this Python is too old for some recipes: they '
                'run on Python 3.10 and newer.',
                file=sys.stderr,
            )
        show(name)
    else:
        sys.exit(suggest(' '.join([name, *options])))


if __name__ == '__main__':
    with terminal():
        main()
