"""The command that starts a recorder: which Python, which script, and where it finds its modules."""

import os
import sys

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def command(folder: str) -> list[str]:
    """The command for a run that was started in *folder*. Raises OSError where no Python is known that would run it."""
    if not sys.executable or getattr(sys, "frozen", False):  # a frozen program would start itself again and again
        raise OSError("this Python does not know its own executable")
    script = os.path.join(_PACKAGE, "recorder", "__main__.py")
    return [sys.executable, "-I", "-S", script, *_module_paths(folder)]


def _module_paths(folder: str) -> list[str]:
    """The folders of our package and of the libraries, without the script's own, whose modules are the training's.

    Relative paths start from *folder*: the working folder may have been removed.
    """
    script = sys.modules["__main__"].__dict__.get("__file__") or ""
    own = {os.path.dirname(os.path.normpath(os.path.join(folder, script))), folder}
    paths = [os.path.normpath(os.path.join(folder, path)) for path in sys.path if path]
    return [os.path.dirname(_PACKAGE), *(path for path in paths if path not in own)]
