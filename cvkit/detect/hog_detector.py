"""Detection by a linear classifier over HOG features in a sliding window (Dalal and Triggs 2005)."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

import cvkit
from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, to_host
from cvkit.detect._cpu import hog_detector as hog_detector_kernels
from cvkit.detect.class_names import class_of_file
from cvkit.detect.opencv_files import read_linear_classifier
from cvkit.detect.window_detector import WindowDetector
from cvkit.features.hog import BlockGrid

# OpenCV's limit on the levels of its pyramid.
_MAXIMUM_LEVELS = 64
# The CPU twin adds this many columns of blocks in one pass and wants the weights filled to a multiple.
_COLUMNS = 7


class ImageLevel(NamedTuple):
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


class HOGDetector(WindowDetector):
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
        Distance between neighboring windows of a level, in pixels.
    padding : int
        Pixels by which each level is extended on every side, by reflection, so that people cut by the
        image's edge have a window.
    scale : float
        Ratio between neighboring levels of the pyramid, above 1.
    threshold : float
        Least score of a detection.
    upscale : float
        Enlarge images by this factor first, to find people smaller than the window.
    min_height : float
        Height in pixels of the smallest person to look for; levels that can hold only smaller ones are
        skipped.
    max_overlap : float
        Of two detections of which one covers more than this share of the smaller, the surer is kept.
    object_size : (float, float)
        Height and width of the object as shares of the window's; detections are cut to it.
    calibration : (float, float), optional
        Slope A and offset B of Platt's sigmoid, for :meth:`probability`.
    class_name : str
        What the objects are called in results.
    orientations, pixels_per_cell, cells_per_block, signed, gamma
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

    kind = "hog"

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
        min_height: float = 0.0,
        max_overlap: float = 0.65,
        object_size: tuple[float, float] = (0.8, 0.656),
        calibration: tuple[float, float] | None = None,
        class_name: str = "person",
        orientations: int = 9,
        pixels_per_cell: int | tuple[int, int] = 8,
        cells_per_block: int | tuple[int, int] = 2,
        signed: bool = False,
        gamma: bool = True,
    ) -> None:
        self.grid: BlockGrid = BlockGrid(
            cell=_validate.kernel_size(pixels_per_cell, "pixels_per_cell", odd=False),
            side=_validate.kernel_size(cells_per_block, "cells_per_block", odd=False),
            bins=_validate.integer(orientations, "orientations", minimum=1, maximum=64),
            signed=bool(signed),
            gamma=bool(gamma),
        )
        super().__init__(
            window=window,
            threshold=threshold,
            upscale=upscale,
            min_height=min_height,
            max_overlap=max_overlap,
            object_size=object_size,
            calibration=calibration,
            class_name=class_name,
        )
        self.stride: int = _validate.integer(stride, "stride", minimum=1)
        self.padding: int = _validate.integer(padding, "padding", minimum=0)
        self.scale: float = _validate.number(scale, "scale", above=1.0)
        self._rows, self._columns = self.grid.block_count(self.window)
        if self._rows < 1 or self._columns < 1 or any(np.mod(self.window, self.grid.cell)):
            raise ValueError(f"window must be whole cells and at least one block, got {window!r}")
        size = self._rows * self._columns * self.grid.feature_count
        self.weights: np.ndarray = _validate.matrix(weights, (-1,), "weights").astype(np.float32)
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

    @classmethod
    def from_opencv(cls, path: str | os.PathLike[str], **settings: Any) -> HOGDetector:
        """Make a detector of a file that ``cv2.HOGDescriptor.save`` or ``cv2.ml.SVM.save`` wrote.

        Parameters
        ----------
        path : path
            XML, YAML or JSON. A descriptor's file holds the weights, the window, the cells and the blocks;
            that of a support vector machine, which must be linear, the weights alone. Of two classes the one
            with the greater label is the object.
        **settings
            The constructor's other parameters. Unless given here, ``object_size`` is the whole window,
            ``class_name`` the file's name, and the stride that of OpenCV, a cell, where the file has the
            descriptor.

        Returns
        -------
        HOGDetector

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged or of another kind, its settings are not those of OpenCV's detectors, the
            machine is not linear, or its weights do not fit the window.
        ImportError
            If OpenCV, which reads the file, is not installed; any version does.

        Examples
        --------
        >>> HOGDetector.from_opencv("no-such-file.xml")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'no-such-file.xml'
        """
        stored = read_linear_classifier(path)
        settings = {"object_size": (1.0, 1.0), "class_name": class_of_file(path), **settings}
        return cls(stored.weights, **{**stored.settings, **settings})

    @classmethod
    def from_model(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> HOGDetector:
        """Make a detector of what a model's file holds."""
        return cls(arrays["weights"], **settings)

    def _model_arrays(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights}

    def _windows(self, image: Array) -> tuple[np.ndarray, np.ndarray]:
        levels = list(self.pyramid(image))
        hits, scores = self._score_levels(levels)
        # In the order of the levels, rows and columns, whatever order a GPU found them in.
        order = np.lexsort(hits.T[::-1])
        hits, scores = hits[order], scores[order]
        scales = np.array([level.scale for level in levels])[hits[:, 0]]
        corner = np.rint((hits[:, [2, 1]] - self._aligned_padding) * scales[:, np.newaxis])
        size = np.rint(scales[:, np.newaxis] * self.window[::-1])
        return np.concatenate([corner, corner + size], axis=1) / self.upscale, scores

    @property
    def _aligned_padding(self) -> int:
        """The padding, raised as in OpenCV to a multiple of the step between windows that share features."""
        step = math.gcd(self.stride, self.grid.cell[0], self.grid.cell[1])
        return -(-self.padding // step) * step

    def pyramid(self, image: Array) -> Iterator[ImageLevel]:
        """Yield the levels of one image, largest first, each scaled from the image itself.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            An image of any size.

        Yields
        ------
        ImageLevel
            The factor by which the level is smaller than the image, and the level.

        Examples
        --------
        >>> levels = HOGDetector(np.zeros(3781), scale=1.5).pyramid(np.zeros((200, 100), np.uint8))
        >>> [level.image.shape for level in levels]
        [(200, 100), (133, 67)]
        """
        if self.upscale != 1.0:
            shape = tuple(max(1, round(size * self.upscale)) for size in image.shape[:2])
            image = cvkit.resize(image, shape, interpolation="bilinear_exact")
        scale = 1.0
        for level in range(_MAXIMUM_LEVELS):
            # Python's round is OpenCV's cvRound: halves go to the even neighbor.
            height, width = round(image.shape[0] / scale), round(image.shape[1] / scale)
            # The first level may be smaller than the window: the padding can make room for it.
            if level > 0 and (height < self.window[0] or width < self.window[1]):
                return
            if self.object_size[0] * self.window[0] * scale >= self.min_height * self.upscale:
                full_size = (height, width) == tuple(image.shape[:2])
                shape = (height, width)
                yield ImageLevel(
                    scale,
                    image if full_size else cvkit.resize(image, shape, interpolation="bilinear_exact"),
                )
            scale *= self.scale

    def scored_grids(self, level: Array) -> Iterator[ScoredGrid]:
        """Score all windows of one image without scaling it, grid by grid.

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
        stack = ImageStack.of(level, dtypes=(np.uint8,), channels=(1, 3))
        kernels = stack.kernels(hog_detector_kernels)
        for origin in self._phases():
            if self._window_count(stack.shape[1:3], origin) == 0:
                continue
            features = self.grid.features(stack, padding=self._aligned_padding, origin=origin)[0]
            scores = stack.empty(
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

    def _score_levels(self, levels: list[ImageLevel]) -> tuple[np.ndarray, np.ndarray]:
        """Return (level, y, x) in the padded level, and the score, of all windows above the threshold."""
        if not levels:
            return np.empty((0, 3), np.int32), np.empty(0, np.float32)
        first = ImageStack.of(levels[0].image)
        kernels = first.kernels(hog_detector_kernels)
        capacity = sum(
            self._window_count(level.image.shape, origin) for level in levels for origin in self._phases()
        )
        hits = first.empty((capacity, 3), np.int32)
        hit_scores = first.empty((capacity,), np.float32)
        count = first.zeros((1,), np.int64)
        for index, level in enumerate(levels):
            for origin, _, scores in self.scored_grids(level.image):
                lattice = (*origin, *self.grid.cell, self.stride)
                kernels.append_hits(scores, self.threshold, index, lattice, hits, hit_scores, count)
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

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's keyword arguments that make this detector, but for the weights."""
        grid = self.grid
        return {
            **super().settings,
            "stride": self.stride,
            "padding": self.padding,
            "scale": self.scale,
            "orientations": grid.bins,
            "pixels_per_cell": grid.cell,
            "cells_per_block": grid.side,
            "signed": grid.signed,
            "gamma": grid.gamma,
        }
