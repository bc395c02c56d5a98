"""The commit that a run was started from, found without waiting for git."""

import os
import re
from pathlib import Path


def commit(folder: Path) -> tuple[Path, str] | None:
    """The root of the work tree that holds *folder* and its commit's id; None where there is neither."""
    for root in (folder, *folder.parents):
        git_dir = root / ".git"
        try:
            if git_dir.is_file():  # a linked work tree or a submodule
                git_dir = root / git_dir.read_text().partition("gitdir:")[2].strip()
            if git_dir.is_dir():
                return (root, found) if (found := _head(git_dir)) else None
        except OSError:
            return None
    return None


def _head(git_dir: Path) -> str | None:
    head = (git_dir / "HEAD").read_text().strip()
    _, is_ref, ref = head.partition("ref: ")
    if not is_ref:
        return head if re.fullmatch(r"[0-9a-f]{40,64}", head) else None
    common = git_dir / "commondir"
    folders = [git_dir, git_dir / common.read_text().strip()] if common.is_file() else [git_dir]
    for folder in folders:
        if (folder / ref).is_file():
            return (folder / ref).read_text().strip()
        packed = folder / "packed-refs"
        if packed.is_file() and (
            found := re.search(rf"^([0-9a-f]{{40,64}}) {re.escape(ref)}$", packed.read_text(), re.M)
        ):
            return found.group(1)
    return None


_ENVIRONMENT = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}  # neither write to the repository nor ask a server


class DirtyCheck:
    """Asks git in the background whether tracked files differ from the commit; nobody waits for it."""

    def __init__(self, root: Path) -> None:
        self._pid: int | None = None
        null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
        command = ["git", "-C", str(root), "-c", "core.fsmonitor=false", "diff", "--quiet", "HEAD"]
        try:
            self._pid = os.posix_spawnp("git", command, {**os.environ, **_ENVIRONMENT}, file_actions=null)
        except OSError:
            return  # there is no git here

    def answer(self) -> bool | None:
        """True or False once git has answered (then never again); None before, and where it cannot tell."""
        if self._pid is None:
            return None
        try:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
        except OSError:
            self._pid = None
            return None
        if pid == 0:
            return None
        self._pid = None
        code = os.waitstatus_to_exitcode(status)
        return bool(code) if code in (0, 1) else None
