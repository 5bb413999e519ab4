"""What people copy into a web page, in Chromium, on a real S3 server.

Left out where there is no Chromium.
"""

import base64
import html
import json
import re
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

import presigned_form
import presigned_parts
import presigned_url
from support import made_env

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason='no Chromium here')
OPTIONS = """--headless --no-sandbox --disable-gpu --disable-quic
--no-first-run --disable-background-networking --disable-component-update
--disable-sync"""
PAGE = """<!doctype html><title>page</title>{}<script type="module">
const tell = (x) => fetch('/', {{method: 'POST', body: JSON.stringify(x)}});
const file = new File(['hello'], 'a.png', {{type: 'image/png'}});
try {{ {} }} catch (error) {{ tell(String(error)); }}
</script>"""
TELL = "tell([response.status, response.headers.get('ETag')]);"
PNG = base64.b64decode(  # a single pixel
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA'
    'WjR9awAAAABJRU5ErkJggg=='
)
HELLO = '"5d41402abc4b2a76b9719d911017c592"'  # the MD5 of what is in `file`


def keys(s3):
    page = s3.list_objects_v2(Bucket='web')
    return [entry['Key'] for entry in page.get('Contents', [])]


@pytest.fixture
def home():
    """A folder for the browser, whose sockets need a short path."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield folder


@pytest.fixture
def page(home):
    """A server of a page; its `run` shows one in a browser, and waits.

    `run` takes a script and HTML, and returns what the script tells.
    """
    told = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != '/as-s3.png':
                return self.answer(self.server.page.encode())
            headers = {'Cache-Control': 'max-age=3600'}
            if 'Origin' in self.headers:
                headers['Access-Control-Allow-Origin'] = self.server.origin
            self.answer(PNG, 'image/png', **headers)

        def do_POST(self):
            length = int(self.headers['Content-Length'])
            told.put(json.loads(self.rfile.read(length)))
            self.answer(b'')

        def answer(self, body, kind='text/html; charset=utf-8', **headers):
            self.send_response(200)
            for name, value in {'Content-Type': kind, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def run(script, body=''):
        server.page = PAGE.format(body, script)
        command = [CHROMIUM, *OPTIONS.split(), f'--user-data-dir={home}']
        env = made_env(HOME=home, TMPDIR=home)
        silent = dict.fromkeys(['stdout', 'stderr'], subprocess.DEVNULL)
        with subprocess.Popen(
            [*command, server.origin], env=env, **silent
        ) as process:
            try:
                return told.get(timeout=30)
            finally:
                process.kill()

    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        server.origin = f'http://127.0.0.1:{server.server_port}'
        server.run = run
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def bucket(s3):
    """A bucket that web pages may not use, because its rule is for another."""
    s3.create_bucket(Bucket='web')
    presigned_url.allow_page(s3, 'web', 'https://www.example.com')
    yield 'web'
    for key in keys(s3):
        s3.delete_object(Bucket='web', Key=key)
    s3.delete_bucket(Bucket='web')


def script_of(recipe, **names):
    """Return the script of a recipe's docstring, with these constants."""
    values = [f'const {x} = {json.dumps(names[x])};' for x in names]
    script = re.search(r'    const[^\0]*?(?=\n\n)', recipe.__doc__)[0]
    return '\n'.join([*values, script, ''])


def test_a_page_uploads_once_by_the_script(s3, bucket, page):
    url = presigned_url.upload_url(s3, bucket, 'a', 'image/png', 99, 5, True)
    script = script_of(presigned_url, url=url) + TELL
    assert page.run(script) == 'TypeError: Failed to fetch'
    assert keys(s3) == []
    presigned_url.allow_page(s3, bucket, f'{page.origin}/')
    assert page.run(script) == [200, HELLO]
    assert '<Code>PreconditionFailed</Code>' in page.run(script)
    url = presigned_url.upload_url(s3, bucket, 'b', 'image/png', 99, 6, True)
    script = script_of(presigned_url, url=url) + TELL
    assert '<Code>SignatureDoesNotMatch</Code>' in page.run(script)
    assert keys(s3) == ['a']


def test_a_page_sends_a_form_by_the_script(s3, bucket, page):
    form = presigned_form.upload_form(s3, bucket, 'a', 'image/png', 5)
    script = script_of(presigned_form, form=form) + TELL
    assert page.run(script) == 'TypeError: Failed to fetch'
    assert keys(s3) == ['a'], 'stored, although it looks failed'
    presigned_form.allow_page(s3, bucket, page.origin)
    assert page.run(script) == [204, HELLO]
    form = presigned_form.upload_form(s3, bucket, 'b', 'image/png', 4)
    script = script_of(presigned_form, form=form) + TELL
    assert '<Code>EntityTooLarge</Code>' in page.run(script)
    assert keys(s3) == ['a']


