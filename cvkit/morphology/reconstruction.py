"""Reconstruction: what of a mask is connected with a marker."""

from __future__ import annotations

import numpy as np

from cvkit import _validate
from cvkit._dispatch import ImageStack, to_host
from cvkit.morphology._cpu import reconstruction as reconstruction_kernels
from cvkit.morphology._math import Extent
from cvkit.morphology._window import DTYPES, range_of
from cvkit.typing import ArrayT, ReconstructionMethod


def reconstruct(
    marker: ArrayT, mask: ArrayT, *, method: ReconstructionMethod = "dilation", out: ArrayT | None = None
) -> ArrayT:
    """Dilate a marker below a mask again and again until nothing changes, or erode it above one.

    Parameters
    ----------
    marker : array, (H, W), (H, W, 1) or (N, H, W, 1), uint8, uint16, int16, float32 or float64
        Where the result begins.
    mask : array
        Of the marker's shape and dtype: what the result reaches at most, or at least by erosion.
    method : {"dilation", "erosion"}
        ``"dilation"`` spreads greater values of the marker, which is nowhere above the mask, ``"erosion"``
        smaller ones of a marker that is nowhere below it. They spread to all eight neighbors.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the images are.

    Returns
    -------
    array
        Of the shape, dtype and kind of ``marker``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For empty images or several channels, another method, or a marker beyond the mask, NaN included.

    Notes
    -----
    Equals ``skimage.morphology.reconstruction``, in the dtype of the images. On the CPU it is the hybrid
    algorithm of L. Vincent, "Morphological grayscale reconstruction in image analysis", 1993, whose queue is
    ordered by value as in K. Robinson and P. Whelan, "Efficient morphological reconstruction: a downhill
    filter", 2004: what the queue raises it raises once, in snakes and spirals, too. On CUDA all lines are
    scanned at once, in four directions, until nothing changes.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> mask = np.array([[5, 5, 5, 0, 7, 7]], np.uint8)
    >>> marker = np.array([[0, 4, 0, 0, 0, 0]], np.uint8)
    >>> cvkit.reconstruct(marker, mask)
    array([[4, 4, 4, 0, 0, 0]], dtype=uint8)

    Holes are what an image is filled with from its edges by erosion:

    >>> ring = np.array([[0, 0, 0, 0, 0], [0, 9, 9, 9, 0], [0, 9, 0, 9, 0], [0, 9, 9, 9, 0]], np.uint8)
    >>> marker = np.full_like(ring, 9)
    >>> marker[0] = marker[:, 0] = marker[:, -1] = 0
    >>> cvkit.reconstruct(marker, ring, method="erosion")
    array([[0, 0, 0, 0, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 9, 9, 0],
           [0, 9, 9, 9, 0]], dtype=uint8)
    """
    stack = ImageStack.of(marker, dtypes=DTYPES, channels=(1,), name="marker", out=out)
    limits = ImageStack.of(mask, dtypes=(stack.dtype.type,), channels=(1,), name="mask")
    _validate.one_of(method, ("dilation", "erosion"), "method")
    shapes = [tuple(np.shape(image)) for image in (marker, mask)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"marker and mask must have the same shape, got {shapes[0]} and {shapes[1]}")
    if stack.is_on_device != limits.is_on_device:
        raise ValueError("marker and mask must live on the same device, got one NumPy and one device array")
    is_erosion = method == "erosion"
    result = stack.output(others=(limits.array,))
    kernels = stack.kernels(reconstruction_kernels)
    rows_beyond = stack.zeros(stack.shape[:2], np.uint8)
    kernels.find_beyond(stack.array, limits.array, is_erosion, rows_beyond)
    if to_host(rows_beyond).any():
        _refuse_marker(to_host(stack.array), to_host(limits.array), is_erosion)
    kernels.reconstruct(stack.array, limits.array, is_erosion, _extent_of(stack.dtype), result)
    return stack.restore(result)


def _extent_of(dtype: np.dtype) -> Extent:
    least, greatest = range_of(dtype)
    total = 0 if dtype.kind == "f" else least + greatest
    return Extent(*(dtype.type(value) for value in (least, greatest, total)))


def _refuse_marker(marker: np.ndarray, mask: np.ndarray, is_erosion: bool) -> None:
    inside = marker >= mask if is_erosion else marker <= mask
    image, row, column, _ = place = tuple(np.argwhere(~inside)[0].tolist())
    raise ValueError(
        f"marker must be at {'least' if is_erosion else 'most'} mask everywhere, got {marker[place]} "
        f"where mask is {mask[place]} in image {image}, row {row}, column {column}"
    )
