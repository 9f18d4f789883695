"""OpenCV, which decodes and encodes files here: whichever of its packages the user has."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

# The first with IMREAD_COLOR_RGB, and the packages on PyPI that bring it. They overwrite each other's files,
# so none of them is a dependency.
_OLDEST = (4, 11)
_PACKAGES = "opencv-python, opencv-contrib-python, or the headless ones of both"


@functools.cache
def opencv() -> Any:
    """Return the module ``cv2``.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If there is no OpenCV, or one that is too old; it says what to install.

    Examples
    --------
    >>> opencv().__name__
    'cv2'
    """
    needed = f"images and videos are read and written by OpenCV {'.'.join(map(str, _OLDEST))} or newer"
    advice = f"pip install opencv-python-headless (or {_PACKAGES})"
    try:
        import cv2
    except ImportError as error:
        # An OpenCV whose own libraries are missing says which.
        reason = "which is not installed" if error.name == "cv2" else f"which cannot be imported: {error}"
        raise ImportError(f"{needed}, {reason}: {advice}", name="cv2") from error
    version = getattr(cv2, "__version__", "unknown")
    if not hasattr(cv2, "IMREAD_COLOR_RGB"):
        raise ImportError(f"{needed}, got {version}: {advice}", name="cv2")
    return cv2


def set_log_level(level: int) -> int:
    """Set how much OpenCV writes to stderr, in the whole process.

    Parameters
    ----------
    level : int
        0 for nothing.

    Returns
    -------
    int
        The level before.

    Examples
    --------
    >>> before = set_log_level(0)
    >>> set_log_level(before)
    0
    """
    cv2 = opencv()
    # OpenCV 4.13 moved the function.
    setter = cv2.utils.logging.setLogLevel if hasattr(cv2.utils, "logging") else cv2.setLogLevel
    return int(setter(level))


def cascade_folder() -> Path | None:
    """Return where the installed OpenCV has its cascades of Haar-like features.

    Returns
    -------
    pathlib.Path or None
        None without OpenCV, and with OpenCV 5, which has none.

    Examples
    --------
    >>> folder = cascade_folder()
    >>> folder is None or folder.is_dir()
    True
    """
    try:
        data = getattr(opencv(), "data", None)
    except ImportError:
        return None
    folder = Path(getattr(data, "haarcascades", ""))
    return folder if data is not None and any(folder.glob("haarcascade_*.xml")) else None
