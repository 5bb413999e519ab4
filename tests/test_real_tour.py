"""The tour on somebody's account asks, and leaves nothing behind."""

import io
import json
import os
import re
import runpy
import sys
import warnings
from unittest import mock

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

import main_aws_s3
import real_tour
from support import README, RECIPES, printed_as

ON_MY_ACCOUNT = ['--on-my-account', '--yes']
NO_NETWORK = EndpointConnectionError(endpoint_url='https://sts')
NAME = 's3-tour-12345678-1234-1234-1234-123456789abc-{}'


def run(monkeypatch, *words):
    """Run the recipe as somebody types it; return its exit status."""
    monkeypatch.setattr(sys, 'argv', ['recipes', 'real_tour', *words])
    try:
        runpy.run_module('recipes', run_name='__main__', alter_sys=False)
    except SystemExit as end:
        return end.code
    return 0


def fail(error):
    def handler(**_):
        raise error

    return handler


def refuse(code):
    """Let AWS respond to a call with this error."""

    def handler(**_):
        error = {'Error': {'Code': code, 'Message': 'so it says'}}
        return AWSResponse('', 403, {}, None), error

    return handler


@pytest.fixture
def sent(events):
    """The operations of S3 that have been sent, each with its bucket."""
    calls = []
    events.register(
        'before-parameter-build.s3',
        lambda params, model, **_: calls.append(
            (model.name, params.get('Bucket'))
        ),
    )
    return calls


def test_without_options_it_rehearses_the_whole_tour(monkeypatch, capsys):
    assert run(monkeypatch) == 0
    printed = capsys.readouterr()
    shown = re.sub('^>>> .*\n', '', printed.out, flags=re.MULTILINE)
    shown = shown.partition('Its demo:\n\n')[2]
    assert printed_as(RECIPES['real_tour']).fullmatch(shown)
    assert shown.startswith('A rehearsal')
    assert printed.out.count('=' * 70) == 22
    assert printed.err == ''


def test_with_options_it_does_not_run_in_the_mock(s3, monkeypatch, capsys):
    """Here, the account is that of the fixture, which has a bucket."""
    s3.create_bucket(Bucket='my-own-bucket')
    monkeypatch.setattr(main_aws_s3, 'closed_world', fail(AssertionError))
    assert run(monkeypatch, *ON_MY_ACCOUNT) == 0
    assert 'Found 3 buckets' in capsys.readouterr().out


def test_with_a_dot_it_sends_nothing(events, sent, capsys):
    with warnings.catch_warnings():  # it has been imported already
        warnings.simplefilter('ignore')
        runpy.run_module('real_tour', run_name='__main__')
    assert sent == []
    assert 'recipes real_tour' in capsys.readouterr().out


@pytest.mark.parametrize('answer', ['\n', '', 'no\n', 'yess\n'])
def test_nothing_is_sent_unless_the_answer_is_yes(
    sent, monkeypatch, capsys, answer
):
    monkeypatch.setattr(sys, 'stdin', io.StringIO(answer))
    assert run(monkeypatch, '--on-my-account') == 1
    assert sent == []
    printed = capsys.readouterr().out
    assert 'Account      123456789012\n' in printed
    assert printed.endswith('Go on? [y/N] Nothing was done.\n')


def test_yes_goes_on(sent, monkeypatch):
    monkeypatch.setattr(sys, 'stdin', io.StringIO('Y\n'))
    assert run(monkeypatch, '--on-my-account') == 0
    assert 'DeleteBucket' in dict(sent)


def test_it_names_no_profile_whose_credentials_are_not_used(
    s3, monkeypatch, capsys, tmp_path
):
    """Keys in the environment win over the profile that is set there."""
    (tmp_path / 'config').write_text('[profile work]\nregion = eu-west-1\n')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'config'))
    monkeypatch.setenv('AWS_PROFILE', 'work')
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)
    real_tour.print_account()
    printed = capsys.readouterr().out
    assert printed.endswith('Credentials  env\nRegion       us-east-1\n')
    assert 'work' not in printed


def test_its_policy_allows_what_it_sends_and_no_more(sent):
    assert real_tour.main(ON_MY_ACCOUNT) == 0
    doc = real_tour.__doc__
    policy = json.loads(doc[doc.index('{') : doc.rindex('}') + 1])
    allowed = {x for part in policy['Statement'] for x in part['Action']}
    needs = {
        # A copy needs what its GetObject and its PutObject need.
        'CopyObject': 'GetObject',
        'DeleteObjects': 'DeleteObject',
        'HeadBucket': 'ListBucket',
        'HeadObject': 'GetObject',
        'ListBuckets': 'ListAllMyBuckets',
        'ListObjectsV2': 'ListBucket',
    }
    assert allowed == {f's3:{needs.get(name, name)}' for name, _ in sent}
    buckets = {bucket for _, bucket in sent} - {None}
    assert len(buckets) == 2
    assert all(map(real_tour.PATTERN.fullmatch, buckets))


