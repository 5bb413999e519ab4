"""What the tour prints: banners and steps; and how its output may end.

Needs the standard library alone, and works on any stdout.
"""

import errno
import os
import sys
import warnings
from contextlib import contextmanager
from datetime import datetime
from typing import Iterator, Optional

BANNER_WIDTH = 70
# One column less than the stamp: a detail stands under its message.
DETAIL_INDENT = ' ' * 13


def log_section(number: int, title: str) -> None:
    """Print the banner that opens a section, after a blank line.

    Args:
        number: the section's number, counted from 1.
        title: the section's title, one line.

    Raises:
        OSError: stdout cannot be written; a BrokenPipeError where the
            program that reads it has ended.
    """
    rule = '=' * BANNER_WIDTH
    _write(f'\n{rule}\n  {number}. {title}\n{rule}')


def log_step(message: str, detail: Optional[str] = None) -> None:
    """Print a step, stamped with the local time, and its detail under it.

    Args:
        message: what has just happened, one line.
        detail: more about it; each of its lines is printed, indented.

    Raises:
        OSError: as for `log_section`.
    """
    stamp = datetime.now().time().isoformat(timespec='milliseconds')
    lines = [f'[{stamp}] {message}']
    if detail is not None:
        lines += [DETAIL_INDENT + line for line in detail.splitlines()]
    _write('\n'.join(lines))


@contextmanager
def quiet_end() -> Iterator[None]:
    """Exit with status 1 and no traceback where nobody reads stdout now.

    That happens in `… | head -3`. Any other error is raised as it is.
    """
    # On an old Python, boto3 and cryptography warn that they drop it soon.
    warnings.filterwarnings('ignore', '.*Python 3')
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.errno != (errno.EINVAL if os.name == 'nt' else errno.EPIPE):
            raise
        # Python flushes once more as it exits, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _write(text: str) -> None:
    """Print text at once, with '?' for what stdout's encoding lacks."""
    try:
        # Flushed, because a pipe would hold the steps back until the end.
        print(text, flush=True)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        shown = text.encode(encoding, 'replace').decode(encoding)
        print(shown, flush=True)
