"""Tests of recipes/presigned_url.py."""

import re
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import presigned_form
import presigned_url
from faults import denied, lost, slow_down
from presigned_parts import part_urls
from presigned_url import allow_page, disallow_page, signing_client, upload_url

PAGE = 'https://www.example.com'
SIGNS = {
    'GET': lambda s3: presigned_url.download_url(s3, 'bucket', 'key'),
    'PUT': lambda s3: upload_url(s3, 'bucket', 'key', 'text/plain'),
    'POST': lambda s3: presigned_form.upload_form(s3, 'bucket', 'key', '', 1),
    'part': lambda s3: part_urls(s3, 'bucket', 'key', 'id', 1, 1),
}


@pytest.mark.parametrize('sign', SIGNS.values(), ids=SIGNS)
@pytest.mark.parametrize('version', [None, 's3', UNSIGNED])
def test_a_client_without_version_4_of_signatures_is_refused(
    sign, version, s3
):
    config = Config(signature_version=version)
    client = boto3.client('s3', region_name='us-east-1', config=config)
    with pytest.raises(ValueError, match='Not signed with Version 4'):
        sign(client)


@pytest.mark.parametrize('sign', SIGNS.values(), ids=SIGNS)
def test_a_plain_client_will_do_where_it_signs_with_version_4(sign, s3):
    assert sign(boto3.client('s3', region_name='eu-central-1'))


def test_the_host_is_the_regions_own(s3):
    url = SIGNS['GET'](signing_client('eu-central-1'))
    assert urlsplit(url).netloc == 'bucket.s3.eu-central-1.amazonaws.com'


@pytest.mark.parametrize(
    ('limits', 'signed'),
    [
        ({}, 'content-type;host'),
        ({'size': 5}, 'content-length;content-type;host'),
        ({'size': 0}, 'content-length;content-type;host'),
        ({'once': True}, 'content-type;host;if-none-match'),
        ({'sha256': 'x'}, 'content-type;host;x-amz-checksum-sha256'),
    ],
)
def test_an_upload_url_signs_its_limits(limits, signed, s3):
    v4 = signing_client('us-east-1')
    url = upload_url(v4, 'bucket', 'key', 'text/plain', **limits)
    query = parse_qs(urlsplit(url).query)
    assert query['X-Amz-SignedHeaders'] == [signed]


def test_the_seconds_are_signed(s3):
    v4 = signing_client('us-east-1')
    urls = [
        presigned_url.download_url(v4, 'bucket', 'key', seconds=7),
        upload_url(v4, 'bucket', 'key', 'text/plain', seconds=7),
        *part_urls(v4, 'bucket', 'key', 'id', 2, 2, seconds=7),
    ]
    assert all('X-Amz-Expires=7&' in url for url in urls)


def rules_of(s3):
    return s3.get_bucket_cors(Bucket='bucket')['CORSRules']


def put_rules(s3, *rules):
    s3.put_bucket_cors(
        Bucket='bucket', CORSConfiguration={'CORSRules': [*rules]}
    )


def test_a_page_may_read_write_and_play(s3, mine):
    allow_page(s3, 'bucket', f'{PAGE}/')
    url = SIGNS['PUT'](signing_client('us-east-1'))
    for method in ('GET', 'HEAD', 'PUT', 'POST'):
        headers = requests.options(
            url,
            headers={
                'Origin': PAGE,
                'Access-Control-Request-Method': method,
                'Access-Control-Request-Headers': 'if-none-match',
            },
            timeout=10,
        ).headers
        assert headers['Access-Control-Allow-Origin'] == PAGE
        allowed = headers['Access-Control-Allow-Methods']
        assert method in allowed
        assert 'DELETE' not in allowed, 'pages do not need it'
        assert headers['Access-Control-Allow-Headers'] == '*'
        assert {'ETag', 'Content-Range', 'Accept-Ranges'} == {
            *re.split(', *', headers['Access-Control-Expose-Headers'])
        }


THEIRS = {
    'ID': 'theirs',
    'AllowedOrigins': ['*'],
    'AllowedMethods': ['GET'],
    'AllowedHeaders': ['x-theirs'],
    'MaxAgeSeconds': 60,
}
NAMELESS = {'AllowedOrigins': ['*'], 'AllowedMethods': ['HEAD']}


