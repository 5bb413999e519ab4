"""Recipes that change or delete, on a real S3 server."""

from concurrent.futures import ThreadPoolExecutor

from recipes import empty_bucket, safe_writes


def test_8_threads_create_once_and_count_without_loss(s3):
    s3.create_bucket(Bucket='counter')
    at = ('counter', 'visits')

    def count(_):
        did = safe_writes.create_once(s3, *at, b'0')
        for _ in range(25):
            safe_writes.update(s3, *at, lambda x: b'%d' % (int(x) + 1))
        return did

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(count, range(8))) == 1
    body = s3.get_object(Bucket='counter', Key='visits')['Body'].read()
    assert body == b'200'


def test_2500_versions_with_a_hold_empty_to_the_held_one(s3):
    s3.create_bucket(Bucket='versions', ObjectLockEnabledForBucket=True)

    def put(number):
        key = f'many/{number % 900}'
        return key, s3.put_object(Bucket='versions', Key=key)['VersionId']

    with ThreadPoolExecutor(20) as pool:
        key, version = list(pool.map(put, range(2500)))[7]
    held = {'Bucket': 'versions', 'Key': key, 'VersionId': version}
    s3.put_object_legal_hold(LegalHold={'Status': 'ON'}, **held)
    refused = empty_bucket.empty(s3, 'versions')
    assert [(x['Key'], x['VersionId']) for x in refused] == [(key, version)]
    page = s3.list_object_versions(Bucket='versions')
    assert [x['VersionId'] for x in page['Versions']] == [version]
    assert 'DeleteMarkers' not in page
