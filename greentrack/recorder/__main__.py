"""Started by path, as ``python -I -S __main__.py PATH...``: site's hooks would cost more than a recorder."""

import os
import sys

OWN_FILES = 4  # its pipes, no standard error, and the memory for its figures (``shared_memory.MEMORY_FD``)
MAX_FILES = 1 << 16  # where the system does not tell which are open


def main() -> None:
    """Release what is the training's, put our own packages behind the standard library's in the path, and record."""
    _release_inherited()
    sys.path += [path for path in sys.argv[1:] if path not in sys.path]
    from greentrack.recorder.server import serve

    serve()


def _release_inherited() -> None:
    """Close the files that a library of the training left open to its children, and leave the training's folder."""
    try:
        last = max(map(int, os.listdir("/dev/fd")))
    except (OSError, ValueError):
        last = MAX_FILES
    os.closerange(OWN_FILES, last + 1)  # not up to the limit, which may be a thousand million
    os.chdir("/")


if __name__ == "__main__":
    main()
