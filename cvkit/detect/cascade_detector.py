"""Detection by cascades of boosted trees that OpenCV's tools trained (Viola and Jones 2001)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import cvkit
from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.detect._cpu import cascade_detector as cascade_detector_kernels
from cvkit.detect._cpu.lanes import LANES
from cvkit.detect.cascade_corners import Corners, feature_corners, norm_corners
from cvkit.detect.cascade_files import Cascade, checked_cascade, first_nodes, keep_masks, read_cascade
from cvkit.detect.class_names import class_of_file
from cvkit.detect.detections import Detections
from cvkit.detect.grouping import group_windows
from cvkit.detect.window_detector import WindowDetector

# From this scale on, OpenCV looks at every window, below at those of every second row and column.
_FINE_SCALE = 2
# OpenCV counts the strips of its threads by so many columns, and may leave out the last row by it.
_STRIP_COLUMNS = 32


class _Model(NamedTuple):
    """What the kernels need of a cascade; the offsets and the stride are those of one level."""

    offsets: np.ndarray
    norm: np.ndarray
    stride: np.uintp
    weights: np.ndarray
    thresholds: np.ndarray
    choices: np.ndarray
    masks: np.ndarray
    children: np.ndarray
    leaves: np.ndarray
    trees: np.ndarray
    stages: np.ndarray
    limits: np.ndarray
    subsets: np.ndarray
    area: np.float64


class _Sums(NamedTuple):
    """Room for the sums of all levels of one step, (plane, row, column), and the model with its offsets."""

    step: int
    flat: Array
    planes: Array
    model: _Model


class _Level(NamedTuple):
    """A level of the pyramid: its scale, its size and the windows in it."""

    scale: np.float32
    shape: tuple[int, int]
    step: int
    rows: int
    columns: int


class CascadeDetector(WindowDetector):
    """Find objects by a cascade of Haar-like features or local binary patterns, from an XML file of OpenCV.

    The windows are those of ``cv2.CascadeClassifier``, the boxes its groups of them.

    Parameters
    ----------
    cascade : Cascade
        Stages, trees and features; :meth:`load` reads them.
    window : (int, int)
        Height and width of the window in pixels.
    scale : float
        Ratio between neighboring levels of the pyramid, above 1.
    min_neighbors : int
        Groups of no more windows than this are no detections; 0 leaves every window by itself.
    min_size, max_size : (float, float), optional
        Height and width of the smallest and the largest window.
    threshold : float, optional
        Least confidence of a detection: what the last stage gives the surest window of its group. Without
        it, whatever passes the stages counts.
    upscale : float
        Enlarge images by this factor first, to find objects smaller than the window.
    min_height : float
        Height in pixels of the smallest object to look for. Other than with ``min_size``, where OpenCV takes
        the nearest size if none is in the bounds, smaller ones are never found.
    class_name : str
        What the objects are called in results.

    Raises
    ------
    TypeError, ValueError
        For a cascade that does not fit and for settings out of range.

    References
    ----------
    P. Viola and M. Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001.
    R. Lienhart and J. Maydt, "An extended set of Haar-like features for rapid object detection", ICIP 2002.
    S. Liao et al., "Learning multi-scale block local binary patterns for face recognition", ICB 2007.

    Examples
    --------
    >>> from cvkit.detect import CascadeDetector
    >>> CascadeDetector.load("no-such-cascade.xml")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-cascade.xml'
    """

    kind = "cascade"

    def __init__(
        self,
        cascade: Cascade,
        window: tuple[int, int],
        *,
        scale: float = 1.1,
        min_neighbors: int = 3,
        min_size: tuple[float, float] | None = None,
        max_size: tuple[float, float] | None = None,
        threshold: float | None = None,
        upscale: float = 1.0,
        min_height: float = 0.0,
        class_name: str = "object",
    ) -> None:
        super().__init__(
            window=window,
            threshold=0.0,
            upscale=upscale,
            min_height=min_height,
            max_overlap=0.65,
            object_size=(1.0, 1.0),
            calibration=None,
            class_name=class_name,
        )
        # Whatever passes the stages counts: their thresholds have been learned, too.
        self.threshold = -np.inf if threshold is None else _validate.number(threshold, "threshold")
        self.scale = _validate.number(scale, "scale", above=1.0)
        self.min_neighbors = _validate.integer(min_neighbors, "min_neighbors", minimum=0)
        self.min_size = None if min_size is None else _size(min_size, "min_size")
        self.max_size = None if max_size is None else _size(max_size, "max_size")
        self.cascade = checked_cascade(cascade, self.window)
        self._is_lbp = self.cascade.weights.size == 0
        self._model = _kernel_model(self.cascade, self.window)
        self._corners = feature_corners(self.cascade)
        self._norm = norm_corners(self.window)

    @classmethod
    def load(cls, path: str | os.PathLike[str], **settings: Any) -> CascadeDetector:
        """Read a cascade of OpenCV.

        Parameters
        ----------
        path : path
            An XML file in the format of ``opencv_traincascade`` or in that of OpenCV 1, with Haar-like
            features or local binary patterns. OpenCV's packages have some, in ``cv2.data.haarcascades``.
        **settings
            The constructor's keyword arguments. Unless given, ``class_name`` is what OpenCV's own models
            find, such as "face", and of others the file's name.

        Returns
        -------
        CascadeDetector

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is no cascade, or damaged, and for settings out of range.

        Examples
        --------
        >>> CascadeDetector.load(__file__)
        Traceback (most recent call last):
        ...
        ValueError: ...cascade_detector.py is not a cascade of OpenCV or is damaged: ...
        """
        cascade, window = read_cascade(path)
        return cls(cascade, window, **{"class_name": class_of_file(path), **settings})

    @classmethod
    def from_model(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> CascadeDetector:
        """Make a detector of what a model's file holds."""
        return cls(Cascade(**{name: arrays[name] for name in Cascade._fields}), **settings)

    def at_scale(self, factor: float) -> CascadeDetector:
        """Return this detector for an image that has been made smaller, as of any detector."""
        smaller = super().at_scale(factor)
        for name in ("min_size", "max_size"):
            size = getattr(self, name)
            setattr(smaller, name, None if size is None else (size[0] / factor, size[1] / factor))
        return smaller

    def _model_arrays(self) -> dict[str, np.ndarray]:
        return self.cascade._asdict()

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's arguments that make this detector, but for the cascade."""
        names = ("window", "scale", "min_neighbors", "min_size", "max_size", "upscale", "min_height")
        threshold = None if self.threshold == -np.inf else self.threshold
        values = {name: getattr(self, name) for name in (*names, "class_name")}
        return {**values, "threshold": threshold}

    def detect(self, image: Array, *, region: tuple[float, float, float, float] | None = None) -> Detections:
        """Find the objects in an image.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            Gray or RGB. On a GPU array, the work up to the windows' scores is done on the GPU.
        region : (left, top, right, bottom), optional
            Part of the image to look at, in pixels; boxes are still given in the whole image.

        Returns
        -------
        Detections
            The boxes of ``cv2.CascadeClassifier.detectMultiScale`` in the same order. The confidence is the
            highest of the group's windows (OpenCV's level weight).

        Raises
        ------
        TypeError, ValueError
            If the image or the region is unsuitable. An image smaller than the window is not an error.

        Examples
        --------
        >>> import numpy as np
        >>> from cvkit.detect.cascade_files import Cascade
        >>> one = np.ones(1, int)
        >>> whole = np.array([[[1, 1, 8, 8], [1, 1, 8, 4], [0] * 4]])
        >>> stump = Cascade(whole, [[-1, 2, 0]], [False], [0], [[0, -1]], [0.0], np.empty((1, 0)),
        ...                 [1, -1], one, one, [0.5])
        >>> image = np.zeros((30, 30), np.uint8)
        >>> image[12:] = 200
        >>> CascadeDetector(stump, (10, 10), min_neighbors=8).detect(image).xyxy
        array([[ 7.,  5., 22., 20.]], dtype=float32)
        """
        pixels, corner = self._part(image, region)
        windows, scores, shape = self._passing(pixels)
        groups = group_windows(windows, scores, self.min_neighbors)
        kept = groups.scores >= self.threshold
        boxes = _clipped(groups.xyxy[kept], shape) / self.upscale + np.tile(corner, 2)
        return Detections(boxes, groups.scores[kept])

    def _windows(self, image: Array) -> tuple[np.ndarray, np.ndarray]:
        windows, scores, shape = self._passing(image)
        kept = scores >= self.threshold
        return _clipped(windows[kept], shape) / self.upscale, scores[kept]

    def _passing(self, image: Array) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
        """Return the windows of the enlarged image that pass all stages, their scores, and its shape."""
        gray = cvkit.rgb_to_gray(image) if image.ndim == 3 and image.shape[2] == 3 else image
        gray = reshaped(ImageStack.of(gray).array, tuple(gray.shape[:2]))
        if self.upscale != 1.0:
            enlarged = tuple(max(1, round(size * self.upscale)) for size in gray.shape)
            gray = cvkit.resize(gray, enlarged, interpolation="bilinear_exact")
        shape = (int(gray.shape[0]), int(gray.shape[1]))
        windows, scores = [np.empty((0, 4), np.int32)], [np.empty(0)]
        sums = None
        for level in self._levels(shape):
            if sums is None or sums.step != level.step:  # the first level of a step is the largest
                sums = self._room(ImageStack.of(gray), level)
            is_full = level.shape == shape
            resized = gray if is_full else cvkit.resize(gray, level.shape, interpolation="bilinear_exact")
            rows, columns, found = self._scan_level(resized, level, sums)
            if len(rows):
                corner = np.stack([columns, rows], axis=1) * level.step
                corner = np.rint(corner.astype(np.float32) * level.scale).astype(np.int32)
                windows.append(np.concatenate([corner, corner + self._window_at(level.scale)[::-1]], axis=1))
                scores.append(found)
        return np.concatenate(windows), np.concatenate(scores).astype(np.float32), shape

    def _room(self, stack: ImageStack, level: _Level) -> _Sums:
        """Make room for the sums of a level and of smaller ones of its step."""
        half = level.shape[1] // 2 + 1
        stride = 2 * half if level.step == 2 else level.shape[1] + 1
        count = 1 if self._is_lbp else 3 if self.cascade.tilted.any() else 2
        size = (level.shape[0] + 1) * stride
        flat = stack.empty((count * size + LANES,), np.int32)
        planes = reshaped(flat[: count * size], (count, level.shape[0] + 1, stride))

        def offsets(corners: Corners) -> np.ndarray:
            x = corners.x if level.step == 1 else corners.x // 2 + corners.x % 2 * half
            return (corners.plane * size + corners.y * stride + x).astype(np.uintp).ravel()

        model = self._model._replace(
            offsets=offsets(self._corners), norm=offsets(self._norm), stride=np.uintp(stride)
        )
        return _Sums(level.step, flat, planes, model)

    def _scan_level(
        self, image: Array, level: _Level, sums: _Sums
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, columns and scores of the windows of a level that pass all stages."""
        stack = ImageStack.of(image)
        kernels = stack.kernels(cascade_detector_kernels)
        kernels.integrate(image, level.step, sums.planes)
        hit_columns = stack.empty((level.rows, level.columns), np.int32)
        hit_scores = stack.empty((level.rows, level.columns), np.float64)
        counts = stack.empty((level.rows,), np.int64)
        scan = kernels.scan_lbp if self._is_lbp else kernels.scan_haar
        scan(sums.flat, sums.model, level.step, level.columns, hit_columns, hit_scores, counts)
        counts = to_host(counts)
        rows = np.repeat(np.arange(level.rows), counts)
        places = (rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts))
        return rows, to_host(hit_columns)[places], to_host(hit_scores)[places]

    def _levels(self, shape: tuple[int, int]) -> Iterator[_Level]:
        """Yield the levels of an image of a given shape that hold windows of the wanted sizes."""
        scales = self._scales(shape)
        strips = 0
        for scale in scales:
            size = np.rint(np.array(shape, np.float32) / scale).astype(int)
            rows, columns = (size + 1 - self.window).tolist()
            strips = strips or -(-columns // _STRIP_COLUMNS)
            step = 1 if scale >= _FINE_SCALE else 2
            covered = strips * max((rows // step + strips - 1) // strips, 1) * step
            rows = -(-min(covered, rows) // step)
            yield _Level(scale, (int(size[0]), int(size[1])), step, rows, -(-columns // step))

    def _scales(self, shape: tuple[int, int]) -> list[np.float32]:
        """Choose the scales as OpenCV does: the nearest one where none has windows of the wanted sizes."""
        possible: list[np.float32] = []
        scale = 1.0
        while all(round(side * scale) <= size for side, size in zip(self.window, shape, strict=True)):
            if round(self.window[0] * scale) >= self.min_height * self.upscale:
                possible.append(np.float32(scale))
            scale *= self.scale
        if not possible:
            return []
        sizes = np.array([self._window_at(scale) for scale in possible])
        least = np.array(self.min_size or (0, 0)) * self.upscale
        most = np.array(shape) if self.max_size is None else np.array(self.max_size) * self.upscale
        is_wanted: np.ndarray = np.all((sizes <= most) & (sizes >= least), axis=1)
        if not is_wanted.any():
            is_wanted[((sizes - least) ** 2).sum(axis=1).argmin()] = True
        return [scale for scale, wanted in zip(possible, is_wanted, strict=True) if wanted]

    def _window_at(self, scale: np.float32) -> np.ndarray:
        """Height and width of the windows of a level, in pixels of the image."""
        return np.rint(np.array(self.window, np.float32) * scale).astype(np.int32)


def _size(value: Any, name: str) -> tuple[float, float]:
    height, width = (float(side) for side in _validate.matrix(value, (2,), name))
    if min(height, width) < 0:
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return height, width


def _clipped(windows: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.clip(windows, 0, [shape[1], shape[0]] * 2)


def _kernel_model(cascade: Cascade, window: tuple[int, int]) -> _Model:
    """Prepare what is the same on all levels."""
    trees = np.append(first_nodes(cascade), len(cascade.feature))
    stages = np.append(0, np.cumsum(cascade.stage_sizes, dtype=np.int64))
    number = np.repeat(np.arange(len(trees) - 1), cascade.tree_sizes)  # of each node's tree
    first_leaf = trees[number] + number
    leaf = np.minimum(first_leaf[:, np.newaxis] - np.minimum(cascade.children, 0), len(cascade.leaves) - 1)
    return _Model(
        offsets=np.empty(0, np.uintp),
        norm=np.empty(0, np.uintp),
        stride=np.uintp(0),
        weights=cascade.weights[cascade.feature].ravel(),
        thresholds=cascade.threshold,
        choices=cascade.leaves[leaf].ravel(),
        masks=np.array([*keep_masks(cascade)], np.uint32).ravel(),
        children=cascade.children.astype(np.int64).ravel(),
        leaves=cascade.leaves,
        trees=trees.astype(np.uintp),
        stages=stages,
        limits=cascade.stage_thresholds.astype(np.float64),
        subsets=cascade.subsets.ravel(),
        area=np.float64((window[0] - 2) * (window[1] - 2)),
    )
