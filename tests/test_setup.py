"""The first command works on any index, with packages that were tried."""

import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from support import ROOT, made_env

OFFERED = {
    'boto3': ['1.34.0', '1.44.0', '1.99.0'],
    'moto': ['5.0.15', '5.2.0', '5.99.0'],
    'ruff': ['0.15.0', '0.17.0', '0.99.0'],
}


class Index(BaseHTTPRequestHandler):
    """Pages of HTML with no upload dates, as many mirrors have them."""

    def do_GET(self):
        file = self.path.rpartition('/')[2]
        if file:  # name-version-py3-none-any.whl.metadata
            name, version = file.split('-')[:2]
            body = f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'
        else:
            name = self.path.split('/')[-2]
            wheel = name.replace('-', '_')
            body = ''.join(
                f'<a href="{wheel}-{version}-py3-none-any.whl" '
                'data-dist-info-metadata="true">x</a>'
                for version in OFFERED.get(name, ['99.0.0'])
            )
        self.send_response(200)
        self.send_header('Content-Type', 'text/html')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def index():
    with HTTPServer(('127.0.0.1', 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/simple'
        server.shutdown()


UV = os.environ.get('UV') or shutil.which('uv')  # `uv run` sets UV


@pytest.mark.skipif(not UV, reason='needs uv, which runs these tests')
def test_an_index_without_upload_dates_gives_what_was_tried(tmp_path, index):
    shutil.copy(ROOT / 'pyproject.toml', tmp_path)
    run = subprocess.run(
        [UV, 'lock', '--default-index', index],
        cwd=tmp_path,
        env=made_env(
            HOME=str(tmp_path), UV_NO_CACHE='1', UV_PYTHON=sys.executable
        ),
        capture_output=True,
        encoding='utf-8',
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    lock = (tmp_path / 'uv.lock').read_text()
    found = dict(re.findall(r'name = "(\w+)"\nversion = "([\d.]+)"', lock))
    assert {name: found[name] for name in OFFERED} == {
        'boto3': '1.44.0',
        'moto': '5.2.0',
        'ruff': '0.17.0',
    }
