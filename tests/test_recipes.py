"""The menu, each recipe's demo, and what one demo does not show."""

import importlib
import re
import sys

import pytest
from support import RECIPES, ROOT, run_python

from main_aws_s3 import closed_world
from recipes.folder import Places, upload_folder

# The Python from which on its newest moto knows what the demo shows.
SINCE = {
    'folder': (3, 9),
    'presigned_url': (3, 10),
    'safe_writes': (3, 9),
    'upload_and_download': (3, 10),
}


def needs_new_moto(name):
    old = sys.version_info < SINCE.get(name, (3, 8))
    return pytest.param(name, marks=pytest.mark.skipif(old, reason='old moto'))


@pytest.mark.parametrize('name', [needs_new_moto(x) for x in RECIPES])
def test_a_demo_prints_its_lines(name, capsys):
    """`…` in a line stands for anything, alone for any lines."""
    lines = re.findall(r'^ *#> ?(.*)$', RECIPES[name], re.MULTILINE)
    assert lines
    with closed_world():
        importlib.import_module(f'recipes.{name}').demo()
    pattern = ''.join(f'{re.escape(line)}\n' for line in lines)
    pattern = pattern.replace('…\n', '(?:.*\n)*?').replace('…', '.*?')
    printed = capsys.readouterr()
    assert re.fullmatch(pattern, printed.out), printed.out
    assert printed.err == ''


def test_the_menu_lists_each_recipe_with_its_need():
    run = run_python('-m', 'recipes')
    assert (run.stderr, run.returncode) == ('', 0)
    listed = dict(
        re.split(' {2,}', line, maxsplit=1)
        for line in run.stdout.partition('\n\n')[0].splitlines()
    )
    assert listed == {
        name: source[3:].splitlines()[0] for name, source in RECIPES.items()
    }
    assert run.stdout == run_python('-m', 'recipes', '--help').stdout


def test_the_menu_runs_a_recipe_inside_the_mock(listener):
    env = {'AWS_ENDPOINT_URL': listener, 'AWS_REGION': 'nowhere'}
    run = run_python('-m', 'recipes', 'create_bucket', env=env)
    assert run.stdout == 'us-east-1\neu-central-1\n'
    assert (run.stderr, run.returncode) == ('', 0)


@pytest.mark.parametrize(
    ('name', 'told'),
    [
        ('fodler', '; did you mean folder? python -m recipes lists all.\n'),
        ('zzz', ': python -m recipes lists all.\n'),
    ],
)
def test_an_unknown_name_is_told_in_a_sentence(name, told):
    run = run_python('-m', 'recipes', name)
    assert (run.returncode, run.stdout) == (1, '')
    assert run.stderr == f'There is no recipe {name}{told}'


def test_run_or_imported_a_recipe_prints_and_sends_nothing(listener):
    """As a file by its path, all in one process with a hostile endpoint."""
    code = f"""
import pathlib, runpy
for path in sorted(pathlib.Path({str(ROOT / 'recipes')!r}).glob('[a-z]*.py')):
    runpy.run_path(str(path), run_name='__main__')
    runpy.run_path(str(path), run_name='imported')
"""
    env = {
        'AWS_ENDPOINT_URL': listener,
        'AWS_ACCESS_KEY_ID': 'x',
        'AWS_SECRET_ACCESS_KEY': 'x',
    }
    run = run_python('-W', 'ignore', '-c', code, env=env)
    assert (run.stdout, run.stderr, run.returncode) == ('', '', 0)


@pytest.mark.parametrize(
    'name',
    ['a//b', '/a', 'a/', 'a/./b', 'a/../b', '..', '.', 'a\x00b'],
)
def test_a_key_without_a_file_of_its_own_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match='is no file name'):
        Places(tmp_path.resolve()).take(name)


@pytest.mark.parametrize(
    'name',
    ['a:b', 'a\\b', 'NUL', 'com1.txt', 'x/aux', 'a.', 'a ', 'a?', 'a\x1fb'],
)
def test_windows_has_no_file_of_these_names(tmp_path, name):
    root = tmp_path.resolve()
    assert Places(root, False, False).take(name)
    with pytest.raises(ValueError, match='Windows has no file'):
        Places(root, True, True).take(name)


def test_two_keys_do_not_share_a_file(tmp_path):
    places = Places(tmp_path.resolve(), False, True)
    places.take('a')
    places.take('b/c')
    for name in ('a/b', 'A', 'B', 'b', 'B/C', 'b/C/d'):
        with pytest.raises(ValueError, match='its place is taken'):
            places.take(name)
    strict = Places(tmp_path.resolve(), False, False)
    assert len({strict.take(name) for name in ('a', 'A', 'ä', 'a\u0308')}) == 4


def test_links_lead_neither_in_nor_out(s3, tmp_path):
    s3.create_bucket(Bucket='links')
    outside, inside = tmp_path / 'outside', tmp_path / 'inside'
    outside.mkdir()
    inside.mkdir()
    (outside / 'secret').write_text('secret')
    (inside / 'file').symlink_to(outside / 'secret')
    (inside / 'folder').symlink_to(outside)
    (inside / 'own').write_text('own')
    assert upload_folder(s3, inside, 'links', 'x') == ['x/own']
    with pytest.raises(ValueError, match='leads out of the folder'):
        Places(inside.resolve()).take('folder/new')