def test_all_rules_but_the_pages_own_stay_as_they_are(s3, mine):
    put_rules(s3, THEIRS, NAMELESS)
    for origin in ('https://a.example', 'https://b.example'):
        allow_page(s3, 'bucket', origin)
        allow_page(s3, 'bucket', f'{origin}/')
    origins = [rule['AllowedOrigins'] for rule in rules_of(s3)[:2]]
    assert origins == [['https://b.example'], ['https://a.example']]
    assert rules_of(s3)[2:] == [THEIRS, NAMELESS]


@pytest.mark.parametrize('origin', ['*', PAGE, 'https://*.example.com'])
def test_what_an_older_rule_exposes_stays_exposed(origin, s3, mine):
    older = {**NAMELESS, 'AllowedOrigins': ['https://x.example', origin]}
    put_rules(s3, {**older, 'ExposeHeaders': ['x-amz-meta-a', 'ETag']})
    for _ in range(2):
        allow_page(s3, 'bucket', PAGE)
        exposed = rules_of(s3)[0]['ExposeHeaders']
        assert exposed.count('ETag') == exposed.count('x-amz-meta-a') == 1


def test_what_others_may_read_is_not_exposed(s3, mine):
    others = ['https://*.example.org', 'http://www.example.com', 'https://www']
    rule = {**NAMELESS, 'AllowedOrigins': others, 'ExposeHeaders': ['x-a']}
    put_rules(s3, rule)
    allow_page(s3, 'bucket', PAGE)
    assert 'x-a' not in rules_of(s3)[0]['ExposeHeaders']


def test_a_page_is_disallowed_as_it_was_allowed(s3, mine):
    put_rules(s3, THEIRS, NAMELESS)
    for origin in (PAGE, 'https://b.example'):
        allow_page(s3, 'bucket', origin)
    before = rules_of(s3)
    disallow_page(s3, 'bucket', f'{PAGE}/')
    assert rules_of(s3) == [before[0], THEIRS, NAMELESS]
    disallow_page(s3, 'bucket', 'https://b.example')
    assert rules_of(s3) == [THEIRS, NAMELESS]


def test_the_last_rule_can_be_taken_back(s3, mine):
    allow_page(s3, 'bucket', PAGE)
    disallow_page(mine, 'bucket', PAGE)
    with pytest.raises(ClientError, match='NoSuchCORSConfiguration'):
        rules_of(s3)
    disallow_page(mine, 'bucket', PAGE)  # nothing is left to do
    assert mine.faults.sent.count('DeleteBucketCors') == 1


@pytest.mark.parametrize('change', [allow_page, disallow_page])
def test_rules_that_cannot_be_read_are_not_replaced(change, mine):
    mine.faults.come(GetBucketCors=[denied])
    with pytest.raises(ClientError, match='AccessDenied'):
        change(mine, 'bucket', PAGE)
    assert mine.faults.sent == ['GetBucketCors']


def test_a_rule_is_there_once_after_a_lost_response(s3, mine):
    mine.faults.come(PutBucketCors=[slow_down, lost])
    allow_page(mine, 'bucket', PAGE)
    assert mine.faults.sent.count('PutBucketCors') == 3
    assert len(rules_of(s3)) == 1


def test_requests_send_the_file_itself_as_the_docstring_says(
    s3, mine, tmp_path
):
    v4 = signing_client('us-east-1')
    url = upload_url(v4, 'bucket', 'key', 'application/pdf')
    (tmp_path / 'report.pdf').write_bytes(b'%PDF')
    [block] = re.findall(r'\n((?:    .*\n)+)\n    curl', presigned_url.__doc__)
    code = re.sub('^    ', '', block, flags=re.M)
    code = code.replace("'report.pdf'", f"{str(tmp_path / 'report.pdf')!r}")
    exec(code, {'requests': requests, 'url': url})
    response = s3.get_object(Bucket='bucket', Key='key')
    assert response['Body'].read() == b'%PDF'
    assert response['ContentType'] == 'application/pdf'
