"""Give an image another distribution of its levels."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import Array, ImageStack
from cvkit.intensity._cpu import equalization as equalization_kernels
from cvkit.intensity.histogram import count_levels
from cvkit.typing import ArrayT


def equalize_histogram(image: ArrayT, *, out: ArrayT | None = None) -> ArrayT:
    """Spread the levels of an image so that each range of them has about as many pixels.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack; uint8 or uint16. Each channel is equalized by itself: of a color image, better
        the lightness alone.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``. An image of one level stays as it is.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image.

    Notes
    -----
    Gray images of uint8 equal ``cv2.equalizeHist`` byte for byte; uint16, which OpenCV does not take, follows
    the same formula with 65536 levels.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.equalize_histogram(np.array([[10, 11], [12, 13]], np.uint8))
    array([[  0,  85],
           [170, 255]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.uint16))
    result = stack.output()
    counts = count_levels(stack)
    tables = stack.empty(counts.shape, stack.dtype)
    kernels = stack.kernels(equalization_kernels)
    kernels.equalization_tables(counts, tables)
    kernels.apply_tables(stack.array, tables, result)
    return stack.restore(result)


def match_histogram(image: ArrayT, reference: Array, *, out: ArrayT | None = None) -> ArrayT:
    """Change the levels of an image so that it has about the histogram of another, channel by channel.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack; uint8 or uint16.
    reference : array, of the image's dtype and channels
        The image whose histogram is wanted, of any size; for a stack, one for all images or one for each.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image or the reference is.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or two.
    ValueError
        For an empty image, or a reference of other channels.

    Notes
    -----
    A level becomes the one of the same quantile in the reference, interpolated between two levels that occur
    there and cut off to an integer, as ``skimage.exposure.match_histograms(image, reference,
    channel_axis=-1)`` does. (For gray images without a channel axis it returns the interpolated floats.)

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.match_histogram(np.array([[1, 2], [3, 4]], np.uint8), np.array([[50, 60, 70, 200]], np.uint8))
    array([[ 50,  60],
           [ 70, 200]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, dtypes=(np.uint8, np.uint16))
    other = ImageStack.of(reference, dtypes=(stack.dtype.type,), name="reference")
    _validate.reference(other.shape, stack.shape)
    if other.is_on_device != stack.is_on_device:
        raise ValueError("reference must live where the image lives, got one NumPy and one device array")
    result = stack.output(others=(other.array,))
    counts = count_levels(stack)
    tables = stack.empty(counts.shape, stack.dtype)
    kernels = stack.kernels(equalization_kernels)
    kernels.matching_tables(counts, count_levels(other), tables)
    kernels.apply_tables(stack.array, tables, result)
    return stack.restore(result)
