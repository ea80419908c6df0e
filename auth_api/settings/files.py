"""Replace files of settings in one step, so that the service can still read them."""

import os
from pathlib import Path


class UnreadableFileError(Exception):
    """A file cannot be read or written; the text names it."""


def require_replaceable(path: Path) -> None:
    """Raise an UnreadableFileError if the file cannot be replaced by one of the same owner and group.

    A link is followed, and the file that it names is replaced.
    """
    target = path.resolve()
    if not (os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)):
        message = f"{path} or its folder is not writable."
        raise UnreadableFileError(message)
    owner = target.stat()
    if os.geteuid() not in {0, owner.st_uid} or (os.geteuid() and owner.st_gid not in {os.getegid(), *os.getgroups()}):
        message = f"{path} belongs to another user or group: run this command as its owner, or as root."
        raise UnreadableFileError(message)


def replace_file(path: Path, text: str) -> None:
    """Replace a file in one step, with the owner, group and permissions of the old one.

    Raises:
        UnreadableFileError: the disk, or the file system, does not allow it. The file is unchanged.
    """
    target = path.resolve()
    new = target.with_name(f"{target.name}.new")
    try:
        old = target.stat()
        new.unlink(missing_ok=True)  # a process that was killed may have left it
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(text.encode())
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), old.st_uid, old.st_gid)
            os.fchmod(file.fileno(), old.st_mode & 0o777)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
    except OSError as error:
        message = f"{path} cannot be replaced: {reason_of(error)}."
        raise UnreadableFileError(message) from error
    finally:
        if new.is_file():
            new.unlink()


def reason_of(error: Exception) -> str:
    """Return the operating system's reason in lower case."""
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "it is not text"
