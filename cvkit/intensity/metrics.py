"""How alike two images are: signal to noise, and structural similarity."""

from __future__ import annotations

import math
from typing import Literal, overload

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack, reshaped, to_host
from cvkit._memoized import memoized
from cvkit.intensity._cpu import metrics as metrics_kernels
from cvkit.intensity._math import Similarity
from cvkit.intensity._pairs import pair_of_images
from cvkit.typing import ArrayT, SimilarityMethod

# Values whose squared differences are summed together.
_PART = 1 << 15


def psnr(a: Array, b: Array, *, data_range: float | None = None) -> float | np.ndarray:
    """Measure how far two images are apart, as the peak signal-to-noise ratio.

    Parameters
    ----------
    a, b : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The images or stacks, of one shape and dtype and on one device.
    data_range : float, optional
        What values span; that of their dtype for integers, to be given for floats.

    Returns
    -------
    float, or numpy.ndarray of float64, (N,), for stacks
        In decibels; infinite for equal images.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For empty images, images of two shapes, or a range that is not positive or missing.

    Notes
    -----
    ``10 * log10(data_range**2 / mean((a - b)**2))``, as ``skimage.metrics.peak_signal_noise_ratio``.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> round(cvkit.psnr(np.full((4, 4), 100, np.uint8), np.full((4, 4), 110, np.uint8)), 3)
    28.131
    """
    first, second = pair_of_images(a, b)
    largest = _range_of(first.dtype, data_range)
    count, size = first.shape[0], int(np.prod(first.shape[1:]))
    if count == 0:
        return np.empty(0)
    dtype = np.dtype(np.uint64) if first.dtype.kind == "u" else _sum_dtype(first)
    sums = first.empty((count, -(-size // _PART)), dtype)
    rows = (reshaped(stack.array, (count, size)) for stack in (first, second))
    first.kernels(metrics_kernels).sum_squared_differences(*rows, _PART, sums)
    errors = to_host(sums).sum(axis=1, dtype=np.float64) / size
    # NumPy's logarithm has other last bits on other processors.
    ratios = [20 * math.log10(largest) - 10 * math.log10(error) if error else math.inf for error in errors]
    return np.array(ratios, np.float64) if first.rank == 4 else ratios[0]


@overload
def structural_similarity(
    a: ArrayT,
    b: ArrayT,
    *,
    data_range: float | None = None,
    method: SimilarityMethod = "uniform",
    ksize: int | None = None,
    sigma: float = 1.5,
    sample_covariance: bool = True,
    k1: float = 0.01,
    k2: float = 0.03,
    full: Literal[False] = False,
) -> float | np.ndarray: ...


@overload
def structural_similarity(
    a: ArrayT,
    b: ArrayT,
    *,
    data_range: float | None = None,
    method: SimilarityMethod = "uniform",
    ksize: int | None = None,
    sigma: float = 1.5,
    sample_covariance: bool = True,
    k1: float = 0.01,
    k2: float = 0.03,
    full: Literal[True],
) -> tuple[float | np.ndarray, ArrayT]: ...


@overload
def structural_similarity(
    a: ArrayT,
    b: ArrayT,
    *,
    data_range: float | None = None,
    method: SimilarityMethod = "uniform",
    ksize: int | None = None,
    sigma: float = 1.5,
    sample_covariance: bool = True,
    k1: float = 0.01,
    k2: float = 0.03,
    full: bool,
) -> float | np.ndarray | tuple[float | np.ndarray, ArrayT]: ...


def structural_similarity(
    a: Array,
    b: Array,
    *,
    data_range: float | None = None,
    method: SimilarityMethod = "uniform",
    ksize: int | None = None,
    sigma: float = 1.5,
    sample_covariance: bool = True,
    k1: float = 0.01,
    k2: float = 0.03,
    full: bool = False,
) -> float | np.ndarray | tuple[float | np.ndarray, Array]:
    """Measure how alike two images look, by brightness, contrast and structure of the windows around pixels.

    Parameters
    ----------
    a, b : array, (H, W), (H, W, C) or (N, H, W, C), uint8, uint16, float32 or float64
        The images or stacks, of one shape and dtype and on one device; each channel counts by itself.
    data_range : float, optional
        What values span; that of their dtype for integers, to be given for floats.
    method : {"uniform", "gaussian"}
        Whether all pixels of a window weigh the same or by a Gaussian.
    ksize : int, optional
        Odd size of the window in pixels; 7, or 3.5 times ``sigma`` to either side.
    sigma : float
        Standard deviation of the Gaussian in pixels.
    sample_covariance : bool
        Divide variances by the number of pixels less one instead of that number.
    k1, k2 : float
        Shares of the range that steady the quotients of means and of variances, at least 0.
    full : bool
        Return the similarity of each window, too.

    Returns
    -------
    float, or numpy.ndarray of float64, (N,), for stacks
        The mean over all windows that lie within the image: 1 for equal images.
    array
        Only if ``full``: the similarity of the window around each value, of the shape and kind of ``a``;
        float32, or float64 for float64.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For images that are smaller than the window or of two shapes, an even size, an unknown method, or a
        range that is not positive or missing.

    Notes
    -----
    Wang, Z. et al., "Image quality assessment: from error visibility to structural similarity", 2004; the
    article's values are those of ``method="gaussian"`` and ``sample_covariance=False``. Equals
    ``skimage.metrics.structural_similarity`` to 1e-6, with ``gaussian_weights`` for ``method="gaussian"`` and
    ``channel_axis=-1`` for colors. Beyond the border images are reflected.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.tile(np.arange(0, 250, 10, np.uint8), (9, 1))
    >>> round(cvkit.structural_similarity(image, image), 6)
    1.0
    >>> round(cvkit.structural_similarity(image, 240 - image), 3)
    -0.6
    """
    first, second = pair_of_images(a, b)
    largest = _range_of(first.dtype, data_range)
    weights, spread = _window(method, ksize, sigma, bool(sample_covariance))
    steadied = (_validate.number(value, name, minimum=0) for value, name in ((k1, "k1"), (k2, "k2")))
    constants = (*((share * largest) ** 2 for share in steadied), spread)
    size, (count, height, width, channels) = len(weights), first.shape
    if min(height, width) < size:
        raise ValueError(f"a must have at least {size} rows and columns, got shape {first.array.shape}")
    similarities = first.output(dtype=np.float64 if first.dtype == np.float64 else np.float32)
    if count == 0:
        means = np.empty(0)
    else:
        kernels, number = first.kernels(metrics_kernels), _sum_dtype(first).type
        prepared = weights.astype(number), Similarity(*map(number, constants))
        kernels.structural_similarity(first.array, second.array, *prepared, similarities)
        sums = first.empty((count, height), number)
        kernels.sum_rows(similarities, size // 2, sums)
        inner = to_host(sums)[:, size // 2 : height - size // 2].astype(np.float64)
        means = inner.mean(axis=1) / ((width - size + 1) * channels)
    mean = means if first.rank == 4 else float(means[0])
    return (mean, first.restore(similarities)) if full else mean


def _range_of(dtype: np.dtype, data_range: float | None) -> float:
    if data_range is not None:
        return _validate.number(data_range, "data_range", above=0)
    if dtype.kind == "f":
        raise ValueError(f"data_range must be given for images of {dtype}, such as 1 or 255")
    return float(np.iinfo(dtype).max)


def _sum_dtype(stack: ImageStack) -> np.dtype:
    """Return what sums are computed in: few GPUs are fast in float64."""
    is_narrow = stack.is_on_device and stack.dtype != np.float64
    return np.dtype(np.float32 if is_narrow else np.float64)


@memoized
def _window(
    method: str, ksize: int | None, sigma: float, sample_covariance: bool
) -> tuple[np.ndarray, float]:
    """Return the weights along an axis, which sum to 1, and the factor of variances."""
    is_uniform = _validate.one_of(method, {"uniform": True, "gaussian": False}, "method")
    deviation = _validate.number(sigma, "sigma", above=0, maximum=1e5)
    size = (7 if is_uniform else 2 * int(3.5 * deviation + 0.5) + 1) if ksize is None else ksize
    size = _validate.kernel_size(size)[0]
    if is_uniform:
        weights = np.full(size, 1 / size)
    else:
        x = np.arange(size) - size // 2
        weights = np.exp(-0.5 * (x / deviation) ** 2)
        weights /= weights.sum()
    pixels = size * size
    return weights, pixels / (pixels - 1) if sample_covariance and pixels > 1 else 1.0
