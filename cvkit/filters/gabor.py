"""Gabor filters: waves under a Gaussian, and banks of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._dispatch import ImageStack, reshaped
from cvkit._memoized import memoized
from cvkit.filters import _linear, _rounding
from cvkit.filters._linear import Arithmetic, Border, Planar, Separable
from cvkit.filters._math import AsItIs
from cvkit.typing import ArrayT, BorderMode

# Deviations within which a kernel without a size lies, as in OpenCV.
_DEVIATIONS = 3
_SHORTEST, _LONGEST = 1e-3, 1e6
_MOST_PIXELS = 1 << 24
# Terms of a kernel that count for less are below what sums in float32 are rounded to.
_SMALLEST_TERM = 1e-7


def gabor_kernel(
    ksize: int | tuple[int, int] | None,
    sigma: float,
    theta: float,
    wavelength: float,
    gamma: float,
    psi: float = math.pi / 2,
) -> np.ndarray:
    """Make a wave under a Gaussian, as ``cv2.getGaborKernel``.

    Parameters
    ----------
    ksize : int, (int, int) or None
        Odd size in pixels, for both axes or as (height, width); None takes three standard deviations to every
        side.
    sigma : float
        Standard deviation of the Gaussian across the wave, in pixels.
    theta : float
        Where the wave runs, in radians: 0 along x, and pi / 2 up.
    wavelength : float
        Of the wave, in pixels.
    gamma : float
        How many times wider the Gaussian is across the wave than along its crests.
    psi : float
        Phase of the wave at the center, in radians; 0 makes a kernel that is symmetric.

    Returns
    -------
    numpy.ndarray, (height, width), float64
        The weights, up to 1.

    Raises
    ------
    TypeError
        For what is no number.
    ValueError
        For an even size, or a number out of range.

    See Also
    --------
    gabor_filter : filter by several kernels.

    Notes
    -----
    Equals ``cv2.getGaborKernel(ksize, sigma, theta, wavelength, gamma, psi)`` but for the last bits.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.gabor_kernel((1, 5), 2, 0, 4, 1, 0).round(2)
    array([[-0.61,  0.  ,  1.  ,  0.  , -0.61]])
    """
    deviation, length, ratio = (
        _validate.number(value, name, minimum=_SHORTEST, maximum=_LONGEST)
        for value, name in ((sigma, "sigma"), (wavelength, "wavelength"), (gamma, "gamma"))
    )
    angle, phase = _validate.number(theta, "theta"), _validate.number(psi, "psi")
    across, along = deviation, deviation / ratio
    cosine, sine = math.cos(angle), math.sin(angle)
    if ksize is None:
        half_x = round(_DEVIATIONS * max(abs(across * cosine), abs(along * sine)))
        half_y = round(_DEVIATIONS * max(abs(across * sine), abs(along * cosine)))
        ksize = 2 * half_y + 1, 2 * half_x + 1
    height, width = _validate.kernel_size(ksize)
    _validate.integer(height * width, "pixels of the kernel", maximum=_MOST_PIXELS)
    # The first row is the highest, and the wave runs up.
    y = np.arange(height // 2, -(height // 2) - 1, -1.0)[:, np.newaxis]
    x = np.arange(width // 2, -(width // 2) - 1, -1.0)
    wave, crest = x * cosine + y * sine, y * cosine - x * sine
    distance = (wave / across) ** 2 + (crest / along) ** 2
    weights: np.ndarray = np.exp(-distance / 2) * np.cos(2 * math.pi / length * wave + phase)
    return weights


def gabor_filter(
    image: ArrayT,
    kernels: Sequence[npt.ArrayLike],
    *,
    border: BorderMode = "reflect101",
    out: ArrayT | None = None,
) -> ArrayT:
    """Correlate a gray image with each kernel of a bank.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8, uint16, float32 or float64
        The image or stack.
    kernels : sequence of array_like, (h, w)
        Finite weights, of one size or of several. They are not flipped; the anchor of each is the element
        ``[h // 2, w // 2]``.
    border : {"reflect101", "reflect", "replicate", "constant", "wrap"}
        What lies beyond the image; the constant is 0.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (kernels, H, W), float32 or, for float64 images, float64
        The responses, in the order of the kernels; (N, kernels, H, W) for a stack.

    Raises
    ------
    TypeError
        For other dtypes, or a kernel that is not numeric.
    ValueError
        For an empty image or one of colors, or a kernel that is empty or not finite, or no kernel.

    See Also
    --------
    gabor_kernel : make a kernel.

    Notes
    -----
    Equals ``cv2.filter2D(image, cv2.CV_32F, kernel)`` for each kernel. What is a sum of few products of a
    column and a row, such as a kernel of ``gamma`` 1, is filtered by these: the time grows with height and
    width of the kernel, not with their product.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> kernels = [cvkit.gabor_kernel(5, 2, angle, 4, 1, 0) for angle in (0, np.pi / 2)]
    >>> columns = np.tile(np.array([0, 0, 9, 9], np.uint8), (8, 4))
    >>> cvkit.gabor_filter(columns, kernels)[:, 4, 6:10].round()
    array([[ 36.,  36., -43., -43.],
           [ -4.,  -4.,  -4.,  -4.]], dtype=float32)
    """
    stack = ImageStack.of(image, channels=(1,), out=out)
    bank = [_response(stack.dtype, kernel, border) for kernel in _validate.kernels(kernels)]
    count, height, width, _ = stack.shape
    responses = stack.output(
        (count, len(bank), height, width),
        _rounding.float_dtype(stack.dtype),
        has_channels=False,
    )
    one = (1, height, width, 1)
    for position in range(count):
        source = reshaped(stack.array[position], one)
        for kernel, response in enumerate(bank):
            target = reshaped(responses[position, kernel], one)
            stack.twin(response.kernel)(source, *response.arguments, target)
    return stack.restore(responses)


@memoized
def _response(dtype: np.dtype, kernel: npt.ArrayLike, border: str) -> _linear.Filter:
    sum_dtype = _rounding.float_dtype(dtype)
    weights = _validate.matrix(kernel, (-1, -1), "kernels")
    if weights.size == 0:
        raise ValueError(f"kernels must not be empty, got one of shape {weights.shape}")
    _rounding.check_fits(weights, sum_dtype, "kernels")
    arithmetic = Arithmetic(sum_dtype, sum_dtype, AsItIs(), sum_dtype)
    return _linear.plan(_parted(weights), arithmetic, Border.of(border, dtype))


def _parted(weights: np.ndarray) -> Separable | Planar:
    """Part a kernel into products of columns and rows, if that are fewer weights."""
    columns, sizes, rows = np.linalg.svd(weights, full_matrices=False)
    count = max(1, int(np.count_nonzero(sizes > sizes[0] * _SMALLEST_TERM)))
    if count * sum(weights.shape) >= weights.size:
        return Planar(tuple(map(tuple, weights.tolist())))
    terms = zip((columns[:, :count] * sizes[:count]).T.tolist(), rows[:count].tolist(), strict=True)
    return Separable(tuple((tuple(column), tuple(row)) for column, row in terms))
