"""Detection by a linear classifier over HOG features in a sliding window (Dalal and Triggs 2005)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import cvkit
from cvkit import _validate
from cvkit._dispatch import Array, Batch, to_host
from cvkit.detect.detections import Detections
from cvkit.detect.model_files import read_model, write_model
from cvkit.detect.suppression import nms
from cvkit.features.hog import BlockGrid
from cvkit.ml.platt import sigmoid

KIND = "hog"

# OpenCV's limit on the levels of its pyramid.
_MAXIMUM_LEVELS = 64
# The CPU twin adds this many columns of blocks in one pass and wants the weights filled to a multiple.
_COLUMNS = 7


class Level(NamedTuple):
    """One level of a pyramid."""

    scale: float
    image: Array


class ScoredGrid(NamedTuple):
    """The windows of a level whose blocks lie on one grid of cells.

    Window (row, column) lies at ``origin`` + (row, column) * cell of the padded level, and starts at block
    (row, column) of ``features``, which is (feature, block row, block column).
    """

    origin: tuple[int, int]
    features: Array
    scores: Array


class HOGDetector:
    """Find objects by scoring every window of an image pyramid with a linear classifier over HOG features.

    The features of a level are computed once and all its windows are scored from them, which gives the scores
    of ``cv2.HOGDescriptor`` in a fraction of its time.

    Parameters
    ----------
    weights : array_like, (D + 1,)
        The classifier's D weights in the order of :func:`cvkit.hog` (layout "opencv") for one window, then
        its bias; ``cv2.HOGDescriptor.getDefaultPeopleDetector()`` fits for the default window.
    window : (int, int)
        Height and width of the window in pixels, multiples of the cell.
    stride : int
        Distance between neighbouring windows of a level, in pixels.
    padding : int
        Pixels by which each level is extended on every side, by reflection, so that people cut by the
        picture's edge have a window.
    scale : float
        Ratio between neighbouring levels of the pyramid, above 1.
    threshold : float
        Least score of a detection.
    upscale : float
        Enlarge pictures by this factor first, to find people smaller than the window.
    minimum_height : float
        Height in pixels of the smallest person to look for; levels that can hold only smaller ones are
        skipped.
    maximum_overlap : float
        Of two detections of which one covers more than this share of the smaller, the surer is kept.
    object_size : (float, float)
        Height and width of the object as shares of the window's; detections are cut to it.
    calibration : (float, float), optional
        Slope A and offset B of Platt's sigmoid, for :meth:`probability`.
    cell, side, bins, signed, gamma
        Settings of the features; see :func:`cvkit.hog`.

    Raises
    ------
    TypeError, ValueError
        For weights of the wrong length and for settings out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.detect import HOGDetector
    >>> detector = HOGDetector(np.zeros(3781), threshold=0.5)
    >>> len(detector.detect(np.zeros((200, 100), np.uint8)))
    0
    """

    def __init__(
        self,
        weights: npt.ArrayLike,
        *,
        window: tuple[int, int] = (128, 64),
        stride: int = 8,
        padding: int = 8,
        scale: float = 1.05,
        threshold: float = 0.0,
        upscale: float = 1.0,
        minimum_height: float = 0.0,
        maximum_overlap: float = 0.65,
        object_size: tuple[float, float] = (0.8, 0.656),
        calibration: tuple[float, float] | None = None,
        cell: int | tuple[int, int] = 8,
        side: int | tuple[int, int] = 2,
        bins: int = 9,
        signed: bool = False,
        gamma: bool = True,
    ) -> None:
        self.grid = BlockGrid(
            cell=_validate.kernel_size(cell, "cell", odd=False),
            side=_validate.kernel_size(side, "side", odd=False),
            bins=_validate.integer(bins, "bins", minimum=1, maximum=64),
            signed=bool(signed),
            gamma=bool(gamma),
        )
        self.window = _validate.output_shape(window, "window")
        self.stride = _validate.integer(stride, "stride", minimum=1)
        self.padding = _validate.integer(padding, "padding", minimum=0)
        self.scale = _validate.number(scale, "scale", above=1.0)
        self.threshold = _validate.number(threshold, "threshold")
        self.upscale = _validate.number(upscale, "upscale", above=0.0)
        self.minimum_height = _validate.number(minimum_height, "minimum_height", minimum=0.0)
        self.maximum_overlap = _validate.number(maximum_overlap, "maximum_overlap", minimum=0.0, maximum=1.0)
        height, width = (
            _validate.number(share, "object_size", above=0.0, maximum=1.0) for share in object_size
        )
        self.object_size = (height, width)
        self.calibration = None if calibration is None else _sigmoid_parameters(calibration)
        self._rows, self._columns = self.grid.block_count(self.window)
        if self._rows < 1 or self._columns < 1 or any(np.mod(self.window, self.grid.cell)):
            raise ValueError(f"window must be whole cells and at least one block, got {window!r}")
        size = self._rows * self._columns * self.grid.feature_count
        self.weights = _validate.matrix(weights, (-1,), "weights").astype(np.float32)
        if self.weights.size != size + 1:
            raise ValueError(
                f"weights must have {size} values for this window and the bias, got {self.weights.size}"
            )

    @classmethod
    def from_weights(cls, weights: npt.ArrayLike, **settings: Any) -> HOGDetector:
        """Make a detector of a weight vector that ends with the bias.

        Parameters
        ----------
        weights : array_like, (D + 1,)
            As OpenCV's ``setSVMDetector`` takes it; (D + 1, 1) is accepted too.
        **settings
            The constructor's other parameters.

        Returns
        -------
        HOGDetector

        Examples
        --------
        >>> HOGDetector.from_weights(np.zeros((3781, 1))).window
        (128, 64)
        """
        return cls(np.ravel(np.asarray(weights)), **settings)

    def detect(self, image: Array, *, region: tuple[float, float, float, float] | None = None) -> Detections:
        """Find the objects in a picture.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            Gray or RGB. On a GPU array, everything up to the windows above the threshold stays on the GPU.
        region : (left, top, right, bottom), optional
            Part of the picture to look at, in pixels; boxes are still given in the whole picture.

        Returns
        -------
        Detections
            Boxes around the objects (not the windows with their margins), surest first.

        Raises
        ------
        TypeError, ValueError
            If the image or the region is unsuitable. A picture smaller than the window is not an error.

        Examples
        --------
        >>> from cvkit.detect import pretrained
        >>> import numpy as np
        >>> pretrained("person-hog").detect(np.zeros((60, 30, 3), np.uint8)).xyxy.shape
        (0, 4)
        """
        windows, scores = self._scan(image, region)
        boxes = self.object_boxes(windows)
        kept = nms(boxes, scores, threshold=self.maximum_overlap, overlap="smaller")
        return Detections(boxes[kept], scores[kept])

    def detect_windows(
        self, image: Array, *, region: tuple[float, float, float, float] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find all windows that score at least the threshold.

        Parameters
        ----------
        image, region
            As for :meth:`detect`.

        Returns
        -------
        xyxy : numpy.ndarray, (N, 4), float32
                Left, top, right and bottom of each window, in pixels, cut to the picture.
        scores : numpy.ndarray, (N,), float32

        Notes
        -----
        These are the windows and scores of ``cv2.HOGDescriptor.detectMultiScale`` on the same array, with
        ``groupThreshold=0`` and these settings.

        Examples
        --------
        >>> HOGDetector(np.zeros(3781)).detect_windows(np.zeros((128, 64), np.uint8))[0][0]
        array([ 0.,  0., 56., 120.], dtype=float32)
        """
        windows, scores = self._scan(image, region)
        height, width = image.shape[:2]
        # OpenCV cuts windows that reach into the padding.
        return np.clip(windows, 0, [width, height, width, height]).astype(np.float32), scores

    def _scan(
        self, image: Array, region: tuple[float, float, float, float] | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return all windows above the threshold, uncut where they reach into the padding, and scores."""
        batch = Batch.of(image, dtypes=(np.uint8,), channels=(1, 3))
        if batch.rank == 4:
            raise ValueError(f"image must be one picture, (H, W) or (H, W, 3), got shape {batch.shape}")
        left, top, right, bottom = _region(region, batch.shape[1:3])
        picture = batch.array.reshape(batch.shape[1:])
        if (left, top, right, bottom) != (0, 0, *batch.shape[2:0:-1]):
            picture = picture[top:bottom, left:right]
        levels = list(self.pyramid(picture))
        hits, scores = self._score_levels(levels)
        # In the order of the levels, rows and columns, whatever order a GPU found them in.
        order = np.lexsort(hits.T[::-1])
        hits, scores = hits[order], scores[order]
        scales = np.array([level.scale for level in levels])[hits[:, 0]]
        corner = np.rint((hits[:, [2, 1]] - self._aligned_padding) * scales[:, np.newaxis])
        size = np.rint(scales[:, np.newaxis] * self.window[::-1])
        boxes = np.concatenate([corner, corner + size], axis=1) / self.upscale
        return (boxes + np.array([left, top, left, top])).astype(np.float32), scores

    @property
    def _aligned_padding(self) -> int:
        """The padding, raised as in OpenCV to a multiple of the step between windows that share features."""
        step = math.gcd(self.stride, self.grid.cell[0], self.grid.cell[1])
        return -(-self.padding // step) * step

    def pyramid(self, picture: Array) -> Iterator[Level]:
        """Yield the levels of one picture, largest first, each scaled from the picture itself.

        Parameters
        ----------
        picture : array, (H, W) or (H, W, 3), uint8
            A picture of any size.

        Yields
        ------
        Level
            The factor by which the level is smaller than the picture, and the level.

        Examples
        --------
        >>> levels = HOGDetector(np.zeros(3781), scale=1.5).pyramid(np.zeros((200, 100), np.uint8))
        >>> [level.image.shape for level in levels]
        [(200, 100), (133, 67)]
        """
        if self.upscale != 1.0:
            shape = tuple(max(1, round(size * self.upscale)) for size in picture.shape[:2])
            picture = cvkit.resize(picture, shape, interpolation="bilinear_exact")
        scale = 1.0
        for level in range(_MAXIMUM_LEVELS):
            # Python's round is OpenCV's cvRound: halves go to the even neighbour.
            height, width = round(picture.shape[0] / scale), round(picture.shape[1] / scale)
            # The first level may be smaller than the window: the padding can make room for it.
            if level > 0 and (height < self.window[0] or width < self.window[1]):
                return
            if self.object_size[0] * self.window[0] * scale >= self.minimum_height * self.upscale:
                full_size = (height, width) == tuple(picture.shape[:2])
                shape = (height, width)
                yield Level(
                    scale,
                    picture if full_size else cvkit.resize(picture, shape, interpolation="bilinear_exact"),
                )
            scale *= self.scale

    def scored_grids(self, level: Array) -> Iterator[ScoredGrid]:
        """Score all windows of one picture without scaling it, grid by grid.

        Parameters
        ----------
        level : array, (H, W) or (H, W, 3), uint8
            A level of the pyramid.

        Yields
        ------
        ScoredGrid
            One for each grid of cells that windows at the stride's positions lie on.

        Examples
        --------
        >>> grid, = HOGDetector(np.zeros(3781), padding=0).scored_grids(np.zeros((136, 72), np.uint8))
        >>> grid.scores.shape, grid.features.shape
        ((2, 2), (36, 16, 8))
        """
        batch = Batch.of(level, dtypes=(np.uint8,), channels=(1, 3))
        kernels = batch.kernels("cvkit.detect", "hog_detector")
        for origin in self._phases():
            if self._window_count(batch.shape[1:3], origin) == 0:
                continue
            features = self.grid.features(batch, padding=self._aligned_padding, origin=origin)[0]
            scores = batch.empty(
                (features.shape[1] - self._rows + 1, features.shape[2] - self._columns + 1), np.float32
            )
            kernels.window_scores(features, self._window_weights(), self.weights[-1], scores)
            yield ScoredGrid(origin, features, scores)

    @property
    def window_blocks(self) -> tuple[int, int]:
        """Rows and columns of blocks in a window."""
        return self._rows, self._columns

    def window_vector(self, features: np.ndarray, row: int, column: int) -> np.ndarray:
        """Cut the feature vector of one window out of a level's features.

        Parameters
        ----------
        features : numpy.ndarray, (feature, block row, block column), float32
            As :class:`ScoredGrid` holds them.
        row, column : int
            The window's first block.

        Returns
        -------
        numpy.ndarray, (D,), float32
            In the order of the weights.

        Examples
        --------
        >>> grid, = HOGDetector(np.zeros(3781), padding=0).scored_grids(np.zeros((136, 72), np.uint8))
        >>> HOGDetector(np.zeros(3781)).window_vector(grid.features, 1, 1).shape
        (3780,)
        """
        window = features[:, row : row + self._rows, column : column + self._columns]
        return window.transpose(2, 1, 0).ravel()

    def _score_levels(self, levels: list[Level]) -> tuple[np.ndarray, np.ndarray]:
        """Return (level, y, x) in the padded level, and the score, of all windows above the threshold."""
        if not levels:
            return np.empty((0, 3), np.int32), np.empty(0, np.float32)
        first = Batch.of(levels[0].image)
        kernels = first.kernels("cvkit.detect", "hog_detector")
        capacity = sum(
            self._window_count(level.image.shape, origin) for level in levels for origin in self._phases()
        )
        hits = first.empty((capacity, 3), np.int32)
        hit_scores = first.empty((capacity,), np.float32)
        count = first.zeros((1,), np.int64)
        for index, level in enumerate(levels):
            for origin, _, scores in self.scored_grids(level.image):
                kernels.append_hits(
                    scores,
                    self.threshold,
                    index,
                    origin,
                    self.grid.cell,
                    self.stride,
                    hits,
                    hit_scores,
                    count,
                )
        found = int(to_host(count)[0])
        return to_host(hits[:found]), to_host(hit_scores[:found])

    def _phases(self) -> Iterator[tuple[int, int]]:
        """Offsets of the grids of cells that windows at the stride's positions lie on."""
        vertical, horizontal = (range(0, cell, math.gcd(self.stride, cell)) for cell in self.grid.cell)
        return ((y, x) for y in vertical for x in horizontal)

    def _window_count(self, size: tuple[int, ...], origin: tuple[int, int]) -> int:
        """Number of windows on the grid at ``origin`` of a level of ``size`` (height, width)."""
        padded = (
            extent + 2 * self._aligned_padding - start for extent, start in zip(size, origin, strict=False)
        )
        rows, columns = self.grid.block_count(tuple(padded))
        return max(0, rows - self._rows + 1) * max(0, columns - self._columns + 1)

    def _window_weights(self) -> np.ndarray:
        """Reorder the weights to (feature, block row, block column), filled to a multiple of _COLUMNS."""
        blocks = self.weights[:-1].reshape(self._columns, self._rows, self.grid.feature_count)
        filled = np.zeros(
            (self.grid.feature_count, self._rows, -(-self._columns // _COLUMNS) * _COLUMNS), np.float32
        )
        filled[..., : self._columns] = blocks.transpose(2, 1, 0)
        return filled

    def object_boxes(self, windows: np.ndarray) -> np.ndarray:
        """Shrink windows about their centres to the objects in them.

        Parameters
        ----------
        windows : numpy.ndarray, (N, 4)
            Left, top, right and bottom.

        Returns
        -------
        numpy.ndarray, (N, 4)

        Examples
        --------
        >>> HOGDetector(np.zeros(3781), object_size=(0.5, 0.5)).object_boxes(np.array([[0, 0, 64, 128]]))
        array([[16., 32., 48., 96.]])
        """
        centre = (windows[:, :2] + windows[:, 2:]) / 2
        half = (windows[:, 2:] - windows[:, :2]) / 2 * np.array(self.object_size[::-1], np.float32)
        return np.concatenate([centre - half, centre + half], axis=1)

    def probability(self, scores: npt.ArrayLike) -> np.ndarray:
        """Turn scores into probabilities that there is an object.

        Parameters
        ----------
        scores : array_like
            Such as the confidence of detections.

        Returns
        -------
        numpy.ndarray, float64
            From 0 to 1, on the mixture of objects and other windows that the model was calibrated on; how
            common objects are in other pictures, it cannot know.

        Raises
        ------
        ValueError
            If the model is not calibrated.

        Examples
        --------
        >>> HOGDetector(np.zeros(3781), calibration=(-2.0, 1.0)).probability([-9, 0.5, 10]).round(3)
        array([0. , 0.5, 1. ])
        """
        slope, offset = self._calibrated()
        return sigmoid(np.asarray(scores, np.float64), slope, offset)

    def score_of(self, probability: float) -> float:
        """Return the score that stands for a probability, for example as a threshold.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the model is not calibrated, or for 0 and 1, which no score reaches.

        Examples
        --------
        >>> HOGDetector(np.zeros(3781), calibration=(-2.0, 1.0)).score_of(0.5)
        0.5
        """
        probability = _validate.number(probability, "probability")
        if not 0 < probability < 1:
            raise ValueError(f"probability must be between 0 and 1, got {probability!r}")
        slope, offset = self._calibrated()
        return (math.log(1 / probability - 1) - offset) / slope

    def _calibrated(self) -> tuple[float, float]:
        if self.calibration is None:
            raise ValueError("the model has no calibration: it gives raw scores, no probabilities")
        return self.calibration

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector to a file that :func:`load` reads: an npz file without pickled objects.

        Parameters
        ----------
        path : path
            The file to write; an existing one is replaced, whole.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> from cvkit.detect import load
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "zero.npz"
        >>> HOGDetector(np.zeros(3781), stride=4).save(path)
        >>> load(path).stride
        4
        """
        write_model(path, KIND, self.settings, weights=self.weights)

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's keyword arguments that make this detector, but for the weights."""
        names = [
            "window",
            "stride",
            "padding",
            "scale",
            "threshold",
            "upscale",
            "minimum_height",
            "maximum_overlap",
            "object_size",
            "calibration",
        ]
        grid = self.grid
        features = {"cell": grid.cell, "side": grid.side, "bins": grid.bins}
        return {
            **{name: getattr(self, name) for name in names},
            **features,
            "signed": grid.signed,
            "gamma": grid.gamma,
        }


def _sigmoid_parameters(calibration: Any) -> tuple[float, float]:
    """Check Platt's parameters; the probability must rise with the score."""
    slope, offset = (float(value) for value in _validate.matrix(calibration, (2,), "calibration"))
    if slope >= 0:
        raise ValueError(f"calibration must have a slope below 0, got {calibration!r}")
    return slope, offset


def _region(
    region: tuple[float, float, float, float] | None, size: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Check a region of interest and cut it to the picture; whole pixels, outwards."""
    height, width = size
    if region is None:
        return 0, 0, width, height
    left, top, right, bottom = _validate.matrix(region, (4,), "region")
    inside = (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(width, math.ceil(right)),
        min(height, math.ceil(bottom)),
    )
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        raise ValueError(f"region must be (left, top, right, bottom) within {width}x{height}, got {region!r}")
    return inside


def load(path: str | os.PathLike[str], **overrides: Any) -> HOGDetector:
    """Read a detector that ``save`` wrote.

    Parameters
    ----------
    path : path
        The model's file.
    **overrides
        Settings to use instead of the saved ones, for example ``threshold``.

    Returns
    -------
    HOGDetector

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no model of a detector, or damaged.

    Examples
    --------
    >>> load("no-such-model.npz")
    Traceback (most recent call last):
    ...
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such-model.npz'
    """
    kind, settings, arrays = read_model(path)
    if kind != KIND or "weights" not in arrays:
        raise ValueError(f"{path} must hold a model of kind {KIND!r}, it holds {kind!r}")
    try:
        return HOGDetector(arrays["weights"], **{**settings, **overrides})
    except TypeError as error:
        raise ValueError(f"{path} has settings this version does not know: {error}") from error


def pretrained(name: str = "person-hog", **overrides: Any) -> HOGDetector:
    """Load a detector whose model comes with cvkit.

    Parameters
    ----------
    name : {"person-hog"}
        "person-hog": HOG and a linear SVM, trained on the INRIA Person set. The model card beside the model,
        ``cvkit/detect/models/person-hog.md``, says on what, how, and how well it does.
    **overrides
        Settings to use instead of the model's, for example ``stride=4`` or ``threshold=0.5``.

    Returns
    -------
    HOGDetector

    Raises
    ------
    ValueError
        If there is no model of that name.

    Examples
    --------
    >>> from cvkit.detect import pretrained
    >>> pretrained("person-hog").window
    (128, 64)
    """
    folder = resources.files("cvkit.detect") / "models"
    names = sorted(
        entry.name.removesuffix(".npz") for entry in folder.iterdir() if entry.name.endswith(".npz")
    )
    _validate.one_of(name, names, "name")
    with resources.as_file(folder / f"{name}.npz") as path:
        return load(path, **overrides)
