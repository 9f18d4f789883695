"""A lock on an open file that the operating system lifts when its process ends, however it ends."""

from __future__ import annotations

import sys
from typing import Any

if sys.platform == "win32":
    import msvcrt

    # Far behind the end: bytes that are locked on Windows cannot be read, and the manifest shall be.
    _LOCKED_BYTE = 1 << 62

    def lock_file(file: Any) -> bool:
        """Lock ``file`` for this process; False if another one holds it."""
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import errno
    import fcntl

    # File systems of some clusters have no locks. Lines are appended and results renamed in one piece there,
    # too: two runs at once waste work, but break nothing.
    _NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

    def lock_file(file: Any) -> bool:
        """Lock ``file`` for this process; False if another one holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        return True
