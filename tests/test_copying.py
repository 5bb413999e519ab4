"""A recipe works where it is copied, with the files that it names."""

import ast
import re
import subprocess
import sys

import pytest

from support import RECIPES, made_env

# Names by which programs import something else.
TAKEN = {'boto3', 'errors', 'events', 'mock', 'requests', 'streams', 'utils'}


def needed(name):
    """Return the recipes that a recipe imports, and those that they do."""
    names = {
        node.module
        for node in ast.walk(ast.parse(RECIPES[name]))
        if isinstance(node, ast.ImportFrom) and node.module in RECIPES
    }
    return names.union(*map(needed, names))


def named(name):
    """Return the files that the docstring says to copy along."""
    text = ' '.join(ast.get_docstring(ast.parse(RECIPES[name])).split())
    said = ' '.join(re.findall(r'Copy ([^.]*(?:\.py[^.]*)+) along', text))
    return {*re.findall(r'(\w+)\.py', said)}


@pytest.mark.parametrize('name', RECIPES)
def test_it_names_what_it_needs_and_no_more(name):
    assert named(name) == needed(name)


def test_each_is_imported_in_a_folder_of_its_own(tmp_path):
    for name in RECIPES:
        (tmp_path / name).mkdir()
        for copied in {name, *named(name)}:
            text = RECIPES[copied]
            (tmp_path / name / f'{copied}.py').write_text(text, 'utf-8')
    code = (
        'import importlib, sys\n'
        'for name in sys.argv[2:]:\n'
        "    sys.path.insert(0, f'{sys.argv[1]}/{name}')\n"
        '    importlib.import_module(name)\n'
        '    del sys.path[0]\n'
        '    for used in set(sys.argv[2:]) & set(sys.modules):\n'
        '        del sys.modules[used]\n'
    )
    words = [sys.executable, '-c', code, str(tmp_path), *RECIPES]
    subprocess.run(words, cwd=tmp_path, env=made_env(), check=True, timeout=60)


def test_no_recipe_is_named_like_a_module_that_people_have():
    standard = getattr(sys, 'stdlib_module_names', set())  # Python 3.10
    assert not {*RECIPES} & {*standard, *TAKEN}


def test_what_two_recipes_need_is_in_one_of_them():
    """One function, one name, one meaning."""
    names = {}
    for recipe, source in RECIPES.items():
        for node in ast.parse(source).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                names.setdefault(node.name, []).append(recipe)
    del names['demo']
    twice = {name: where for name, where in names.items() if where[1:]}
    assert twice == {'abort': ['presigned_parts', 'resume_upload']}
