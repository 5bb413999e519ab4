"""What several tests need: texts, masks, and a bare environment."""

import os
import re
from importlib.util import find_spec
from pathlib import Path

# Only .ci/run has both: a first `uv run` should not fetch them.
HAS_TABLES = bool(find_spec('pandas') and find_spec('pyarrow'))
ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text(encoding='utf-8')
RECIPES = {
    path.stem: path.read_text(encoding='utf-8')
    for path in sorted((ROOT / 'recipes').glob('[a-z]*.py'))
}

# Their own functions send nothing to S3 in the demo.
SILENT = {
    'configure_client',
    'credentials',
    'other_stores',
    'public_buckets',
    'real_tour',
    'see_requests',
    'test_your_code',
}


def mask(text):
    """Return output of the tour, masked where it differs from run to run."""
    text = re.sub(r'^\[[\d:.]{12}\]', '[TIME]', text, flags=re.MULTILINE)
    text = re.sub(r'(?<=Last-Modified: )[\d: -]{19}', 'DATE', text)
    return re.sub(r'(?<=URL length: )\d{3}', 'NNN', text)


def printed_as(source):
    """Return a pattern of what code prints, by its `#>` lines.

    `…` stands for the rest of a line or a part of it; where it is all there
    is of a line, for any number of lines.
    """
    lines = re.findall(r'^ *#> ?(.*)$', source, re.MULTILINE)
    assert lines, 'nothing says what it prints'
    patterns = [
        r'(?:.*\n)*?' if line == '…' else f'{re.escape(line)}\n'
        for line in lines
    ]
    return re.compile(''.join(patterns).replace('…', '.*?'))


def demo_of(name):
    """Return the source of a recipe's demo, line by line."""
    body = RECIPES[name].partition('\ndef demo() -> None:\n')[2]
    return (
        re.split(r'^\S', body, maxsplit=1, flags=re.M)[0].rstrip().split('\n')
    )


def check_walk(name, told):
    """See that a demo is told whole, in the order of the file.

    Every line of code is there, and all that its `#>` lines say.
    """
    source = demo_of(name)
    code = [x[4:] for x in source if x and not x.lstrip().startswith('#>')]
    lines = told.split('\n')
    assert [x[4:] for x in lines if x[:4] in ('>>> ', '... ')] == code
    shown = re.sub(r'^(>>> .*|\.\.\. .*|\.\.\.|)\n', '', told, flags=re.M)
    pattern = printed_as('\n'.join(source)).pattern
    # An empty line between statements is none that a demo prints.
    pattern = re.sub(r'^\n', '', pattern, flags=re.M)
    assert re.fullmatch(pattern, shown), shown
    # What a statement of one line prints stands directly below it.
    for before, line in zip(source, source[1:]):
        prompt = f'>>> {before[4:]}\n'
        if re.match(r'    #> [^…]+$', line) and prompt in told:
            assert f'{prompt}{line[7:]}\n' in told


def rows(title):
    """Return the rows of the table under that heading, as lists of cells."""
    part = README.partition(f'\n## {title}\n')[2].partition('\n## ')[0]
    table = re.findall(r'^\| (.*) \|$', part, re.MULTILINE)
    return [re.split(r' \| ?', row) for row in table if '---' not in row][1:]


def made_env(**variables):
    """Return `variables`, what a Python needs to start, and nothing else."""
    basics = {'PATH', 'SYSTEMROOT', 'TMPDIR', 'TEMP', 'TMP'}
    kept = {k: v for k, v in os.environ.items() if k.upper() in basics}
    return {**kept, **variables}


def asked(s3, operation):
    """Return what holds the last parameters of this operation from now on."""
    asked = {}

    def keep(params, **_):
        asked.update(params)

    s3.meta.events.register(f'provide-client-params.s3.{operation}', keep)
    return asked


def keys(s3):
    """Return the keys of the bucket `bucket`."""
    page = s3.list_objects_v2(Bucket='bucket')
    return [entry['Key'] for entry in page.get('Contents', [])]


def read(s3, key='key'):
    """Return what an object of the bucket `bucket` has in it."""
    return s3.get_object(Bucket='bucket', Key=key)['Body'].read()
