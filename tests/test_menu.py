"""The menu, and what it shows of a recipe: the need, and its demo as told."""

import os
import runpy
import subprocess
import sys
from unittest import mock

import pytest

from support import RECIPES, ROOT, SILENT, check_walk, made_env


@pytest.fixture
def menu(monkeypatch, capsys):
    def run(*words):
        """Return what `python -m recipes` prints with these words."""
        monkeypatch.setattr(sys, 'argv', ['recipes', *words])
        with mock.patch.object(sys, 'path', [*sys.path]):
            runpy.run_module('recipes', run_name='__main__')
        printed = capsys.readouterr()
        assert printed.err == ''
        return printed.out

    return run


@pytest.mark.parametrize('name', sorted(SILENT))
def test_it_tells_a_demo_statement_by_statement(name, menu):
    """Those of the others are told in test_faults.py, once for all."""
    check_walk(name, menu(name).partition('Its demo:\n')[2])


def test_an_empty_line_in_a_with_does_not_look_like_its_end(menu):
    inside = menu('credentials').partition('>>> with')[2]
    assert '\n...\n' in inside
    assert '\n\n' not in inside


def test_it_begins_with_need_answer_and_files(menu):
    printed = menu('resume_upload')
    lines = printed.split('\n')
    assert RECIPES['resume_upload'].startswith(f'"""{lines[0]}\n')
    given = 'In short, given a client `s3`, `bucket`, `key`:'
    assert lines[1:4] == ['', given, '']
    files = 'resume_upload.py, with read_write_many.py and upload_chunks.py.'
    assert f'recipes/{files}' in printed


@pytest.mark.parametrize(
    ('name', 'given'),
    [
        ('presigned_url', '`bucket`, `key`'),  # it makes `s3`
        ('list_objects', 'a client `s3`, `bucket`, `prefix`'),  # `key=`
        ('receive_events', 'a client `s3`, `bucket`, `key`'),  # in a function
    ],
)
def test_it_says_what_the_short_answer_does_not_make(name, given, menu):
    assert menu(name).split('\n')[2] == f'In short, given {given}:'


def test_it_lists_each_recipe_by_its_need(menu):
    lines = [x for x in menu().splitlines() if x.startswith('  ')]
    needs = dict(line.split(maxsplit=1) for line in lines)
    assert sorted(needs) == sorted(RECIPES)
    for name, need in needs.items():
        assert RECIPES[name].startswith(f'"""{need}\n')
    assert menu('--help') == menu()


def test_it_fits_a_terminal_of_80_columns(menu):
    assert max(map(len, menu().splitlines())) <= 80


def test_a_demo_runs_inside_the_mock(menu, hostile):
    with mock.patch.dict(os.environ, hostile):
        assert 'eu-central-1\n' in menu('create_bucket')


@pytest.mark.parametrize(
    ('word', 'name'),
    [
        ('delete', 'delete_folder'),
        ('Delete', 'lifecycle'),
        ('errors', 'handle_errors'),
        ('uplod_folder', 'upload_folder'),
        ('sycn', 'sync_folder'),
        ('glacier', 'restore_archived'),
        ('share', 'presigned_url'),  # a topic
        ('copy folder', 'move_objects'),
        ('dry run', 'sync_folder'),  # by its row in README.md
        ('fastapi', 'presigned_url'),  # by its docstring
        ('does this file exist', 'handle_errors'),
        ('undo a delete', 'versions'),
        ('upload form on a web page', 'presigned_form'),
        ('delete logs after 30 days', 'lifecycle'),
    ],
)
def test_a_word_leads_to_recipes_by_name_or_need(menu, word, name):
    with pytest.raises(
        SystemExit, match=rf'(?s)no recipe {word}\..*\n  {name} '
    ):
        menu(word)


def test_what_is_named_like_the_word_comes_first(menu):
    """That others delete, too, does not matter here."""
    with pytest.raises(
        SystemExit, match=r'These are about it:\n  delete_folder '
    ):
        menu('delete')


def test_what_only_mentions_a_word_is_left_out_where_others_are_for_it(menu):
    with pytest.raises(SystemExit) as found:
        menu('move')
    assert 'move_objects' in str(found.value)
    assert 'credentials' not in str(found.value)  # "remove", "Move files"
    assert len(str(found.value).splitlines()) < 5


def test_a_path_is_as_good_as_a_name(menu):
    assert menu('recipes/create_bucket.py') == menu('create_bucket')


def test_a_word_that_leads_nowhere_is_told_where_all_are(menu):
    with pytest.raises(SystemExit, match='zzz: uv run python -m recipes list'):
        menu('zzz')
    with pytest.raises(SystemExit, match='There is no recipe versions --help'):
        menu('versions', '--help')


def test_a_python_with_an_old_mock_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['recipes', 'list_objects'])
    monkeypatch.setattr(sys, 'version_info', (3, 9, 0, 'final', 0))
    runpy.run_module('recipes', run_name='__main__')
    printed = capsys.readouterr()
    assert printed.err == (
        'The mock for this Python is too old for some recipes: they run on '
        'Python 3.10 and newer.\n'
    )


@pytest.mark.parametrize('name', RECIPES)
def test_a_file_that_is_run_by_itself_says_how_to_run_it(name, capsys):
    """As by an editor's Run button."""
    runpy.run_path(str(ROOT / 'recipes' / f'{name}.py'), run_name='__main__')
    hint = f'See it run: uv run python -m recipes {name}\n'
    assert capsys.readouterr() == (hint, '')


def test_nothing_is_imported_twice():
    """Or `except SomeFailedError` would miss that of another recipe."""
    code = 'import runpy, sys; runpy.run_module("recipes", alter_sys=True)'
    names = '; '.join(f'import {name}' for name in RECIPES)
    check = "assert not [x for x in sys.modules if x.startswith('recipes.')]"
    subprocess.run(
        [sys.executable, '-c', f'{code}; {names}; {check}'],
        cwd=ROOT,
        env=made_env(),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
