"""Let others download or upload one object by a URL.

In short:

    import boto3
    from botocore.config import Config

    v4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})
    s3 = boto3.client('s3', region_name='us-east-1', config=v4)
    params = {'Bucket': bucket, 'Key': key}
    url = s3.generate_presigned_url('get_object', params, ExpiresIn=3600)
    print(url)
    #> https://my-bucket.s3.amazonaws.com/reports/may.pdf?X-Amz-Algorithm=…
    params['ContentType'] = 'application/pdf'  # the sender sends it, too
    url = s3.generate_presigned_url('put_object', params, ExpiresIn=3600)

Signing sends nothing. Whoever has the URL can use it without credentials,
and as often as they like. For the script of a web page, call `allow_page`
first: it adds the CORS rule that browsers ask for. What goes wrong:

- The URL stops working early, because the credentials that signed it expire:
  those of a role or of SSO often within hours, those of `aws login` within 15
  minutes. With a user's access keys it may live for 7 days (604,800 seconds);
  a URL that asks for more is refused when it is used.
- Somebody else gets the URL, and nothing takes it back. To end a download
  early, move the object to another key; to end an upload, take the permission
  from whoever signed.
- The key is missing, or whoever signed may not read it. That, too, only shows
  when the URL is used.
- In some regions, us-east-1 among them, a plain `boto3.client('s3')` signs
  with Version 2 of the signature. That signs neither size nor conditions, and
  AWS announced that buckets made after 24 June 2020 refuse it. Outside
  us-east-1, the host of its URLs names no region: S3 redirects requests for a
  new bucket, and a signature of Version 4 does not fit the new host.
  `signing_client` asks for Version 4 and the region's own host; without
  Version 4, you get a ValueError.
- `SignatureDoesNotMatch`: the sender must send each header that was signed,
  with its value, such as the content type of an upload. In a page,
  `file.type` is empty if the browser does not know the type. So choose the
  type yourself, sign it, and have the page send the same. A URL is for one
  operation, too: a HEAD of a download URL is refused. Sign `head_object` for
  that, by `sign`.
- The host was signed, so nobody can change it later. If your program reaches
  its store by an internal name, sign with a second client that has the public
  one as its `endpoint_url`. Signing sends nothing, so that client need not
  reach it.
- Anybody with the upload URL may send up to 5 GB, and replace what is there.
  `upload_url` can sign the size, or that the key must be new (`once`).
- In a bucket that retains objects (Object Lock), S3 wants a checksum of each
  upload. Let the sender tell you the SHA-256 first: `sha256`.

From Python or a shell, send the file itself. `files=` would store a form with
the file in it. An empty file needs `data=b''`: requests would send the file
object in chunks, which S3 refuses.

    headers = {'Content-Type': 'application/pdf'}
    with open('report.pdf', 'rb') as file:
        requests.put(url, data=file, headers=headers).raise_for_status()

    curl -f -T report.pdf -H 'Content-Type: application/pdf' "$url"

A web application checks whether the user may have that key, and redirects.
This is FastAPI; in Flask and Django, return `redirect(url)`. You write
`may_read`: without it, anybody gets every report.

    @app.get('/reports/{name}')
    def report(name: str, request: Request) -> RedirectResponse:
        if not may_read(request, name):
            raise HTTPException(404)
        url = download_url(s3, 'my-bucket', f'reports/{name}')
        return RedirectResponse(url)

For an upload, return the URL as JSON to your page, and let a script send the
file. `file` is from an `<input type="file">`; the browser sets Content-Length
itself, and only `once` wants If-None-Match:

    const response = await fetch(url, {
      method: 'PUT',
      headers: {'Content-Type': 'image/png', 'If-None-Match': '*'},
      body: file,
    });
    if (!response.ok) throw new Error(await response.text());

A script needs a CORS rule, from `allow_page`. A link, an image or a video
needs none. But when a page shows an image and a script then fetches the same
URL, the script may get the browser's copy, which came without CORS headers,
and fails: write `<img crossorigin src=…>`. A browser plays what was uploaded
as video/mp4, unless the URL has a `file_name`.

A public object needs no signature: see `public_url` in public_buckets.py.

Needs s3:GetObject for a download, s3:PutObject for an upload: whoever signs
needs it when the URL is used. With a KMS key of your own, a download also
needs kms:Decrypt, an upload kms:GenerateDataKey. `allow_page` and
`disallow_page` need s3:GetBucketCORS and s3:PutBucketCORS. Needs boto3 1.35.2
for `once`.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-presigned-urls.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://github.com/boto/boto3/pull/4768
https://serverfault.com/questions/856904
https://aws.amazon.com/blogs/aws/amazon-s3-update-sigv2-deprecation-period-extended-modified/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def signing_client(region: str) -> S3Client:
    """Return a client that signs for this region, the bucket's own."""
    return boto3.client(
        's3',
        region_name=region,
        config=Config(
            signature_version='s3v4', s3={'addressing_style': 'virtual'}
        ),
    )


def download_url(
    s3: S3Client,
    bucket: str,
    key: str,
    seconds: int = 300,
    file_name: str | None = None,
) -> str:
    """Return a URL for a GET; a browser saves it under `file_name`."""
    params = {'Bucket': bucket, 'Key': key}
    if file_name:
        # As RFC 6266 writes a name that is not ASCII.
        params['ResponseContentDisposition'] = (
            f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
        )
    return sign(s3, 'get_object', params, seconds)


