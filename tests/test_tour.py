"""The tour as a reader runs it, and what stops it."""

from datetime import datetime, timedelta, timezone
from inspect import unwrap

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import WaiterError
from botocore.signers import RequestSigner
from support import PINNED, SCRIPT, handler, mask, run_python, spying

import main_aws_s3


def test_the_script_prints_the_tour_and_nothing_else(plain):
    run = run_python(SCRIPT)
    assert run.stderr == ''
    assert mask(run.stdout) == plain
    assert run.returncode == 0


def test_pinned_lines_are_where_others_cite_them():
    lines = SCRIPT.read_text(encoding='utf-8').splitlines()
    assert {n: lines[n - 1].strip() for n in PINNED} == PINNED


def test_date_and_length_told_are_those_of_upload_and_url(capsys):
    urls = []
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    sign = 'generate_presigned_url'
    with spying(RequestSigner, sign, lambda url, *_, **__: urls.append(url)):
        main_aws_s3.main()
    after = datetime.now(timezone.utc)
    output = capsys.readouterr().out
    told = output.partition('Last-Modified: ')[2].splitlines()[0]
    assert before <= datetime.fromisoformat(told) <= after
    assert f'URL length: {len(urls[0])} characters' in output


def test_sizes_are_told_in_kb_of_1024_bytes(tour):
    def grow(parsed, **_):
        parsed['Contents'][0]['Size'] = 100 * 1024

    with handler('after-call.s3.ListObjectsV2', grow):
        assert '(100.00 KB)' in tour()


def test_a_step_that_fails_ends_the_script_there_with_a_status():
    code = f"""
import botocore.handlers, runpy
def refuse(**_): raise RuntimeError('refused')
event = 'before-send.s3.CopyObject'
botocore.handlers.BUILTIN_HANDLERS.append((event, refuse))
runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"""
    run = run_python('-c', code, env={'PYTHONPATH': str(SCRIPT.parent)})
    assert run.returncode == 1
    assert run.stderr.endswith('RuntimeError: refused\n')
    assert run.stdout.endswith(f'  9. Copying Objects\n{"=" * 70}\n')


def test_a_batch_that_deletes_only_a_part_stops_the_tour(tour):
    def fail_one(parsed, **_):
        failed = parsed['Deleted'].pop()
        parsed['Errors'] = [{**failed, 'Code': 'InternalError'}]

    with handler('after-call.s3.DeleteObjects', fail_one), pytest.raises(
        RuntimeError
    ) as error:
        tour()
    told = "[{'Key': 'images/sample.png', 'Code': 'InternalError'}]"
    assert str(error.value) == f'Not deleted: {told}'


@pytest.mark.parametrize('left', unwrap(main_aws_s3.main).__defaults__)
def test_a_bucket_left_behind_is_found_by_asking(tour, monkeypatch, left):
    monkeypatch.setattr('time.sleep', lambda _: None)
    asked = []

    def keep(params, **_):
        if left in params['url']:
            return AWSResponse(params['url'], 204, {}, None), {}
        return None

    with handler('before-call.s3.DeleteBucket', keep), handler(
        'before-call.s3.HeadBucket', lambda params, **_: asked.append(params)
    ), pytest.raises(WaiterError, match='BucketNotExists'):
        tour()

    assert left in asked[-1]['url']


@pytest.mark.parametrize('argument', ['--help', 'recipe.py'])
def test_an_argument_is_answered_in_a_sentence(argument):
    run = run_python(SCRIPT, argument)
    assert (run.returncode, run.stdout) == (1, '')
    told = 'The tour takes no arguments: uv run python main_aws_s3.py\n'
    assert run.stderr == told