def test_a_button_sends_a_form_without_a_rule(s3, bucket, page):
    form = presigned_form.upload_form(s3, bucket, '"&', 'image/png', 5)
    source = re.search(r'<form[^\0]*</form>', presigned_form.__doc__)[0]
    start, field, end = re.split(r'(<input type="hidden".*>)', source)
    fields = [
        field.replace('NAME', html.escape(name)).replace(
            'VALUE', html.escape(value)
        )
        for name, value in form['fields'].items()
    ]
    filled = start.replace('URL', form['url']) + ''.join(fields) + end
    script = """
        const files = new DataTransfer();
        files.items.add(file);
        document.querySelector('[type=file]').files = files.files;
        document.querySelector('button').click();
        setTimeout(() => tell(location.href), 1000);"""
    assert page.run(script, filled) == f'{page.origin}/'
    head = s3.head_object(Bucket=bucket, Key='"&')
    assert (head['ContentType'], head['ContentLength']) == ('image/png', 5)


def test_a_page_sends_parts_by_the_script(s3, bucket, page):
    presigned_parts.allow_page(s3, bucket, page.origin)
    upload_id = presigned_parts.start(s3, bucket, 'film', 'video/mp4')
    part_size = 5 * 1024**2
    size = part_size + 3
    urls = presigned_parts.part_urls(
        s3, bucket, 'film', upload_id, size, part_size
    )
    script = script_of(presigned_parts, urls=urls, partSize=part_size)
    large = "new File([new Uint8Array(5 * 1024 ** 2), 'end'], 'film')"
    longer = script.replace('file.slice', f'({large}).slice(0, -1).slice')
    assert '<Code>SignatureDoesNotMatch</Code>' in page.run(longer)
    script = script.replace('file.slice', f'({large}).slice')
    etags = page.run(f'{script} tell(etags);')
    presigned_parts.finish(s3, bucket, 'film', upload_id, etags, size)
    body = s3.get_object(Bucket=bucket, Key='film')['Body'].read()
    assert body == bytes(5 * 1024**2) + b'end'


def test_a_page_that_is_disallowed_fails_again(s3, bucket, page):
    s3.put_object(Bucket=bucket, Key='a', Body=b'hello')
    url = presigned_url.download_url(s3, bucket, 'a')
    call = f'fetch({json.dumps(url)}, {{cache: "no-store"}})'
    script = f'const response = await {call};{TELL}'
    presigned_url.allow_page(s3, bucket, page.origin)
    assert page.run(script) == [200, HELLO]
    presigned_url.disallow_page(s3, bucket, page.origin)
    assert page.run(script) == 'TypeError: Failed to fetch'


def test_a_player_asks_how_long_a_film_is_and_for_a_part(s3, bucket, page):
    s3.put_object(Bucket=bucket, Key='a', Body=b'hello')
    at = {'Bucket': bucket, 'Key': 'a'}
    urls = {
        'head': presigned_url.sign(s3, 'head_object', at, seconds=99),
        'get': presigned_url.download_url(s3, bucket, 'a'),
    }
    script = f"""
        const urls = {json.dumps(urls)};
        const head = await fetch(urls.head, {{method: 'HEAD'}});
        const headers = {{Range: 'bytes=1-3'}};
        const part = await fetch(urls.get, {{headers}});
        tell([head.headers.get('Accept-Ranges'), part.status,
          part.headers.get('Content-Range'), await part.text()]);"""
    presigned_url.allow_page(s3, bucket, page.origin)
    assert page.run(script) == ['bytes', 206, 'bytes 1-3/5', 'ell']


@pytest.mark.parametrize(
    ('attribute', 'told'),
    [('', 'TypeError: Failed to fetch'), ('crossorigin', 200)],
)
def test_a_script_fetches_what_an_image_shows(attribute, told, page):
    """S3 sends no `Vary` with the image; the strict server does."""
    url = page.origin.replace('127.0.0.1', 'localhost') + '/as-s3.png'
    script = """
        const image = document.querySelector('img');
        await image.decode();
        tell((await fetch(image.src)).status);"""
    assert page.run(script, f'<img {attribute} src="{url}">') == told


def test_an_image_needs_no_rule(s3, bucket, page):
    s3.put_object(
        Bucket=bucket, Key='a.png', Body=PNG, ContentType='image/png'
    )
    url = presigned_url.download_url(s3, bucket, 'a.png')
    script = """
        const image = document.querySelector('img');
        await image.decode();
        tell(image.naturalWidth);"""
    assert page.run(script, f'<img src="{html.escape(url)}">') == 1
