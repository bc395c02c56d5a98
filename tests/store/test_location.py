"""Where the database lives."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from greentrack.errors import StoreError
from greentrack.store.location import default_path, network_filesystem, prepare, shares_memory


def test_the_default_is_in_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called greentrack.db, in a folder called greentrack, and asking for it makes neither."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path().name == "greentrack.db"
    assert "greentrack" in default_path().parent.parts
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("folder", ["/data", "", None])
def test_the_default_is_where_platformdirs_says(folder: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is found without it, which is quicker."""
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    if folder is not None:
        monkeypatch.setenv("XDG_DATA_HOME", folder)
    assert default_path().parent == platformdirs.user_data_path("greentrack", appauthor=False)


@pytest.mark.skipif(sys.platform != "linux", reason="homes are found otherwise elsewhere")
def test_without_a_home_the_way_out_is_named() -> None:
    """A user without $HOME and without an entry in the user list is told of GREENTRACK_DB."""
    script = (
        "import os, platformdirs\nfrom greentrack.errors import StoreError\n"
        "from greentrack.store.location import default_path\n"
        "os.setuid(54321)\n"  # nobody has this number
        "try: print(default_path())\nexcept StoreError as error: print(error)"
    )
    if os.getuid() != 0:
        pytest.skip("only root can become a user that does not exist")
    env = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_DATA_HOME")}
    told = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True).stdout
    assert "no home folder" in told
    assert "GREENTRACK_DB" in told


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/data/runs/greentrack.db", "nfs4"),
        ("/data/runs/fast/greentrack.db", None),
        ("/data/runsheet/greentrack.db", None),
        ("/my lab/greentrack.db", "lustre"),
        ("/sshed/greentrack.db", "fuse.sshfs"),
        ("/greentrack.db", None),
    ],
)
def test_network_filesystems_are_known_by_their_mount(place: str, kind: str | None, tmp_path: Path) -> None:
    """The nearest mount above the file decides, whatever blanks are in its name."""
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\nserver:/x /data/runs nfs4 rw 0 0\n/dev/sdb /data/runs/fast xfs rw 0 0\n"
        "l@tcp:/l /my\\040lab lustre rw 0 0\nme@box: /sshed fuse.sshfs rw 0 0\n"
    )
    assert network_filesystem(Path(place), mounts) == kind


def test_where_mounts_cannot_be_read_a_place_counts_as_local(tmp_path: Path) -> None:
    """No /proc, as on macOS, is no reason to do without the log."""
    assert network_filesystem(tmp_path / "greentrack.db", tmp_path / "nothing") is None


def test_the_file_is_made_with_the_users_umask(tmp_path: Path) -> None:
    """A group that the umask lets in may write to the database too; nobody else ever."""
    before = os.umask(0o002)
    try:
        prepare(tmp_path / "lab" / "greentrack.db")
        os.umask(0o077)
        prepare(tmp_path / "own" / "greentrack.db")
        os.umask(0)
        prepare(tmp_path / "open" / "greentrack.db")
    finally:
        os.umask(before)
    modes = [(tmp_path / where / "greentrack.db").stat().st_mode & 0o777 for where in ("lab", "own", "open")]
    assert modes == [0o664, 0o600, 0o664]


@pytest.mark.parametrize("place", ["file/greentrack.db", "file/deeper/greentrack.db", ""])
def test_a_place_that_cannot_be_is_named(place: str, tmp_path: Path) -> None:
    """Under a regular file, or where a folder is: the error names the path and the way out."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="GREENTRACK_DB") as raised:
        prepare(tmp_path / place)
    assert str(tmp_path / place) in str(raised.value)


def test_where_memory_can_be_shared_is_found_out_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a file without a name; a folder that takes none, or a system that knows none, is given the benefit."""
    assert shares_memory(tmp_path)
    assert not any(tmp_path.iterdir())
    assert shares_memory(tmp_path / "nowhere")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENODEV, "no such device")

    monkeypatch.setattr("greentrack.store.location.mmap.mmap", refuse)
    assert shares_memory(tmp_path) is not hasattr(os, "O_TMPFILE")
