"""The two lines of output that the tour is made of: banner and step.

Needs the standard library alone, and works on any stdout.
"""

import sys
from datetime import datetime
from typing import Optional

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


def _write(text: str) -> None:
    """Print text at once, with '?' for what stdout's encoding lacks."""
    try:
        # Flushed, because a pipe would hold the steps back until the end.
        print(text, flush=True)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding
        shown = text.encode(encoding, 'replace').decode(encoding)
        print(shown, flush=True)
