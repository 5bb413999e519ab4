"""The menu: `python -m recipes` lists the recipes, with a name it runs one.

A recipe runs where the tour runs: inside the mock, on no account.
"""

import ast
import importlib
import sys
from difflib import get_close_matches
from pathlib import Path

from logging_utils import quiet_end
from main_aws_s3 import closed_world

RECIPES = {
    path.stem: path.read_text(encoding='utf-8')
    for path in sorted(Path(__file__).parent.glob('[a-z]*.py'))
}


def menu() -> None:
    """Print a line for each recipe: its name, and the need that it meets."""
    width = max(map(len, RECIPES))
    for name, source in RECIPES.items():
        need = ast.get_docstring(ast.parse(source)) or ''
        print(f'{name:<{width}}  {need.splitlines()[0]}')
    print('\nRun one inside the mock: uv run python -m recipes NAME')


def main() -> None:
    name = ' '.join(sys.argv[1:])
    if name in ('', '-h', '--help'):
        menu()
    elif name in RECIPES:
        with closed_world():
            importlib.import_module(f'recipes.{name}').demo()
    else:
        near = ' or '.join(get_close_matches(name, RECIPES, cutoff=0.5))
        meant = f'; did you mean {near}?' if near else ':'
        command = 'uv run python -m recipes'
        sys.exit(f'There is no recipe {name}{meant} {command} lists all.')


if __name__ == '__main__':
    with quiet_end():
        main()
