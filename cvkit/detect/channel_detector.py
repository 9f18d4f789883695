"""Detection by boosted trees over channel features in a sliding window (Dollar et al. 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit.detect._cpu import channel_detector as channel_detector_kernels
from cvkit.detect.channel_pyramid import CELL, CHANNELS, ChannelLevel, ChannelPyramid, Decorrelation
from cvkit.detect.window_detector import WindowDetector

_MAXIMUM_DEPTH = 8
# Measured on 300 outdoor images by ``estimate_exponents``.
EXPONENTS = (0.0, 0.0, 0.0, 0.11, 0.05, 0.095, 0.15, 0.12, 0.15, 0.095)


class Trees(NamedTuple):
    """T boosted trees of one depth, their nodes in the order of a heap: children of i at 2 i + 1 and 2 i + 2.

    Parameters
    ----------
    feature : (T, 2**depth - 1), int32
        The feature that each inner node asks: a flat index into the (channel, cell row, cell column) of a
        window.
    threshold : (T, 2**depth - 1), uint8
        Features below it go to the left child.
    leaf : (T, 2**depth), float32
        What each leaf adds to the score.
    """

    feature: np.ndarray
    threshold: np.ndarray
    leaf: np.ndarray


class ChannelDetector(WindowDetector):
    """Find objects by boosted trees over aggregated or locally decorrelated channel features.

    Every window of an image pyramid is scored by one tree after another, until the sum falls to ``cascade``
    or below: for most windows, after some ten of the thousands of trees.

    Parameters
    ----------
    trees : Trees
        The classifier, or the three arrays.
    window : (int, int)
        Height and width of the window in pixels, multiples of 4.
    stride : int
        Distance between neighboring windows of a level in pixels, a multiple of 4.
    padding : int or (int, int)
        Pixels by which each level is extended, (rows above and below, columns left and right), multiples of
        4; the outermost pixels repeat.
    scales_per_octave : int
        Levels of the pyramid from one size to half of it.
    threshold : float
        Least score of a detection.
    cascade : float
        A window whose sum falls to this or below is given up.
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
    fast_pyramid : bool
        Compute the channels once an octave and approximate those of the levels between: more than twice as
        fast; scores differ a little.
    exponents : sequence of float, optional
        What the approximation needs, ten numbers of :func:`estimate_exponents`; without them, those of
        outdoor images.
    filters : array_like, (10, K, 5, 5), optional
        Makes the features locally decorrelated; see
        :func:`cvkit.features.channels.ldcf_features`.
    offset, scale : array_like, (10 * K,), optional
        What bytes of the filtered channels stand for; needed with ``filters``.

    Raises
    ------
    TypeError, ValueError
        For trees that do not fit and for settings out of range.

    References
    ----------
    P. Dollar, R. Appel, S. Belongie and P. Perona, "Fast feature pyramids for object detection", PAMI 2014.
    W. Nam, P. Dollar and J. H. Han, "Local decorrelation for improved pedestrian detection", NIPS 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from cvkit.detect import ChannelDetector, Trees
    >>> stump = Trees(np.zeros((1, 1), int), np.full((1, 1), 128), np.array([[-1.0, 1.0]]))
    >>> len(ChannelDetector(stump).detect(np.zeros((200, 100), np.uint8)))
    0
    """

    kind = "channels"

    def __init__(
        self,
        trees: Trees | tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
        *,
        window: tuple[int, int] = (128, 64),
        stride: int = 4,
        padding: int | tuple[int, int] = (12, 16),
        scales_per_octave: int = 8,
        threshold: float = 0.0,
        cascade: float = -1.0,
        upscale: float = 1.0,
        min_height: float = 0.0,
        max_overlap: float = 0.65,
        object_size: tuple[float, float] = (0.8, 0.656),
        calibration: tuple[float, float] | None = None,
        class_name: str = "person",
        fast_pyramid: bool = False,
        exponents: Sequence[float] = EXPONENTS,
        filters: npt.ArrayLike | None = None,
        offset: npt.ArrayLike | None = None,
        scale: npt.ArrayLike | None = None,
    ) -> None:
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
        self.padding: tuple[int, int] = _validate.margins(padding, "padding")
        self.scales_per_octave: int = _validate.integer(scales_per_octave, "scales_per_octave", minimum=1)
        self.cascade: float = _validate.number(cascade, "cascade")
        for name in ("window", "stride", "padding"):
            if np.any(np.mod(getattr(self, name), CELL)):
                raise ValueError(f"{name} must be multiples of {CELL}, got {getattr(self, name)!r}")
        self.fast_pyramid: bool = bool(fast_pyramid)
        self.exponents: tuple[float, ...] = tuple(
            map(float, _validate.matrix(exponents, (CHANNELS,), "exponents"))
        )
        self.decorrelation: Decorrelation | None = _decorrelation(filters, offset, scale)
        filters_each = 1 if self.decorrelation is None else self.decorrelation.filters.shape[1]
        self._window_shape = (CHANNELS * filters_each, self.window[0] // CELL, self.window[1] // CELL)
        self.trees: Trees = _checked_trees(trees, int(np.prod(self._window_shape)))
        self._places = np.unravel_index(self.trees.feature, self._window_shape)

    @classmethod
    def from_model(cls, arrays: dict[str, np.ndarray], settings: dict[str, Any]) -> ChannelDetector:
        """Make a detector of what a model's file holds.

        ``scale`` among the settings is, as for a HOG detector, the ratio between neighboring levels; the
        nearest whole number of levels an octave is taken.
        """
        settings = dict(settings)
        if "scale" in settings:
            ratio = _validate.number(settings.pop("scale"), "scale", above=1.0)
            settings["scales_per_octave"] = max(1, round(1 / math.log2(ratio)))
        trees = Trees(arrays["feature"], arrays["threshold"], arrays["leaf"])
        filtering: dict[str, Any] = {
            name: arrays[name] for name in Decorrelation._fields if "filters" in arrays
        }
        return cls(trees, **filtering, **settings)

    def _model_arrays(self) -> dict[str, np.ndarray]:
        filtering = {} if self.decorrelation is None else self.decorrelation._asdict()
        return {**self.trees._asdict(), **filtering}

    @property
    def settings(self) -> dict[str, Any]:
        """The constructor's keyword arguments that make this detector, but for the model's arrays."""
        names = ("stride", "padding", "scales_per_octave", "cascade", "fast_pyramid", "exponents")
        return {**super().settings, **{name: getattr(self, name) for name in names}}

    def levels(self, image: Array) -> Iterator[ChannelLevel]:
        """Yield the pyramid of channels of one image, the largest level first.

        Parameters
        ----------
        image : array, (H, W) or (H, W, 3), uint8
            An image of any size.

        Yields
        ------
        ChannelLevel
            How many pixels of the image a pixel of the level measures, (y, x), and the padded level's
            channels.

        Examples
        --------
        >>> stump = Trees(np.zeros((1, 1), int), np.full((1, 1), 128), np.array([[-1.0, 1.0]]))
        >>> detector = ChannelDetector(stump, scales_per_octave=1, padding=0)
        >>> [level.channels.shape for level in detector.levels(np.zeros((300, 200, 3), np.uint8))]
        [(10, 75, 50), (10, 37, 25)]
        """
        pyramid = ChannelPyramid(
            self.window,
            self.padding,
            self.scales_per_octave,
            self.decorrelation,
            self.exponents if self.fast_pyramid else None,
        )
        smallest = self.min_height / (self.object_size[0] * self.window[0])
        return pyramid.levels(image, upscale=self.upscale, smallest_scale=smallest)

    def scored_windows(self, channels: Array) -> Array:
        """Score every window of one level.

        Parameters
        ----------
        channels : array, (channel, cell row, cell column), uint8
            Channels of a level, as :meth:`levels` yields them.

        Returns
        -------
        array, (R, C), float32
            Score of the window whose first cell is (r, c) * stride / 4; -inf where the cascade gave it up.

        Raises
        ------
        TypeError, ValueError
            If the array is none of these channels.

        Examples
        --------
        >>> stump = Trees(np.zeros((1, 1), int), np.full((1, 1), 128), np.array([[-1.0, 1.0]]))
        >>> ChannelDetector(stump).scored_windows(np.full((10, 33, 17), 200, np.uint8))
        array([[1., 1.],
               [1., 1.]], dtype=float32)
        """
        shape, count = tuple(channels.shape), self._window_shape[0]
        if len(shape) != 3 or shape[0] != count:
            raise ValueError(f"channels must be ({count}, rows, columns), got shape {shape}")
        stack = ImageStack.of(channels, dtypes=(np.uint8,), channels=(shape[2],), name="channels")
        step = self.stride // CELL
        rows, columns = (
            max(0, (size - window) // step + 1)
            for size, window in zip(shape[1:], self._window_shape[1:], strict=True)
        )
        scores = stack.empty((rows, columns), np.float32)
        channel, row, column = self._places
        offset_dtype = np.int32 if math.prod(shape) <= np.iinfo(np.int32).max else np.int64
        stack.kernels(channel_detector_kernels).window_scores(
            reshaped(stack.array, (int(np.prod(shape)),)),
            shape[2],
            ((channel * shape[1] + row) * shape[2] + column).astype(offset_dtype),
            self.trees.threshold,
            self.trees.leaf,
            np.float32(self.cascade),
            step,
            scores,
        )
        return scores

    def window_boxes(self, scale: tuple[float, float], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return where windows of a level lie in the image.

        Parameters
        ----------
        scale : (float, float)
            The level's.
        rows, columns : numpy.ndarray, (N,)
            Indices into what :meth:`scored_windows` returns for the level.

        Returns
        -------
        numpy.ndarray, (N, 4), float64
            Left, top, right and bottom in pixels of the image; windows may reach into the padding.

        Examples
        --------
        >>> stump = Trees(np.zeros((1, 1), int), np.full((1, 1), 128), np.array([[-1.0, 1.0]]))
        >>> ChannelDetector(stump).window_boxes((2.0, 2.0), np.array([3]), np.array([4]))
        array([[  0.,   0., 128., 256.]])
        """
        corner = np.stack([columns, rows], axis=1) * self.stride - np.array(self.padding[::-1])
        corners = np.concatenate([corner, corner + np.array(self.window[::-1])], axis=1)
        return corners * np.array([scale[1], scale[0]] * 2)

    def window_vector(self, channels: np.ndarray, row: int, column: int) -> np.ndarray:
        """Cut the features of one window out of a level's channels.

        Parameters
        ----------
        channels : numpy.ndarray, (channel, cell row, cell column), uint8
            As :meth:`levels` yields them.
        row, column : int
            Index of the window in what :meth:`scored_windows` returns.

        Returns
        -------
        numpy.ndarray, (D,), uint8
            In the order that the trees' features count.

        Examples
        --------
        >>> stump = Trees(np.zeros((1, 1), int), np.full((1, 1), 128), np.array([[-1.0, 1.0]]))
        >>> ChannelDetector(stump).window_vector(np.zeros((10, 40, 40), np.uint8), 1, 2).shape
        (5120,)
        """
        _, height, width = self._window_shape
        top, left = row * self.stride // CELL, column * self.stride // CELL
        return channels[:, top : top + height, left : left + width].ravel()

    def _windows(self, image: Array) -> tuple[np.ndarray, np.ndarray]:
        found, found_scores = [np.empty((0, 4))], [np.empty(0, np.float32)]
        for level in self.levels(image):
            scores = to_host(self.scored_windows(level.channels))
            rows, columns = np.nonzero(scores >= self.threshold)
            if len(rows) > 0:  # few levels have any
                found.append(self.window_boxes(level.scale, rows, columns))
                found_scores.append(scores[rows, columns])
        return np.concatenate(found), np.concatenate(found_scores)


