"""Folders, many objects and small bodies, on a real S3 server."""

import boto3
import pytest
from botocore.config import Config

import read_write_many
import sync_folder
from download_folder import download_folder
from read_write_many import SMALL, SomeFailedError
from upload_folder import upload_folder

MB = 1024 * 1024
LARGE = 9 * MB


def test_a_folder_of_1200_odd_names_comes_back_equal(s3, tmp_path):
    s3.create_bucket(Bucket='odd-names')
    odd = [*'äAa+~🪣\'"\n\t', 'a\u0308', '%2F', ' x ', '<&>', '#?', 'a:b']
    odd += ['NUL', '.hidden', '...', 'x' * 250]
    here, back = tmp_path / 'here', tmp_path / 'back'
    bodies = {}
    for name in odd:
        (here / name).mkdir(parents=True)
        for number in range(60):
            body = bodies[f'p/{name}/{number}'] = f'{name} {number}'.encode()
            (here / name / f'{number}').write_bytes(body)
    keys = upload_folder(s3, here, 'odd-names', 'p')
    assert keys == sorted(bodies)
    assert sorted(download_folder(s3, 'odd-names', 'p', back)) == keys
    assert {
        f'p/{path.relative_to(back).as_posix()}': path.read_bytes()
        for path in back.rglob('*/*')
    } == bodies
    synced = sync_folder.sync_folder(s3, back, 'odd-names', 'p', delete=True)
    assert synced == ([], [], len(keys))
    assert read_write_many.read_many(s3, 'odd-names', keys) == bodies
    with pytest.raises(SomeFailedError) as error:
        read_write_many.read_many(s3, 'odd-names', [*keys, 'absent'])
    assert error.value.done == bodies
    assert error.value.errors['absent'].response['Error']['Code'] == (
        'NoSuchKey'
    )


def test_a_second_download_asks_for_nothing(s3, tmp_path):
    """A disk keeps the times that a server tells."""
    s3.create_bucket(Bucket='again')
    s3.put_object(Bucket='again', Key='p/a', Body=b'a')
    s3.put_object(Bucket='again', Key='p/b', Body=bytes(LARGE))
    asked = []
    s3.meta.events.register(
        'before-send.s3.GetObject', lambda **_: asked.append(1)
    )
    assert download_folder(s3, 'again', 'p', tmp_path) == ['p/a', 'p/b']
    assert len(asked) > 1
    asked.clear()
    assert download_folder(s3, 'again', 'p', tmp_path) == ['p/a', 'p/b']
    assert asked == []


@pytest.mark.parametrize('size', [1, LARGE])
def test_extra_and_progress_are_for_each_size(s3, tmp_path, size):
    s3.create_bucket(Bucket=f'extra-{size}')
    (tmp_path / 'a').write_bytes(bytes(size))
    told = []
    upload_folder(
        s3,
        tmp_path,
        f'extra-{size}',
        'p',
        extra={'CacheControl': 'max-age=1', 'Metadata': {'a': '1'}},
        progress=told.append,
    )
    assert sum(told) == size
    head = s3.head_object(Bucket=f'extra-{size}', Key='p/a')
    assert head['CacheControl'] == 'max-age=1'
    assert head['Metadata'] == {'a': '1'}


def test_ctrl_c_leaves_no_parts(s3, tmp_path):
    s3.create_bucket(Bucket='stopped')
    (tmp_path / 'a').write_bytes(bytes(100 * MB))

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload_folder(s3, tmp_path, 'stopped', 'p', progress=interrupt)
    assert 'Uploads' not in s3.list_multipart_uploads(Bucket='stopped')
    assert 'Contents' not in s3.list_objects_v2(Bucket='stopped')


@pytest.mark.parametrize('signature', ['s3v4', 's3'])
def test_a_body_without_expect_has_a_good_signature(s3, signature):
    bucket = f'signed-{signature}'
    s3.create_bucket(Bucket=bucket)
    config = Config(signature_version=signature)
    client = boto3.client('s3', region_name='us-east-1', config=config)
    client.meta.events.register(
        'before-send.s3.PutObject', read_write_many.send_at_once
    )
    for size in (0, 1, SMALL - 1, SMALL):
        client.put_object(Bucket=bucket, Key='key', Body=bytes(size))
        body = s3.get_object(Bucket=bucket, Key='key')['Body'].read()
        assert body == bytes(size)


def test_only_a_signed_header_may_not_be_dropped(s3):
    """The server does check: a header that is signed cannot be dropped."""
    s3.create_bucket(Bucket='checked')

    def drop(request, **_):
        del request.headers['x-amz-meta-a']

    s3.meta.events.register('before-send.s3.PutObject', drop)
    with pytest.raises(Exception, match=r'SignatureDoesNotMatch|signed'):
        s3.put_object(Bucket='checked', Key='key', Metadata={'a': '1'})
