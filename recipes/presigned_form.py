"""Let a browser upload a file by a form, within limits.

S3 refuses an upload that breaks a condition of its form: so a form can allow
a range of sizes, which a presigned URL cannot. If you add a field, add a
condition for it: S3 refuses nearly every field without one. Until the form
expires, it can be sent as often as one likes, and replaces what is there.

In a page, the form has a hidden `<input>` for each of its `fields`, with the
value as `html.escape` returns it; the file comes last. Sent by its button, it
needs no script and no CORS rule. The browser stays on the page, since S3
answers 204, "no content"; an error shows as S3's XML.

    <form action="URL" method="post" enctype="multipart/form-data">
      <input type="hidden" name="NAME" value="VALUE">
      <input type="file" name="file">
      <button>Upload</button>
    </form>

A script learns how it went, but needs a CORS rule: see `allow_page`. Without
one, the file is stored, and `fetch` fails all the same. Here, `form` is what
`upload_form` returns, and `file` is from an `<input type="file">`:

    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) {
      data.append(name, value);
    }
    data.append('file', file);
    const response = await fetch(form.url, {method: 'POST', body: data});
    if (!response.ok) throw new Error(await response.text());

Version 2 of the signature, boto3's default in some regions, is refused here
by a ValueError: use `signing_client`. `presigned_url` says why.

Copy presigned_url.py along.

Needs s3:PutObject: whoever signs needs it when the form is sent.
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
        ValueError: the key has a `$`, which S3 refuses, or replaces as in
            `${filename}` by the name that the sender gives the file; or the
            client does not sign with Version 4.
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
    allow_page(s3, 'my-photos', 'https://www.example.com')

    form = upload_form(s3, 'my-photos', 'a.png', 'image/png', 1_000_000)
    response = requests.post(
        form['url'],
        data=form['fields'],
        files={'file': b'\x89PNG'},
        timeout=10,
    )
    print(response.status_code)
    #> 204
    head = s3.head_object(Bucket='my-photos', Key='a.png')
    print(head['ContentType'], head['ContentLength'], 'bytes')
    #> image/png 4 bytes


if __name__ == '__main__':
    print('See it run: uv run python -m recipes presigned_form')
