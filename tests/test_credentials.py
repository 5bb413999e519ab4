"""Tests of recipes/credentials.py."""

import inspect
import os
import re
import sys
from unittest import mock

import boto3
import pytest
from botocore import exceptions as errors

from credentials import who_am_i
from main_aws_s3 import closed_world

SSO = 'sso_account_id = 1\nsso_role_name = x\nsso_region = us-east-1\n'


ROLE = 'role_arn = arn:aws:iam::123456789012:role/x'


PROCESS = f'credential_process = "{sys.executable}"'


# Without botocore[crt], or with it.
NO_LOGIN = (errors.MissingDependencyException, errors.LoginTokenLoadError)


@pytest.mark.parametrize(
    ('profile', 'error'),
    [
        ('', errors.NoCredentialsError),
        ('aws_access_key_id = x', errors.PartialCredentialsError),
        (ROLE, errors.PartialCredentialsError),
        (SSO, errors.InvalidConfigError),
        ('role_arn = x\nsource_profile = nobody', errors.InvalidConfigError),
        (f'{SSO}sso_start_url = https://x', errors.SSOTokenLoadError),
        ('login_session = x', NO_LOGIN),
        (f'{PROCESS} -c exit(1)', errors.CredentialRetrievalError),
        ('credential_process = ./absent', FileNotFoundError),
        (f'{PROCESS} -c 0', ValueError),
    ],
)
def test_who_am_i_raises_what_its_docstring_says(profile, error, tmp_path):
    (tmp_path / 'config').write_text(f'[default]\n{profile}')
    settings = {
        'HOME': os.devnull,
        'AWS_CONFIG_FILE': str(tmp_path / 'config'),
        'AWS_EC2_METADATA_DISABLED': 'true',
    }
    alone = mock.patch.dict(os.environ, settings, clear=True)
    with closed_world(), alone, pytest.raises(error):
        who_am_i(boto3.Session())


def test_a_session_with_an_unknown_profile_is_refused(s3):
    with pytest.raises(errors.ProfileNotFound):
        boto3.Session(profile_name='nobody')


def test_the_errors_that_who_am_i_names_exist():
    raises = inspect.getdoc(who_am_i).partition('Raises:')[2]
    names = re.findall(r'^ {4}([A-Z].*):', raises, re.MULTILINE)
    names = {name for line in names for name in line.split(', ')}
    assert len(names) > 10
    assert names <= {
        *dir(errors),
        'FileNotFoundError',
        'ValueError',
        'EOFError',
    }
