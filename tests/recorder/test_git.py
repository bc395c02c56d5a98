"""Which commit a run came from, read as git keeps it."""

import os
import subprocess
from pathlib import Path

import pytest

from greentrack.recorder import git


def run(folder: Path, *command: str) -> str:
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *command], env=env, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    run(folder, "init", "-q")
    (folder / "a").write_text("1")
    run(folder, "add", "a")
    run(folder, "commit", "-qm", "one")
    return folder


def dirty(root: Path) -> bool | None:
    asked = git.DirtyCheck(root)
    assert asked._pid is not None
    os.waitid(os.P_PID, asked._pid, os.WEXITED | os.WNOWAIT)
    return asked.answer()


def test_the_commit_is_what_git_says(tree: Path) -> None:
    """On a branch, packed, detached, and from a folder inside."""
    head = run(tree, "rev-parse", "HEAD")
    (tree / "deep/er").mkdir(parents=True)
    assert git.commit(tree / "deep/er") == (tree, head)
    run(tree, "pack-refs", "--all")
    assert git.commit(tree) == (tree, head)
    run(tree, "checkout", "-q", "--detach")
    assert git.commit(tree) == (tree, head)


def test_a_linked_work_tree_has_its_own_commit(tree: Path, tmp_path: Path) -> None:
    """Its .git is a file, and its branch lies in the common folder."""
    linked = tmp_path / "linked"
    run(tree, "worktree", "add", "-q", "-b", "other", str(linked))
    assert git.commit(linked) == (linked, run(linked, "rev-parse", "HEAD"))


def test_no_repository_and_no_commit_are_unknown(tmp_path: Path) -> None:
    """Neither is a reason to stop."""
    assert git.commit(tmp_path) is None
    run(tmp_path, "init", "-q")
    assert git.commit(tmp_path) is None


def test_a_changed_file_makes_the_tree_dirty(tree: Path) -> None:
    """Clean after a commit, dirty after an edit."""
    assert dirty(tree) is False
    (tree / "a").write_text("2")
    assert dirty(tree) is True


def test_without_git_nobody_knows(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without the command has no answer."""
    monkeypatch.setenv("PATH", "/nonexistent")
    assert git.DirtyCheck(tree).answer() is None
