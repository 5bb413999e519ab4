"""The menu: `python -m recipes` lists the recipes, with a name it runs one.

A recipe runs where the tour runs: inside the mock, on no account. Only
`real_tour` takes options, and with them it runs on your own account.
"""

import ast
import importlib
import sys
import warnings
from difflib import get_close_matches
from pathlib import Path

from logging_utils import terminal
from main_aws_s3 import closed_world

# In the order of README.md.
TOPICS = {
    'Move files': [
        'upload_and_download',
        'upload_folder',
        'download_folder',
        'sync_folder',
        'copy_or_move',
        'many_objects',
        'read_part',
        'streams',
        'resume_upload',
    ],
    'Find': ['list_keys', 'find_objects', 'errors'],
    'Share': [
        'presigned_url',
        'presigned_form',
        'presigned_parts',
        'bucket_policy',
        'public_buckets',
        'events',
    ],
    'Change and remove': [
        'safe_writes',
        'metadata_and_tags',
        'versions',
        'restore_archived',
        'empty_bucket',
        'lifecycle',
    ],
    'Set up': [
        'create_bucket',
        'credentials',
        'production',
        'encryption',
        'other_stores',
    ],
    'Learn and test': ['real_tour', 'see_requests', 'test_your_code'],
}
NAMES = [name for names in TOPICS.values() for name in names]
COMMAND = 'uv run python -m recipes'


def menu() -> None:
    """Print a line for each recipe: its name, and the need that it meets."""
    width = max(map(len, NAMES))
    for topic, names in TOPICS.items():
        print(topic)
        for name in names:
            path = Path(__file__).with_name(f'{name}.py')
            need = ast.get_docstring(ast.parse(path.read_bytes())) or ''
            print(f'  {name:<{width}}  {need.splitlines()[0]}')
    print(f'\nRun one inside the mock: {COMMAND} NAME')


def run(name: str) -> None:
    """Run a recipe's demo inside the mock."""
    if sys.version_info < (3, 10):
        print(
            'The mock for this Python is too old for some recipes: they run '
            'on Python 3.10 and newer.',
            file=sys.stderr,
        )
    with closed_world():
        importlib.import_module(f'recipes.{name}').demo()


def main() -> None:
    # As in the tour: boto3 warns of a Python that it is about to drop.
    warnings.filterwarnings('ignore', '.*Python 3')
    name, *options = sys.argv[1:] or ['--help']
    if name in ('-h', '--help'):
        menu()
    elif name == 'real_tour' and options:
        real_tour = importlib.import_module('recipes.real_tour')
        sys.exit(real_tour.main(options))
    elif name in NAMES and not options:
        run(name)
    else:
        name = ' '.join([name, *options])
        near = ' or '.join(get_close_matches(name, NAMES, cutoff=0.5))
        meant = f'; did you mean {near}?' if near else ':'
        sys.exit(f'There is no recipe {name}{meant} {COMMAND} lists all.')


if __name__ == '__main__':
    with terminal():
        main()
