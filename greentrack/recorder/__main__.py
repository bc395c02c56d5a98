"""Started by path, as ``python -I -S __main__.py BOARD_FD PATH...``: site's hooks would cost more than a recorder."""

import sys


def main() -> None:
    """Find our own packages after the standard library's, and record."""
    sys.path += [path for path in sys.argv[2:] if path not in sys.path]
    from greentrack.recorder.serve import serve

    serve(int(sys.argv[1]))


if __name__ == "__main__":
    main()
