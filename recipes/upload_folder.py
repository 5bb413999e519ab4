"""Upload a folder with all its files.

In short:

    from mimetypes import guess_type
    from pathlib import Path

    for path in Path('photos').rglob('*'):  # .env and .git, too
        if path.is_file():
            key = prefix + path.relative_to('photos').as_posix()
            kind = guess_type('x' + path.suffix)[0]  # of .tar.gz, that of .gz
            kind = kind or 'application/octet-stream'
            s3.upload_file(str(path), bucket, key, {'ContentType': kind})

S3 does not guess content types, so they come from the names. It has no
folders either: the keys have slashes, and an empty folder is not stored. With
more than a few files, this is what goes wrong:

- Everything is uploaded, even `.env`, `.git` and `node_modules`.
  `upload_folder(…, skip=['.env', '.git', '*.tmp', 'docs/drafts'])` leaves such
  things out: a pattern is for a name or for a path in the folder. A folder
  that is skipped is not looked into.
- It takes one file after the other. `upload_folder` takes twenty at a time.
- The first error ends it, even an outage of some seconds. `upload_folder`
  tries again where that may help, goes on with the others, and ends with an
  error that names each file that failed.
- If a link leads to a file, that file is uploaded; a link to a folder is left
  out. `upload_folder` uploads no link, and its error names each, because a
  link may lead anywhere. `follow_links=True` follows them all, and `skip`
  leaves out those that you name.
- Python does not know every type, and which it knows depends on the computer.
  Here they are always the same, with those of office, sound and font files. A
  `.gz` file is `application/gzip` and gets no `ContentEncoding`, or readers
  would get it unpacked.

`extra` is what boto3 calls `ExtraArgs`, for every file: `{'CacheControl':
'max-age=3600'}`, for example, or `StorageClass`, `ServerSideEncryption`,
`RequestPayer`. If pages need other headers than pictures, call it twice, with
another `skip`. `progress` is called with bytes, as `bar.update` of tqdm is.
If something is sent again, they are taken back: it is called with a negative
number. The total for a bar, if nothing is skipped:

    sum(x.stat().st_size for x in Path(folder).rglob('*') if x.is_file())

A file that changes meanwhile is uploaded again, or named in the error. Ctrl-C
ends large files soon and leaves no parts. What a killed download has left,
`.s3-download-….part`, stays behind. Keeps the keys in memory, and 8 MB a
thread.

Copy read_write_many.py and upload_and_download.py along. Needs s3:PutObject
and s3:AbortMultipartUpload; with a KMS key also kms:GenerateDataKey and
kms:Decrypt. Needs boto3 1.36.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
https://docs.aws.amazon.com/boto3/latest/reference/customizations/s3.html
"""

from __future__ import annotations

import io
import os
import re
import stat
import tempfile
from pathlib import Path
from threading import Event, Semaphore
from typing import TYPE_CHECKING, Iterator

from read_write_many import (
    Counter,
    client_for_many,
    content_type_of,
    do_all,
    is_skipped,
    with_slash,
)
from upload_and_download import upload

if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Mapping

    from mypy_boto3_s3.client import S3Client

LARGE = 8 * 1024 * 1024  # bytes; from here on, a file goes in parts
LARGE_AT_ONCE = Semaphore(2)  # files, each with up to ten connections
PART = re.compile(r'\.(s3-download-\w{8}|[0-9a-f]{32})\.part')
JUNCTION = 0xA0000003  # the tag of a folder of Windows that leads elsewhere


def upload_folder(
    s3: S3Client,
    folder: str | Path,
    bucket: str,
    prefix: str,
    threads: int = 20,
    skip: Iterable[str] = (),
    extra: Mapping[str, Any] | None = None,
    progress: Callable[[int], object] | None = None,
    follow_links: bool = False,
) -> list[str]:
    """Upload every file below a folder; return their keys.

    Give it a client of `client_for_many`: it has a connection for each thread,
    and saves each small file a round trip.

    Args:
        prefix: what the keys start with, with or without its final `/`.
        skip: patterns for names or paths of what stays behind.
        extra: what else to tell S3 of each file: boto3's `ExtraArgs`.
        progress: called with bytes, by one thread at a time. What it raises
            ends all, as Ctrl-C does.
        follow_links: whether to upload what links lead to.

    Raises:
        NotADirectoryError: there is no such folder.
        SomeFailedError: some files were not uploaded; all others were.
    """
    root, prefix = real_folder(folder), with_slash(prefix)
    errors: dict[str, Exception] = {}
    ended = Event()

    def send(path: Path) -> None:
        with Counter(progress, ended) as count:
            key = key_of(path, root, prefix)
            upload_file(s3, path, bucket, key, extra, count)

    return do_all(
        send,
        files_below(root, errors, skip, follow_links),
        lambda path: key_of(path, root, prefix),
        threads,
        errors=errors,
        ended=ended,
    )


