"""Finds the file of the database, and whether SQLite can share memory there."""

import errno
import mmap
import os
import sys
from pathlib import Path

from greentrack.errors import StoreError

REMEDY = "choose another place with GREENTRACK_DB=/path/to/greentrack.db or db="
MOUNTS = Path("/proc/self/mounts")

_NETWORK = frozenset(
    (
        *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fhgfs", "glusterfs", "gpfs", "lustre", "ncpfs"),
        *("nfs", "nfs4", "orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "wekafs"),
    )
)


def default_path() -> Path:
    """Return ``greentrack.db`` in the user's data folder, without creating it. Raises StoreError without a home."""
    if sys.platform == "linux":  # as platformdirs, whose import costs a tenth of the recorder's start
        base = os.environ.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")
        folder = Path(base, "greentrack")
    else:
        import platformdirs

        try:
            folder = Path(platformdirs.user_data_dir("greentrack", appauthor=False))
        except RuntimeError as error:
            raise StoreError(f"there is no home folder to keep greentrack.db in; {REMEDY}") from error
    if not folder.is_absolute():  # "~" was not expanded, and would be created in the working folder
        raise StoreError(f"there is no home folder to keep greentrack.db in ({folder}); {REMEDY}")
    return folder / "greentrack.db"


def path_of(db: str | Path | None) -> Path:
    """Return the path of the database *db*, by default the user's own. Raises StoreError where there is no home."""
    return Path(os.path.expanduser(db)) if db else default_path()


def prepare(path: Path) -> None:
    """Create the folder of *path* and an empty file there, both with the user's umask. Raises StoreError."""
    try:
        make_folder(path.parent)
        if path.is_dir():
            raise StoreError(f"{path} is a folder, not a database; {REMEDY}")
        if not path.exists():
            path.touch(mode=0o664)  # SQLite itself would ask for 0644 and so refuse a group its umask grants
    except OSError as error:
        raise StoreError(f"{path} cannot be created ({error.strerror or error}); {REMEDY}") from error


def make_folder(folder: Path) -> None:
    """Create *folder* and its missing parents with the user's umask, and never world-writable."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o775, exist_ok=True)


def opener(path: str, flags: int) -> int:
    """Open a file for ``open(…, opener=opener)``: a new one gets the user's umask, and is never world-writable."""
    return os.open(path, flags, 0o664)


def network_filesystem(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the network filesystem that *path* is on, or None where it is local or unknown.

    Processes on different machines cannot share memory, which SQLite's write-ahead log needs. Unknown FUSE types count
    as network: to do without the log is slower, never wrong.
    """
    if path.drive.startswith("\\\\"):
        return "unc"
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return None
    real = os.path.realpath(path)
    longest, kind = -1, ""
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        mount = _unescaped(fields[1]).rstrip("/")
        if (real == mount or real.startswith(mount + "/")) and len(mount) >= longest:  # the last of equals is on top
            longest, kind = len(mount), fields[2]
    return kind if kind in _NETWORK or kind.startswith("fuse.") else None


def shares_memory(folder: Path) -> bool:
    """True where processes can share the memory of a file in *folder*, or where it is unknown.

    Not all filesystems that cannot are known by their mount. It is tried with a file without a name.
    """
    try:
        fd = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):  # not Linux, or a filesystem without such files
        return True
    try:
        os.ftruncate(fd, mmap.PAGESIZE)
        mmap.mmap(fd, mmap.PAGESIZE).close()
    except OSError as error:
        return error.errno not in (errno.ENODEV, errno.EINVAL, errno.EACCES, errno.EOPNOTSUPP)
    finally:
        os.close(fd)
    return True


def _unescaped(mount: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mount = mount.replace(code, character)
    return mount
