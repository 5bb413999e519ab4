"""What the tour prints: banners and steps, on any terminal, at any pace.

Needs the standard library alone.
"""

import errno
import io
import os
import sys
from contextlib import contextmanager
from datetime import datetime
from typing import Iterator, Optional

BANNER_WIDTH = 70
# One column less than the stamp: a detail stands under its message.
DETAIL_INDENT = ' ' * 13

_stepping = False  # set by stepping()


def log_section(number: int, title: str) -> None:
    """Print the banner that opens a section, after a blank line.

    Args:
        number: the section's number, counted from 1.
        title: the section's title, one line.

    Raises:
        OSError: stdout cannot be written; a BrokenPipeError where the
            program that reads it has ended.
    """
    if _stepping and number > 1:
        _pause(f'Press Enter for section {number}')
    rule = '=' * BANNER_WIDTH
    print(f'\n{rule}\n  {number}. {title}\n{rule}', flush=True)


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
    # Flushed, because a pipe would hold the steps back until the end.
    print('\n'.join(lines), flush=True)


@contextmanager
def stepping(on: bool) -> Iterator[None]:
    """Have each banner but the first wait for Enter, if `on`.

    Where nobody can press a key, nothing waits.
    """
    global _stepping
    _stepping = on
    try:
        yield
    finally:
        _stepping = False


@contextmanager
def terminal() -> Iterator[None]:
    """Let a script print to any terminal, file or pipe, or to none.

    Prints '?' for what stdout's encoding lacks. Exits without a traceback
    where nobody reads stdout any more, as in `… | head -3` (status 1), and
    at Ctrl-C (status 130). Any other error is raised as it is.
    """
    if sys.stdout is None or sys.stdout.closed:  # as after `>&-`
        sys.stdout = io.StringIO()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='replace')
    try:
        with quietly():
            yield
            sys.stdout.flush()
    except OSError as error:
        # Windows has no errno of its own for it: a wrong file name, too, is
        # EINVAL there.
        gone = errno.EINVAL if os.name == 'nt' else errno.EPIPE
        if error.errno != gone or _can_print():
            raise
        # Python flushes once more as it exits, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@contextmanager
def quietly() -> Iterator[None]:
    """At Ctrl-C, exit with status 130 and without a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)


def _can_print() -> bool:
    """Return whether somebody still reads stdout, after an empty line."""
    try:
        # Something has to be sent: a flush of nothing always succeeds.
        print(flush=True)
    except OSError:
        return False
    return True


def _pause(prompt: str) -> None:
    print(f'\n{prompt} ', end='', flush=True)
    try:
        line = sys.stdin.readline() if sys.stdin else ''
    except (OSError, ValueError):  # it is closed, or cannot be read
        line = ''
    if not line:  # at the end of stdin, nobody has ended the line
        print()