@pytest.mark.parametrize('operation', ['PutObject', 'CopyObject'])
def test_after_an_error_it_cleans_up(s3, events, capsys, operation):
    events.register(f'before-call.s3.{operation}', refuse('AccessDenied'))
    assert real_tour.main(ON_MY_ACCOUNT) == 1
    assert s3.list_buckets()['Buckets'] == []
    said = capsys.readouterr().err
    assert said.startswith('The tour stopped: An error occurred (AccessDenied')
    assert len(said.splitlines()) == 1


def test_after_ctrl_c_it_cleans_up_and_exits_with_130(s3, events, monkeypatch):
    events.register('before-call.s3.CopyObject', fail(KeyboardInterrupt))
    assert run(monkeypatch, *ON_MY_ACCOUNT) == 130
    assert s3.list_buckets()['Buckets'] == []


def test_where_nobody_reads_its_output_it_cleans_up(s3, monkeypatch):
    """As in `… | head -20`."""

    class Pipe(io.StringIO):
        def write(self, text):
            if 'Copying' in self.getvalue():
                raise BrokenPipeError
            return super().write(text)

    monkeypatch.setattr(sys, 'stdout', Pipe())
    with pytest.raises(BrokenPipeError):
        real_tour.main(ON_MY_ACCOUNT)
    assert s3.list_buckets()['Buckets'] == []


def test_a_refused_creation_leaves_nothing_to_worry_about(
    s3, events, sent, capsys
):
    events.register('before-call.s3.CreateBucket', refuse('AccessDenied'))
    # As for a bucket that is not there, without s3:ListBucket.
    events.register('before-call.s3.ListObjectsV2', refuse('AccessDenied'))
    assert real_tour.main(ON_MY_ACCOUNT) == 1
    assert [name for name, _ in sent] == ['CreateBucket']
    said = capsys.readouterr()
    assert said.out.endswith('No bucket was made, so nothing is left.\n')
    assert 'AccessDenied' in said.err


def test_a_refused_second_creation_leaves_the_first_to_remove(
    s3, events, capsys
):
    def refuse_second(params, **_):
        second = re.search(r'-2\b', params['url'])
        return refuse('TooManyBuckets')() if second else None

    events.register('before-call.s3.CreateBucket', refuse_second)
    assert real_tour.main(ON_MY_ACCOUNT) == 1
    assert s3.list_buckets()['Buckets'] == []
    removed = re.findall('^Removed s3-.*', capsys.readouterr().out, re.M)
    assert len(removed) == 1


def test_a_bucket_is_removed_whose_creation_got_no_response(s3, events):
    lost = fail(NO_NETWORK)
    events.register('after-call.s3.CreateBucket', lost)
    assert real_tour.main(ON_MY_ACCOUNT) == 1
    assert s3.list_buckets()['Buckets'] == []


def test_versioning_that_was_turned_on_is_told_what_to_do(s3, events, capsys):
    def turn_on(parsed, **_):
        for bucket in s3.list_buckets()['Buckets']:
            s3.put_bucket_versioning(
                Bucket=bucket['Name'],
                VersioningConfiguration={'Status': 'Enabled'},
            )

    events.register('after-call.s3.CreateBucket', turn_on)
    assert real_tour.main(ON_MY_ACCOUNT) == 1
    printed = capsys.readouterr().out
    assert 'in the console of S3, empty this bucket' in printed
    assert 'Try again' not in printed


def test_without_credentials_it_points_to_the_page(monkeypatch, capsys):
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)
    none = {'AWS_ACCESS_KEY_ID': '', 'AWS_EC2_METADATA_DISABLED': 'true'}
    with mock.patch.dict(os.environ, none):
        assert run(monkeypatch, *ON_MY_ACCOUNT) == 1
    said = capsys.readouterr().err
    [title] = re.findall('README.md, under "(.*)"', said)
    assert f'\n## {title}\n' in README


ROLE = 'role_arn = arn:aws:iam::123456789012:role/x\nsource_profile = x\n'
PROCESS = f'credential_process = {sys.executable} -c'