def upload_file(
    s3: S3Client,
    path: Path,
    bucket: str,
    key: str,
    extra: Mapping[str, Any] | None,
    count: Counter,
) -> None:
    """Upload a file; upload it again, twice at most, if it has changed."""
    for _ in range(3):
        size, modified = size_and_time(path)
        if size < LARGE:
            with open(path, 'rb') as file:
                content = file.read(LARGE)
            # Closed, or an error would keep the content in memory.
            with io.BytesIO(content) as body:
                del content
                more = {'ContentType': content_type_of(key), **(extra or {})}
                s3.put_object(Bucket=bucket, Key=key, Body=body, **more)
            count.add(size)
        else:
            with LARGE_AT_ONCE:
                count(0)  # raises if all has ended meanwhile
                kind = content_type_of(key)
                upload(s3, path, bucket, key, kind, count, extra)
        if size_and_time(path) == (size, modified):
            return
        count.add(-size)
    raise RuntimeError('it changed each time while it was uploaded')


def size_and_time(path: Path) -> tuple[int, int]:
    """Return what changes with a file: its bytes, and its nanoseconds."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def files_below(
    root: Path,
    errors: dict[str, Exception],
    skip: Iterable[str],
    follow_links: bool,
) -> Iterator[Path]:
    """Yield the files of a folder; add to `errors` what cannot be uploaded."""
    skip = [skip] if isinstance(skip, str) else list(skip)

    def note(error: OSError) -> None:
        errors[str(error.filename)] = error

    def is_wanted(path: Path) -> bool:
        name = path.relative_to(root).as_posix()
        if PART.fullmatch(path.name) or is_skipped(name, skip):
            return False
        try:
            check(path, follow_links)
        except OSError as error:
            errors[str(path)] = error
            return False
        return True

    walk = os.walk(root, onerror=note, followlinks=follow_links)
    for folder, folders, names in walk:
        folders[:] = sorted(x for x in folders if is_wanted(Path(folder, x)))
        for name in sorted(names):
            path = Path(folder, name)
            if is_wanted(path):
                yield path


def check(path: Path, follow_links: bool) -> None:
    """Raise an OSError unless this is a file or a folder to upload."""
    # On Windows, `a.` leads to `a`, and `aux` to a device.
    if os.path.abspath(path) != str(path):
        raise OSError('no path leads to a file of this name')
    status = os.lstat(path)
    tag = getattr(status, 'st_reparse_tag', 0)  # on Windows
    if stat.S_ISLNK(status.st_mode) or tag == JUNCTION:
        if not follow_links:
            raise OSError('it is a link: follow_links=True follows it')
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode) and any(
            os.path.samefile(path, above) for above in path.parents
        ):
            raise OSError('it is a link to a folder that it is in')
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError('it is neither a file nor a folder')


def real_folder(folder: str | Path) -> Path:
    """Return where a folder really is."""
    if not os.path.isdir(folder):
        raise NotADirectoryError(f'There is no folder {folder}.')
    return Path(os.path.realpath(folder))


def key_of(path: Path, root: Path, prefix: str) -> str:
    """Return the key of a file below root."""
    return prefix + path.relative_to(root).as_posix()


# fmt: off
def demo() -> None:
    s3 = client_for_many('us-east-1')
    s3.create_bucket(Bucket='my-site')

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, 'index.html').write_text('<h1>Hello</h1>')
        Path(folder, 'data').mkdir()
        Path(folder, 'data', 'may.xlsx').write_bytes(b'PK')
        Path(folder, '.env').write_text('PASSWORD=secret')

        sizes: list[int] = []
        keys = upload_folder(
            s3,
            folder,
            'my-site',
            'site',
            skip=['.env', '.git'],
            extra={'CacheControl': 'max-age=3600'},
            progress=sizes.append,
        )
        print(keys, sum(sizes), 'bytes')
        #> ['site/data/may.xlsx', 'site/index.html'] 16 bytes

    response = s3.head_object(Bucket='my-site', Key='site/data/may.xlsx')
    print(response['ContentType'])
    #> application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
    print(response['CacheControl'])
    #> max-age=3600


if __name__ == '__main__':
    print('See it run: uv run python -m recipes upload_folder')
