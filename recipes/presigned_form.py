"""Let a browser upload a file by a form, within limits.

In short:

    import boto3
    from botocore.config import Config

    v4 = Config(signature_version='s3v4', s3={'addressing_style': 'virtual'})
    s3 = boto3.client('s3', region_name='us-east-1', config=v4)
    form = s3.generate_presigned_post(
        bucket, key,
        Fields={'Content-Type': 'application/pdf'},  # what the form sends
        Conditions=[
            {'Content-Type': 'application/pdf'},  # what S3 accepts
            ['content-length-range', 1, 5_000_000],  # bytes: from, to
        ],
        ExpiresIn=3600)  # seconds
    print(form['url'], [*form['fields']])
    #> https://my-bucket.s3.amazonaws.com/ ['Content-Type', 'key', …]

S3 refuses an upload that breaks a condition of its form. So a form can allow
a range of sizes, which a presigned URL cannot. What goes wrong:

- If you add a field, add a condition for it: S3 refuses nearly every field
  that has none.
- Until the form expires, whoever has it can send it as often as they like,
  and replace what is there. It stops working when the credentials that signed
  it expire.
- A `$` in the key: S3 refuses it, or lets the sender choose the name, as in
  `${filename}`. `upload_form` refuses such a key.
- Version 2 of the signature, boto3's default in some regions, is refused here
  by a ValueError: use `signing_client`. `presigned_url` says why.

In a page, the form has a hidden `<input>` for each of its `fields`, with the
value as `html.escape` returns it; the file comes last. Sent by its button, it
needs no script and no CORS rule. The browser stays on the page, since S3
answers 204, "no content"; an error shows as S3's XML.

    <form action="URL" method="post" enctype="multipart/form-data">
      <input type="hidden" name="NAME" value="VALUE">
      <input type="file" name="file">
      <button>Upload</button>
    </form>

A script learns how it went, but needs a CORS rule, from `allow_page`. Without
one, the file is stored, and `fetch` fails all the same. Here, `form` is what
`upload_form` returns, as JSON, and `file` is from an `<input type="file">`:

    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) {
      data.append(name, value);
    }
    data.append('file', file);
    const response = await fetch(form.url, {method: 'POST', body: data});
    if (!response.ok) throw new Error(await response.text());

Copy presigned_url.py along.

Needs s3:PutObject: whoever signs needs it when the form is sent. With a KMS
key of your own, also kms:GenerateDataKey.
`allow_page` needs s3:GetBucketCORS and s3:PutBucketCORS.
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
https://docs.aws.amazon.com/boto3/latest/guide/s3-presigned-urls.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from presigned_url import allow_page, signing_client

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def upload_form(
    s3: S3Client,
    bucket: str,
    key: str,
    content_type: str,
    max_bytes: int,
    seconds: int = 300,
) -> dict[str, Any]:
    """Return the `url` and the `fields` of a form.

    It uploads one file of 1 to `max_bytes` bytes to this key. S3 stores it
    as `content_type`, whatever is in the file.

    Raises:
        ValueError: the key has a `$`, or the client does not sign with
            Version 4.
    """
    if '$' in key:
        raise ValueError(
            'A $ in the key: S3 refuses it, or, as ${filename}, lets the '
            'sender choose.'
        )
    form = s3.generate_presigned_post(
        Bucket=bucket,
        Key=key,
        Fields={'Content-Type': content_type},
        Conditions=[
            {'Content-Type': content_type},
            ['content-length-range', 1, max_bytes],
        ],
        ExpiresIn=seconds,
    )
    # A client that signs forms with Version 2 has s3v4 in its settings, too.
    if 'x-amz-signature' not in form['fields']:
        raise ValueError('Not signed with Version 4: use signing_client().')
    return form


# fmt: off
def demo() -> None:
    import requests  # in place of a browser; boto3 does not need it

    s3 = signing_client('us-east-1')
    s3.create_bucket(Bucket='my-photos')

    # A visitor of your site may upload a picture of at most a megabyte.
    form = upload_form(s3, 'my-photos', 'a.png', 'image/png', 1_000_000)
    print('Send it to', form['url'])
    #> Send it to https://my-photos.s3.amazonaws.com/
    print('with the fields', *form['fields'])
    #> with the fields Content-Type key x-amz-algorithm …

    # The browser sends the fields first, then the file.
    response = requests.post(
        form['url'],
        data=form['fields'],
        files={'file': b'\x89PNG'},
        timeout=10,
    )
    print('S3 answers', response.status_code, response.reason)
    #> S3 answers 204 No Content
    head = s3.head_object(Bucket='my-photos', Key='a.png')
    print('Stored:', head['ContentLength'], 'bytes of', head['ContentType'])
    #> Stored: 4 bytes of image/png

    # If a script is to send it, the bucket must know the page's origin.
    allow_page(s3, 'my-photos', 'https://www.example.com')


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_form')