@pytest.mark.parametrize(
    ('profile', 'words'),
    [
        ('credential_process = ./absent', 'absent'),
        (f'{PROCESS} exit(1)', 'credential'),
        (f'{PROCESS} 0', 'Expecting value'),
        (f'{PROCESS} print([])', 'list'),
        (f'{ROLE}mfa_serial = x', 'a code of MFA'),
        (ROLE.replace('= x', '= nobody'), 'nobody'),
        ('aws_secret_access_key = x', 'README.md'),
    ],
)
def test_bad_settings_are_a_sentence(
    sent, monkeypatch, capsys, tmp_path, profile, words
):
    def no_terminal(*_):
        raise OSError

    keys = 'aws_access_key_id = x\naws_secret_access_key = x\n'
    config = tmp_path / 'config'
    config.write_text(f'[default]\n{profile}\n[profile x]\n{keys}')
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)
    monkeypatch.setattr('os.open', no_terminal)
    monkeypatch.setattr(sys, 'stdin', io.StringIO())
    settings = {
        'AWS_CONFIG_FILE': str(config),
        'AWS_ACCESS_KEY_ID': '',
        'AWS_EC2_METADATA_DISABLED': 'true',
    }
    with mock.patch.dict(os.environ, settings), warnings.catch_warnings():
        warnings.simplefilter('ignore')  # that a code could be seen
        assert run(monkeypatch, *ON_MY_ACCOUNT) == 1
    said = capsys.readouterr()
    assert re.search(f'^Nothing was done: .*{words}', said.err, re.M), said
    assert 'Traceback' not in said.err
    assert sent == []


@pytest.mark.parametrize(
    'variables', [{'AWS_PROFILE': 'nobody'}, {'AWS_ENDPOINT_URL': 'nowhere'}]
)
def test_without_an_account_it_says_so_in_a_sentence(
    sent, monkeypatch, capsys, variables
):
    monkeypatch.setattr(boto3, 'DEFAULT_SESSION', None)
    with mock.patch.dict(os.environ, variables):
        assert run(monkeypatch, *ON_MY_ACCOUNT) == 1
    said = capsys.readouterr()
    assert re.fullmatch('Nothing was done: .+\n', said.err)
    assert said.out == ''


@pytest.mark.parametrize('handler', [refuse('ExpiredToken'), fail(NO_NETWORK)])
def test_where_aws_does_not_answer_it_says_so_in_a_sentence(
    sent, events, monkeypatch, capsys, handler
):
    events.register('before-call.sts', handler)
    assert run(monkeypatch, *ON_MY_ACCOUNT) == 1
    said = capsys.readouterr()
    assert re.fullmatch('Nothing was done: .+\n', said.err)
    assert said.out == ''
    assert sent == []


def test_clean_up_removes_what_is_there_and_goes_on_after_an_error(
    s3, events, capsys
):
    first, second = NAME.format(1), NAME.format(2)
    for name in (first, second):
        s3.create_bucket(Bucket=name)
        s3.put_object(Bucket=name, Key='data/hello.txt')

    def deny(model, params, **_):
        if first in params['url']:
            return refuse('AccessDenied')()
        return None

    events.register('before-call.s3.DeleteBucket', deny)
    assert real_tour.main(['--clean-up', first, second]) == 1
    left = [bucket['Name'] for bucket in s3.list_buckets()['Buckets']]
    assert left == [first]
    printed = capsys.readouterr().out
    assert printed.endswith(f'real_tour --clean-up {first}\n')


def test_clean_up_of_what_is_gone_is_no_error(s3, capsys):
    assert real_tour.main(['--clean-up', NAME.format(1)]) == 0
    assert f'Gone: {NAME.format(1)}\n' in capsys.readouterr().out


@pytest.mark.parametrize(
    'name', ['my-bucket', 's3-tour-mine', NAME.format(3), NAME.format('1x')]
)
def test_clean_up_leaves_other_buckets_alone(s3, sent, capsys, name):
    s3.create_bucket(Bucket=name)
    sent.clear()
    with pytest.raises(SystemExit, match='2'):
        real_tour.main(['--clean-up', NAME.format(1), name])
    assert f'no tour makes a bucket {name!r}' in capsys.readouterr().err
    assert sent == []


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (['--yes'], 'say --on-my-account, or --clean-up and names'),
        (['--on'], 'unrecognized arguments: --on'),
        (['--on-my-acount'], 'unrecognized arguments: --on-my-acount'),
        (['--on-my-account', 'mine'], 'unrecognized arguments: mine'),
        (['--clean-up'], 'expected at least one argument'),
        (['--on-my-account', '--clean-up', NAME.format(1)], 'not allowed'),
    ],
)
def test_other_words_do_nothing_and_are_named(
    sent, monkeypatch, capsys, words, said
):
    assert run(monkeypatch, *words) == 2
    assert sent == []
    assert said in capsys.readouterr().err
