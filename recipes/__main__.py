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
from pathlib import Path

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


def suggest(wish: str) -> str:
    """Return what to say where there is no recipe of that name."""
    lines = {
        name: f'{menu_line(name)} {topic}'.lower()
        for topic, names in TOPICS.items()
        for name in names
    }
    wish = wish.lower()
    near = [x for x in NAMES if all(word in lines[x] for word in wish.split())]
    near.sort(key=lambda name: wish not in name)  # names before needs
    if not near:  # misspelled: a name, or a word of a need
        words = {
            word: name
            for name in reversed(NAMES)
            for word in re.findall(r'\w+', lines[name])
        }
        close = get_close_matches(wish, words, cutoff=0.7)
        near = [words[word] for word in close]
    if not near:
        return f'There is no recipe {wish}: {COMMAND} lists all.'
    found = map(menu_line, dict.fromkeys(near))
    return '\n'.join([f'There is no recipe {wish}. Did you mean:', *found])


def show(name: str) -> None:
    """Print what a recipe is for, and its demo, statement by statement."""
    text = docstring(name)
    need = text.splitlines()[0]
    in_short = re.search(r'^In short:\n+((?: {4}.*\n|\n)+)', text, re.M)
    print(need)
    if in_short:
        print(f'\nIn short:\n\n{in_short[1].rstrip()}')
    print(f'\nMore, and functions to copy: recipes/{name}.py. Its demo:\n')
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
        for number in range(first, last + 1):
            line = self.lines[number - 1][4:]
            if line.lstrip().startswith('#>'):
                continue  # what it will print
            begins = number <= start and not line.startswith(' ')
            prompt = '>>> ' if begins else '... '
            print(prompt + line if line else '')
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
