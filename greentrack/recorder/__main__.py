"""Started by path, as ``python -I -S __main__.py PATH...``: site's hooks would cost more than a recorder."""

import os
import sys

OWN_FILES = 4  # its pipes, no standard error, and the board on which it shows figures (``wire.BOARD_FD``)
MAX_FILES = 1 << 16  # where nobody tells which are open


def main() -> None:
    """Let go of what is the training's, find our own packages after the standard library's, and record."""
    _let_go()
    sys.path += [path for path in sys.argv[1:] if path not in sys.path]
    from greentrack.recorder.server import serve

    serve()


def _let_go() -> None:
    """Close the files that a library of the training left open to its children, and leave the training's folder."""
    try:
        last = max(map(int, os.listdir("/dev/fd")))
    except (OSError, ValueError):
        last = MAX_FILES
    os.closerange(OWN_FILES, last + 1)  # and not up to the limit, which may be a thousand million
    os.chdir("/")


if __name__ == "__main__":
    main()
