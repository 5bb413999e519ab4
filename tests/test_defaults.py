"""What a function does where nothing is said hurts nobody.

A line for each name of a parameter, in all recipes. Each is held against
something else: a limit of S3, boto3's own default, another recipe.
"""

import importlib
import inspect

import boto3
import pytest
from botocore.config import Config

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
}
# fmt: on


def defaults():
    for name in RECIPES:
        module = importlib.import_module(name)
        for _, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                for x in inspect.signature(function).parameters.values():
                    if x.default not in (x.empty, None):
                        where = f'{name}.{function.__name__}'
                        yield pytest.param(x, id=f'{where}-{x.name}')


@pytest.mark.parametrize('parameter', [*defaults()])
def test_a_default_hurts_nobody(parameter):
    assert DEFAULTS[parameter.name](parameter.default), parameter


def test_timeouts_are_those_of_boto3(s3):
    """A shorter one ends uploads as soon as the network stalls."""
    import configure_client

    client = configure_client.client_for_threads('us-east-1', threads=20)
    for name in ('connect_timeout', 'read_timeout'):
        assert getattr(client.meta.config, name) == getattr(Config(), name)
