"""SeaweedFS, a real S3 server in one binary, on 127.0.0.1."""

import json
import os
import socket
import subprocess
import sysconfig
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from support import made_env

KEYS = {'accessKey': 'strict', 'secretKey': 'strict-secret'}
# On ports that are free, in a folder of its own.
OPTIONS = """
-logtostderr=true -v=-1 server -filer -s3
-ip=127.0.0.1 -ip.bind=127.0.0.1 -dir={top} -master.peers=none
-master.port={0} -master.port.grpc={1} -volume.port={2} -volume.port.grpc={3}
-filer.port={4} -filer.port.grpc={5} -s3.port={6} -s3.port.grpc={7}
-filer.localSocket={top}/f -s3.localSocket={top}/s -s3.config={top}/keys.json
-master.telemetry=false -master.volumeSizeLimitMB=64 -volume.max=500
-s3.iam=true -s3.port.iceberg=0 -s3.port.lance=0
-s3.autoCreateBucket=false -s3.allowDeleteBucketNotEmpty=false
"""


def free_ports(count):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(url, process):
    """Wait until the server responds, half a minute at most."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f'{url}/healthz', timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, 'the server has ended'
            time.sleep(0.1)
    raise TimeoutError('the server does not respond')


@contextmanager
def weed(top):
    """Start a server that keeps all it has below `top`; yield its URL."""
    actions = ['Admin', 'Read', 'List', 'Tagging', 'Write']
    admin = {'name': 'a', 'credentials': [KEYS], 'actions': actions}
    Path(top, 'keys.json').write_text(json.dumps({'identities': [admin]}))
    ports = free_ports(8)
    binary = os.path.join(sysconfig.get_path('scripts'), 'weed')
    command = [binary, *OPTIONS.format(*ports, top=top).split()]
    own = {'HOME': str(top), 'TMPDIR': str(top), 'WEED_S3_SSE_KEY': 'any'}
    env = made_env(WEED_MASTER_VOLUME_GROWTH_COPY_1='1', **own)
    silent = dict.fromkeys(['stdin', 'stdout', 'stderr'], subprocess.DEVNULL)
    with subprocess.Popen(command, cwd=top, env=env, **silent) as process:
        try:
            url = f'http://127.0.0.1:{ports[6]}'
            wait_for(url, process)
            yield url
        finally:
            process.kill()
            for port in ports:  # it puts sockets there, wherever TMPDIR is
                for path in Path('/tmp').glob(f'seaweedfs-*-{port}.sock'):
                    path.unlink()
