"""What a function does where nothing is said hurts nobody.

A line for each name of a parameter or a constant, in all recipes. Each is
held against something else: a limit of S3, boto3's own default, a recipe.
To add a name, say in its line what a value must not do, and to whom.
"""

import ast
import importlib
import inspect
import io
import re
from datetime import timedelta

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

import configure_client
import read_write_many
from main_aws_s3 import closed_world
from support import RECIPES

MB = 1024**2
with closed_world():
    SESSION = boto3.Session()
    S3 = SESSION.client('s3', region_name='us-east-1')
POOL = inspect.signature(read_write_many.client_for_many).parameters['threads']


def known(shape):
    """Return the values that S3's model has for this shape."""
    return S3.meta.service_model.shape_for(shape).enum


# fmt: off
DEFAULTS = {
    'delete': lambda x: x is False,  # nothing is lost unless it is asked for
    'dry_run': lambda x: x is False,
    'follow_links': lambda x: x is False,  # they may lead anywhere
    'once': lambda x: x is False,
    'stopped': lambda x: x is False,
    'skip': lambda x: x == (),  # all there is
    'threads': lambda x: 4 <= x <= POOL.default,  # or connections are lost
    'seconds': lambda x: 60 <= x <= 3600,  # who finds an old URL has nothing
    'part_size': lambda x: x >= 5 * MB,
    'buffer': lambda x: 128 * 1024 <= x <= MB,  # a request for each
    'pause': lambda x: 60 <= x <= 3600,  # an archive takes hours
    'prefix': lambda x: x == '',  # all there is
    'suffix': lambda x: x == '',
    'part': lambda x: x == '',  # of a URL: all of them
    'source': lambda x: x == '',
    'delimiter': lambda x: x == ',',
    'encoding': lambda x: x == 'utf-8-sig',  # UTF-8, with Excel's mark or not
    'count': lambda x: x == 1,  # `newest` and `oldest` are one object
    'content_type': lambda x: x == 'application/octet-stream',  # RFC 9110
    'storage_class': lambda x: x in known('TransitionStorageClass'),
    'tier': lambda x: x in known('Tier'),
    'region': lambda x: x in SESSION.get_available_regions('s3'),
    'partition': lambda x: x in SESSION.get_available_partitions(),
    'addressing_style': lambda x: x == 'path',  # what each store knows
    'write': lambda x: x is print,
    'size': lambda x: x == -1,  # these two as for files of Python
    'whence': lambda x: x == io.SEEK_SET,
}
CONSTANTS = {
    'MB': lambda x: x == MB,
    'DAY': lambda x: x == timedelta(days=1).total_seconds(),
    # An ETag is an MD5 up to the size from which boto3 sends parts.
    'LARGE': lambda x: x == TransferConfig().multipart_threshold,
    'SMALL': lambda x: 64 * 1024 <= x <= 8 * MB,  # sent in vain if refused
    'ONE_REQUEST': lambda x: x == 5 * 1024 * MB,  # what CopyObject takes
    'LARGEST': lambda x: x == 5 * 1024 * MB,  # what UploadPart takes
    'TRIES': lambda x: 5 <= x <= 20,  # others are first; yet it ends
    'PATIENCE': lambda x: 30 <= x <= 120,  # seconds; longer looks like dead
    'THREADS': lambda x: 2 <= x <= 10,  # batches of a thousand keys each
    'ROUNDS': lambda x: x > 1,
    'JUNCTION': lambda x: x == 0xA0000003,  # IO_REPARSE_TAG_MOUNT_POINT
    'KEPT_MARKS': lambda x: 8 <= x <= 32,  # all metadata are 2 KB at most
}
# fmt: on


def constants():
    for name in RECIPES:
        module = importlib.import_module(name)
        for node in ast.parse(RECIPES[name]).body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    constant = getattr(target, 'id', '')
                    value = getattr(module, constant, None)
                    if isinstance(value, (int, float)):
                        yield pytest.param(
                            constant, value, id=f'{name}-{constant}'
                        )


@pytest.mark.parametrize(('constant', 'value'), [*constants()])
def test_a_constant_is_what_s3_or_boto3_has(constant, value):
    assert constant in CONSTANTS, 'add it, with what its value must not do'
    assert CONSTANTS[constant](value), value


def defaults():
    for name in RECIPES:
        module = importlib.import_module(name)
        classes = [x for _, x in inspect.getmembers(module, inspect.isclass)]
        for owner in [module, *classes]:
            for _, function in inspect.getmembers(owner, inspect.isfunction):
                if function.__module__ == module.__name__:
                    for x in inspect.signature(function).parameters.values():
                        if x.default not in (x.empty, None):
                            where = f'{name}.{function.__qualname__}'
                            yield pytest.param(x, id=f'{where}-{x.name}')


@pytest.mark.parametrize('name', RECIPES)
def test_what_deletes_or_moves_must_be_told_where(name):
    """By a default, a variable that is forgotten would stand for all."""
    module = importlib.import_module(name)
    for what, function in inspect.getmembers(module, inspect.isfunction):
        if re.match('delete|empty|move|sync|undelete', what):
            where = inspect.signature(function).parameters.get('prefix')
            assert where is None or where.default is where.empty, what


@pytest.mark.parametrize('parameter', [*defaults()])
def test_a_default_hurts_nobody(parameter):
    name = parameter.name
    assert name in DEFAULTS, 'add it, with what its default must not do'
    assert DEFAULTS[name](parameter.default), parameter


def test_each_line_is_of_a_name_that_recipes_have():
    assert {*CONSTANTS} == {case.values[0] for case in constants()}
    assert {*DEFAULTS} == {case.values[0].name for case in defaults()}


@pytest.mark.parametrize('setting', ['connect_timeout', 'read_timeout'])
def test_a_timeout_is_that_of_boto3(s3, setting):
    """A shorter one ends uploads as soon as the network stalls."""
    client = configure_client.client_for_threads('us-east-1', threads=20)
    assert getattr(client.meta.config, setting) == getattr(Config(), setting)


def test_a_client_for_threads_tries_longer_and_shares_no_quota(s3):
    client = configure_client.client_for_threads('us-east-1', threads=20)
    retries = client.meta.config.retries
    assert retries['mode'] == 'legacy'  # the others have a quota
    assert 5 < retries['total_max_attempts'] <= 10


@pytest.mark.parametrize(
    'make',
    [configure_client.client_for_threads, read_write_many.client_for_many],
)
def test_each_thread_has_a_connection(s3, make):
    assert make('us-east-1', threads=37).meta.config.max_pool_connections == 37
