"""The menu, and what holds for every recipe: its demo prints its lines."""

import importlib
import os
import runpy
import sys
from unittest import mock

import pytest
from botocore.httpsession import URLLib3Session
from support import RECIPES, ROOT, printed_as

from main_aws_s3 import closed_world

FILES = [str(ROOT / 'recipes' / f'{name}.py') for name in RECIPES]


@pytest.mark.parametrize('name', RECIPES)
def test_a_demo_prints_its_lines(name, capsys):
    with closed_world():
        importlib.import_module(f'recipes.{name}').demo()
    printed = capsys.readouterr()
    assert printed_as(RECIPES[name]).fullmatch(printed.out), printed.out
    assert printed.err == ''


@pytest.mark.parametrize('run_name', ['__main__', 'imported'])
def test_run_or_imported_a_recipe_does_nothing(run_name, capsys):
    with mock.patch.object(URLLib3Session, 'send') as send:
        for path in FILES:
            runpy.run_path(path, run_name=run_name)
    assert capsys.readouterr() == ('', '')
    assert not send.called


@pytest.fixture
def menu(monkeypatch, capsys):
    def run(*words):
        """Return what `python -m recipes` prints with these words."""
        monkeypatch.setattr(sys, 'argv', ['recipes', *words])
        runpy.run_module('recipes', run_name='__main__')
        return capsys.readouterr().out

    return run


def test_the_menu_lists_each_recipe_by_its_need(menu):
    lines = [x for x in menu().splitlines() if x.startswith('  ')]
    needs = dict(line.split(maxsplit=1) for line in lines)
    assert sorted(needs) == sorted(RECIPES)
    for name, need in needs.items():
        assert RECIPES[name].startswith(f'"""{need}\n')
    assert menu('--help') == menu()


def test_the_menu_fits_a_terminal_of_80_columns(menu):
    assert max(map(len, menu().splitlines())) <= 80


def test_the_menu_runs_one_inside_the_mock(menu, hostile):
    with mock.patch.dict(os.environ, hostile):
        assert menu('create_bucket') == 'eu-central-1\nus-east-1\n'


def test_the_menu_helps_with_a_name_that_is_wrong(menu):
    with pytest.raises(SystemExit, match='foldr; did you mean sync_folder or'):
        menu('foldr')
    with pytest.raises(SystemExit, match='zzz: uv run python -m recipes list'):
        menu('zzz')
    with pytest.raises(SystemExit, match='There is no recipe errors --help'):
        menu('errors', '--help')


def test_a_python_with_an_old_mock_is_told_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['recipes', 'list_keys'])
    monkeypatch.setattr(sys, 'version_info', (3, 9, 0, 'final', 0))
    runpy.run_module('recipes', run_name='__main__')
    printed = capsys.readouterr()
    assert printed.err == (
        'The mock for this Python is too old for some recipes: they run on '
        'Python 3.10 and newer.\n'
    )
    assert printed_as(RECIPES['list_keys']).fullmatch(printed.out)