def _decorrelation(
    filters: npt.ArrayLike | None, offset: npt.ArrayLike | None, scale: npt.ArrayLike | None
) -> Decorrelation | None:
    if filters is None:
        if offset is not None or scale is not None:
            raise ValueError("offset and scale need filters")
        return None
    if offset is None or scale is None:
        raise ValueError("filters need offset and scale")
    filters = _validate.matrix(filters, (CHANNELS, -1, 5, 5), "filters").astype(np.float32)
    size = (CHANNELS * filters.shape[1],)
    return Decorrelation(
        filters,
        _validate.matrix(offset, size, "offset").astype(np.float32),
        _validate.matrix(scale, size, "scale").astype(np.float32),
    )


def _checked_trees(trees: Any, feature_count: int) -> Trees:
    """Check that the arrays fit each other and the window."""
    if len(trees) != 3:
        raise ValueError(f"trees must be three arrays: feature, threshold and leaf, got {len(trees)}")
    feature, threshold, leaf = (np.asarray(array) for array in trees)
    if leaf.ndim != 2 or leaf.shape[1] not in [1 << depth for depth in range(1, _MAXIMUM_DEPTH + 1)]:
        raise ValueError(
            f"leaf must be (trees, 2**depth) with a depth of 1 to {_MAXIMUM_DEPTH}, got shape {leaf.shape}"
        )
    inner = (leaf.shape[0], leaf.shape[1] - 1)
    for name, array, limit in (("feature", feature, feature_count), ("threshold", threshold, 256)):
        if array.shape != inner:
            raise ValueError(f"{name} must have shape {inner} for these leaves, got {array.shape}")
        if array.dtype.kind not in "iu":
            raise TypeError(f"{name} must hold whole numbers, got {array.dtype}")
        if array.size and (array.min() < 0 or array.max() >= limit):
            raise ValueError(f"{name} must be from 0 to {limit - 1}, got {array.min()} to {array.max()}")
    if not np.isfinite(leaf).all():
        raise ValueError("leaf must be finite")
    return Trees(
        np.ascontiguousarray(feature, np.int32),
        np.ascontiguousarray(threshold, np.uint8),
        np.ascontiguousarray(leaf, np.float32),
    )
