"""What botocore and moto make anew for each test is made once.

A test still has a mock and clients of its own. What is shared is the same
for all of them: models, rules of endpoints, names of events, moto's URLs.
.ci/run also runs the tests without this file.
"""

import gc
import os
from functools import wraps

import botocore.session
from botocore import handlers, hooks, parsers, regions
from botocore.client import ClientCreator
from moto import backend_index
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

# moto finds the service of a URL by trying these one after another.
SERVICES = {'s3', 's3bucket_path', 'sqs', 'sts', 'kms', 'sns'}


def make_once(owner, name, key_of):
    """Have `owner.name` return for equal keys what it returned before."""
    make, made = getattr(owner, name), {}

    @wraps(make)
    def made_once(*args, **kwargs):
        key = key_of(*args, **kwargs)
        if key not in made:
            made[key] = make(*args, **kwargs)
        return made[key]

    is_static = isinstance(vars(owner).get(name), staticmethod)
    setattr(owner, name, staticmethod(made_once) if is_static else made_once)


make_once(botocore.session, 'create_loader', lambda *paths: paths)
make_once(ClientCreator, '_load_service_model', lambda _, name, *__: name)
make_once(ClientCreator, '_create_client_class', lambda _, name, __: name)
make_once(
    regions, 'EndpointProvider', lambda ruleset_data, **_: id(ruleset_data)
)
make_once(hooks.EventAliaser, '_alias_event_name', lambda _, name: name)
make_once(hooks, 'accepts_kwargs', lambda f: getattr(f, '__code__', f))
make_once(parsers, 'DEFAULT_TIMESTAMP_PARSER', lambda text: text)
make_once(
    S3Response,
    'subdomain_based_buckets',
    lambda *args: (  # in older ones, it is a method
        args[-1].headers.get('host'),
        args[-1].url,
        os.environ.get('MOTO_S3_CUSTOM_ENDPOINTS'),
    ),
)

# Each client gets a copy of all handlers: those of 150 other services, too.
handlers.BUILTIN_HANDLERS[:] = [
    handler
    for handler in handlers.BUILTIN_HANDLERS
    for service in [[*handler[0].split('.'), '*'][1]]
    if service in {*SERVICES, '*'} and not handler[0].startswith('docs.')
]


def copy_of(trie, node):
    """Return a node of the handlers' trie, without asking `copy` each time."""
    return {
        name: copy_of(trie, value)
        if isinstance(value, dict)
        else hooks.NodeList(*map(list, value))
        if isinstance(value, hooks.NodeList)
        else value
        for name, value in node.items()
    }


hooks._PrefixTrie._recursive_copy = copy_of
patterns = backend_index.backend_url_patterns
patterns[:] = [pattern for pattern in patterns if pattern[0] in SERVICES]
S3Backend.urls = S3Backend('us-east-1', 'any').urls

if hasattr(gc, 'freeze'):  # PyPy has none
    # What was imported lives on: no need to look at it again and again.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