def upload_url(
    s3: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    seconds: int = 300,
    size: int | None = None,
    once: bool = False,
    sha256: str | None = None,
) -> str:
    """Return a URL for a PUT with the header `Content-Type: content_type`.

    With `size`, S3 takes exactly so many bytes, otherwise up to 5 GB. With
    `once`, the PUT must send `If-None-Match: *`, and S3 answers 412 if the
    key exists. Without it, each upload replaces what is there. With `sha256`,
    the Base64 of the file's SHA-256, the PUT must send this value as
    `x-amz-checksum-sha256`, and S3 takes no other content.
    """
    params: dict[str, Any] = {
        'Bucket': bucket,
        'Key': key,
        'ContentType': content_type,
    }
    if size is not None:
        params['ContentLength'] = size
    if once:
        params['IfNoneMatch'] = '*'
    if sha256 is not None:
        params['ChecksumSHA256'] = sha256
    return sign(s3, 'put_object', params, seconds)


def sign(
    s3: S3Client, operation: str, params: dict[str, Any], seconds: int
) -> str:
    """Return a URL for an operation, such as 'head_object'.

    Raises:
        ValueError: the client does not sign with Version 4.
    """
    url = s3.generate_presigned_url(
        operation, Params=params, ExpiresIn=seconds
    )
    # A client that signs URLs with Version 2 has s3v4 in its settings, too.
    if 'X-Amz-Signature=' not in url:
        raise ValueError('Not signed with Version 4: use signing_client().')
    return url


def allow_page(s3: S3Client, bucket: str, origin: str) -> None:
    """Let scripts of web pages from this origin use the bucket's URLs.

    Adds a CORS rule before the others. For this origin it counts in their
    place, so it exposes the headers that they expose, too. Of two rules that
    are added at the same time, one may be lost.

    `origin` is what `location.origin` says in the page, such as
    https://www.example.com; a final slash is left out.
    """
    origin = origin.rstrip('/')
    rules = read_rules(s3, bucket)
    # A player of videos asks for ranges.
    exposed = ['ETag', 'Content-Range', 'Accept-Ranges']
    for rule in rules:
        if any(matches(origin, each) for each in rule['AllowedOrigins']):
            exposed += rule.get('ExposeHeaders', [])
    page_rule: Any = {
        'ID': rule_id(origin),
        'AllowedOrigins': [origin],
        'AllowedMethods': ['GET', 'HEAD', 'PUT', 'POST'],
        'AllowedHeaders': ['*'],
        'ExposeHeaders': [*dict.fromkeys(exposed)],
    }
    others = [x for x in rules if x.get('ID') != rule_id(origin)]
    s3.put_bucket_cors(
        Bucket=bucket,
        # First, because S3 uses the first rule that matches.
        CORSConfiguration={'CORSRules': [page_rule, *others]},
    )


def disallow_page(s3: S3Client, bucket: str, origin: str) -> None:
    """Take back the rule of `allow_page`; all others count as before it."""
    rules = read_rules(s3, bucket)
    others = [x for x in rules if x.get('ID') != rule_id(origin.rstrip('/'))]
    if others == rules:
        return
    if others:
        s3.put_bucket_cors(
            Bucket=bucket, CORSConfiguration={'CORSRules': others}
        )
    else:
        s3.delete_bucket_cors(Bucket=bucket)


def rule_id(origin: str) -> str:
    return f'allow_page {origin}'


def read_rules(s3: S3Client, bucket: str) -> list[Any]:
    """Return the bucket's CORS rules, in their order."""
    try:
        response = s3.get_bucket_cors(Bucket=bucket)
    except ClientError as error:
        if error.response['Error']['Code'] != 'NoSuchCORSConfiguration':
            raise
        return []
    return [*response['CORSRules']]


def matches(origin: str, allowed: str) -> bool:
    """Return whether a rule's origin, which may have a `*`, means this one."""
    pattern = '.*'.join(map(re.escape, allowed.split('*')))
    return re.fullmatch(pattern, origin) is not None


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    s3 = signing_client('eu-central-1')
    s3.create_bucket(
        Bucket='my-shared-files',
        CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'},
    )

    # You give this URL to somebody who may upload six bytes, and only once.
    url = upload_url(
        s3, 'my-shared-files', 'note.txt', 'text/plain', size=6, once=True
    )
    print(url)
    #> https://my-shared-files.s3.eu-central-1.amazonaws.com/note.txt?…

    # They need no credentials, and send what was signed.
    headers = {'Content-Type': 'text/plain', 'If-None-Match': '*'}
    response = requests.put(url, b'Hello!', headers=headers, timeout=10)
    print('First upload:', response.status_code, response.reason)
    #> First upload: 200 OK
    response = requests.put(url, b'Again!', headers=headers, timeout=10)
    print('Second upload:', response.status_code, response.reason)
    #> Second upload: 412 Precondition Failed

    # This one is for whoever may read it. A browser saves it as `für Zoë.txt`.
    url = download_url(
        s3, 'my-shared-files', 'note.txt', file_name='für Zoë.txt'
    )
    response = requests.get(url, timeout=10)
    print(response.text, response.headers['Content-Disposition'])
    #> Hello! attachment; filename*=UTF-8''f%C3%BCr%20Zo%C3%AB.txt

    # The scripts of a web page may use such URLs, until you take that back.
    allow_page(s3, 'my-shared-files', 'https://www.example.com')
    origin = {'Origin': 'https://www.example.com'}
    response = requests.get(url, headers=origin, timeout=10)
    print('A page of', response.headers['Access-Control-Allow-Origin'])
    #> A page of https://www.example.com
    disallow_page(s3, 'my-shared-files', 'https://www.example.com')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_url')
