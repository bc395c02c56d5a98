"""Where the database lives, and whether SQLite may share memory there."""

import errno
import mmap
import os
import sys
from pathlib import Path

from greentrack.errors import StoreError

WAY_OUT = "choose another place with GREENTRACK_DB=/path/to/greentrack.db or db="
MOUNTS = Path("/proc/self/mounts")

_NETWORK = frozenset(
    (
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fhgfs", "glusterfs", "gpfs", "lustre", "ncpfs"),
        *("nfs", "nfs4", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "wekafs"),
    )
)


def default_path() -> Path:
    """Return ``greentrack.db`` in the user's data folder, making nothing. Raises StoreError where there is no home."""
    if sys.platform == "linux":  # what platformdirs would say; importing it costs a recorder a tenth of its start
        base = os.environ.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")
        folder = Path(base, "greentrack")
    else:
        import platformdirs

        try:
            folder = Path(platformdirs.user_data_dir("greentrack", appauthor=False))
        except RuntimeError as error:
            raise StoreError(f"there is no home folder to keep greentrack.db in; {WAY_OUT}") from error
    if not folder.is_absolute():  # "~" was left as it is, and would be made in the working folder
        raise StoreError(f"there is no home folder to keep greentrack.db in ({folder}); {WAY_OUT}")
    return folder / "greentrack.db"


def path_of(db: str | None) -> Path:
    """Return the path of the database *db*, by default the user's own. Raises StoreError where there is no home."""
    return Path(db) if db else default_path()


def prepare(path: Path) -> None:
    """Make the folder of *path* and an empty file there, both with the user's umask. Raises StoreError."""
    try:
        make_folder(path.parent)
        if path.is_dir():
            raise StoreError(f"{path} is a folder, not a database; {WAY_OUT}")
        if not path.exists():
            path.touch(mode=0o664)  # SQLite itself would ask for 0644 and so refuse a group its umask grants
    except OSError as error:
        raise StoreError(f"{path} cannot be created ({error.strerror or error}); {WAY_OUT}") from error


def make_folder(folder: Path) -> None:
    """Make *folder* and those above it where they are missing, with the user's umask, and never for all to write."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o775, exist_ok=True)


def opener(place: str, flags: int) -> int:
    """Open a file for ``open(…, opener=opener)``: a new one with the user's umask, and never for all to write."""
    return os.open(place, flags, 0o664)


def network_filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the network filesystem that *path* is on, or None where it is local or nobody can tell.

    Processes on different machines cannot share memory, which SQLite's write-ahead log needs. FUSE types that are not
    known count as network: to do without the log is slower, never wrong.
    """
    if path.drive.startswith("\\\\"):
        return "unc"
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    place = os.path.realpath(path)
    best, kind = -1, ""
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        point = _unescaped(fields[1]).rstrip("/")
        if (place == point or place.startswith(point + "/")) and len(point) >= best:  # the last of equals lies on top
            best, kind = len(point), fields[2]
    return kind if kind in _NETWORK or kind.startswith("fuse.") else None


def shares_memory(folder: Path) -> bool:
    """Whether processes can share the memory of a file in *folder*; True where nobody can tell.

    Not all filesystems that cannot say so in their mount. Tried with a file that has no name and is gone at once.
    """
    try:
        fd = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):  # not Linux, or such files are not known here
        return True
    try:
        os.ftruncate(fd, mmap.PAGESIZE)
        mmap.mmap(fd, mmap.PAGESIZE).close()
    except OSError as error:
        return error.errno not in (errno.ENODEV, errno.EINVAL, errno.EACCES, errno.EOPNOTSUPP)
    finally:
        os.close(fd)
    return True


def _unescaped(point: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
