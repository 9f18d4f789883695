"""Move pixels: affine and perspective warps, remapping, and samples at arbitrary points.

Source coordinates are exact to a rounding of their type: float32 for uint8 images of sizes that OpenCV takes,
as in OpenCV 5, float64 for all others. Nothing is quantized to 1/32 pixel as in OpenCV 4.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cvkit import _validate
from cvkit._border import BORDERS
from cvkit._channels import in_groups
from cvkit._dispatch import Array, ImageStack, as_device_array, contiguous, reshaped
from cvkit._jit_cuda import on_device
from cvkit._memoized import memoized
from cvkit.geometry._cpu import warp as warp_kernels
from cvkit.geometry._math import AFFINE, MAPS, PERSPECTIVE, Border, Limits, Positions
from cvkit.geometry.matrices import invert_affine, invert_perspective
from cvkit.typing import ArrayT, BorderMode, WarpInterpolation

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic")
_LARGEST_SIDE_OF_OPENCV = (1 << 15) - 1
# Beyond it, float32 does not hold every row and column; kernels compare coordinates in their own type.
_LARGEST_SIDE_OF_FLOAT32 = 1 << 24


@_validate.unlike("cv2.warpAffine(src, M, dsize, dst, flags)")
def warp_affine(
    image: ArrayT,
    matrix: npt.ArrayLike,
    output_shape: tuple[int, int],
    *,
    interpolation: WarpInterpolation = "bilinear",
    border: BorderMode = "constant",
    border_value: float | npt.ArrayLike = 0,
    inverse: bool = False,
    out: ArrayT | None = None,
) -> ArrayT:
    """Warp an image by an affine matrix.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    matrix : array_like, (2, 3)
        Maps (x, y, 1) of the image to (x, y) of the result; pixel centers have integer coordinates.
    output_shape : (int, int)
        Height and width of the result, in pixels.
    interpolation : {"nearest", "bilinear", "bicubic"}
        How values between pixels come about. Integer results are rounded half to even.
    border : {"constant", "replicate", "reflect", "wrap", "reflect101"}
        What lies beyond the image.
    border_value : float or array_like of C floats
        The value beyond the image for ``"constant"``, of all channels or of each, rounded and saturated as
        pixels are.
    inverse : bool
        Whether ``matrix`` maps the result to the image instead.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The warped image, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, a matrix without an inverse, a size below 1 or an unknown name.

    Notes
    -----
    Nearest and bilinear warps of uint8 equal ``cv2.warpAffine`` of OpenCV 5 byte for byte wherever OpenCV
    uses its vector code, which is all but the last few columns. OpenCV 4 rounds coordinates to 1/32 pixel
    first.

    A NaN among the four neighbors makes the whole bilinear sample NaN, even where its weight is 0, as in
    OpenCV.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.warp_affine(np.array([[10, 20, 30]], np.uint8), [[1, 0, 0.5], [0, 1, 0]], (1, 3))
    array([[ 5, 15, 25]], dtype=uint8)
    """
    to_source = _affine_to_source(matrix, inverse)
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    height, width = _validate.output_shape(output_shape)
    positions = _from_matrix(AFFINE, to_source, height, _coordinate_dtype(stack, (height, width)))
    return _warp(stack, positions, (height, width), interpolation, border, border_value)


@_validate.unlike("cv2.warpPerspective(src, M, dsize, dst, flags)")
def warp_perspective(
    image: ArrayT,
    matrix: npt.ArrayLike,
    output_shape: tuple[int, int],
    *,
    interpolation: WarpInterpolation = "bilinear",
    border: BorderMode = "constant",
    border_value: float | npt.ArrayLike = 0,
    inverse: bool = False,
    out: ArrayT | None = None,
) -> ArrayT:
    """Warp an image by a perspective matrix (homography).

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    matrix : array_like, (3, 3)
        Maps (x, y, 1) of the image to (x w, y w, w) of the result; its scale and sign mean nothing.
    output_shape : (int, int)
        Height and width of the result, in pixels.
    interpolation, border, border_value
        As for :func:`warp_affine`.
    inverse : bool
        Whether ``matrix`` maps the result to the image instead.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array
        The warped image, of the dtype and kind of ``image``. Points that come from infinity, or from behind
        the plane (w <= 0, with the matrix from image to result scaled to end in 1), are ``border_value`` in
        every border mode.

    Raises
    ------
    TypeError
        For other dtypes.
    ValueError
        For an empty image, a matrix without an inverse, a size below 1 or an unknown name.

    Notes
    -----
    A NaN among the four neighbors makes the whole bilinear sample NaN, as for :func:`warp_affine`.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> ramp = np.arange(0, 100, 10, dtype=np.uint8)[None]
    >>> cvkit.warp_perspective(ramp, [[1, 0, 0], [0, 1, 0], [0.1, 0, 1]], (1, 5))
    array([[ 0, 11, 25, 43, 67]], dtype=uint8)
    """
    to_source = _perspective_to_source(matrix, inverse)
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    height, width = _validate.output_shape(output_shape)
    positions = _from_matrix(PERSPECTIVE, to_source, height, _coordinate_dtype(stack, (height, width)))
    return _warp(stack, positions, (height, width), interpolation, border, border_value)


@_validate.unlike("cv2.remap(src, map1, map2, interpolation)")
def remap(
    image: ArrayT,
    map_x: Array,
    map_y: Array,
    *,
    interpolation: WarpInterpolation = "bilinear",
    border: BorderMode = "constant",
    border_value: float | npt.ArrayLike = 0,
    out: ArrayT | None = None,
) -> ArrayT:
    """Take each pixel of the result from a place of its own in the image.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    map_x, map_y : array, (height, width)
        Source coordinates in pixels; float32 or float64, integers and other floats are converted to
        float64. NaN and infinity give ``border_value``.
    interpolation, border, border_value
        As for :func:`warp_affine`.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (height, width), (height, width, C) or (N, height, width, C)
        The remapped image, of the dtype and kind of ``image``.

    Raises
    ------
    TypeError
        For other dtypes, or maps that do not hold real numbers.
    ValueError
        For an empty image, maps that differ in shape or an unknown name.

    Notes
    -----
    A NaN among the four neighbors makes the whole bilinear sample NaN, even where its weight is 0, as in
    OpenCV.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.remap(np.array([[10, 20, 30]], np.uint8), [[2.0, 0.5]], [[0.0, 0.0]])
    array([[30, 15]], dtype=uint8)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    positions = _from_maps(map_x, map_y, stack, ("map_x", "map_y"), rank=2)
    return _warp(stack, positions, positions.map_x.shape, interpolation, border, border_value)


def bilinear_sample(
    image: ArrayT,
    x: Array,
    y: Array,
    *,
    border: BorderMode = "constant",
    border_value: float | npt.ArrayLike = 0,
    out: ArrayT | None = None,
) -> ArrayT:
    """Read an image between its pixels, at arbitrary points.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C)
        The image or stack, of any number of channels; uint8, uint16, int16, float32 or float64.
    x, y : array, (points,)
        Coordinates in pixels, as those of :func:`remap`. NaN and infinity give ``border_value``.
    border, border_value
        As for :func:`warp_affine`.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (points,), (points, C) or (N, points, C)
        Values that are not rounded: float64 for float64 images, float32 for all others.

    Raises
    ------
    TypeError
        For other dtypes, or coordinates that are not real numbers.
    ValueError
        For an empty image, coordinates that differ in shape or an unknown name.

    Notes
    -----
    A NaN among the four neighbors makes the whole sample NaN, even where its weight is 0, as in OpenCV's
    bilinear warps.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.bilinear_sample(np.array([[10, 20], [30, 40]], np.uint8), [0.5, 0.25], [0.5, 0])
    array([25. , 12.5], dtype=float32)
    """
    stack = ImageStack.of(image, out=out, channels=None, dtypes=_validate.SIGNED_DTYPES)
    positions = _from_maps(x, y, stack, ("x", "y"), rank=1)
    shape = (1, positions.map_x.shape[1])
    count, _, _, channels = stack.shape
    result = stack.output((count, shape[1], channels), _blend_dtype(stack.dtype), others=positions[-2:])
    _fill(stack, positions, "bilinear", border, border_value, reshaped(result, (count, *shape, channels)))
    return stack.restore(result)


@memoized
def _affine_to_source(matrix: npt.ArrayLike, inverse: bool) -> np.ndarray:
    checked = _validate.matrix(matrix, (2, 3))
    return checked if inverse else invert_affine(checked)


@memoized
def _perspective_to_source(matrix: npt.ArrayLike, inverse: bool) -> np.ndarray:
    checked = _validate.matrix(matrix, (3, 3))
    inverted = invert_perspective(checked)
    to_source, to_result = (checked, inverted) if inverse else (inverted, checked)
    # The plane's front is where the origin of the image is.
    return -to_source if to_result[2, 2] < 0 else to_source


def _from_matrix(kind: int, to_source: np.ndarray, height: int, dtype: npt.DTypeLike) -> Positions:
    """Tabulate the start of each row here: the product is rounded before the sum, as OpenCV 5 does it."""
    matrix = to_source.astype(dtype)
    rows = np.arange(height, dtype=dtype)[:, np.newaxis]
    starts = rows * matrix[:, 1] + matrix[:, 2]
    unused = np.empty((1, 1), dtype)
    return Positions(kind, np.ascontiguousarray(matrix[:, 0]), starts, unused, unused)


def _from_maps(map_x: Array, map_y: Array, stack: ImageStack, names: tuple[str, str], rank: int) -> Positions:
    """Bring maps to one float dtype and to the device of the image."""
    maps = [
        as_device_array(array) if on_device(array) else _validate.real_array(array, name)
        for array, name in zip((map_x, map_y), names, strict=True)
    ]
    if maps[0].shape != maps[1].shape or len(maps[0].shape) != rank:
        shape = "(height, width)" if rank == 2 else "(points,)"
        raise ValueError(
            f"{names[0]} and {names[1]} must have one shape {shape}, got {maps[0].shape} and {maps[1].shape}"
        )
    single = all(array.dtype == np.float32 for array in maps)
    if not stack.is_on_device:
        single &= max(stack.shape[1:3]) <= _LARGEST_SIDE_OF_FLOAT32
    dtype = np.dtype(np.float32 if single else np.float64)
    maps = [_float_map(array, dtype, stack, name) for array, name in zip(maps, names, strict=True)]
    if rank == 1:
        maps = [reshaped(array, (1, -1)) for array in maps]
    unused = np.empty((1, 2), dtype)
    return Positions(MAPS, unused[0], unused, *maps)


def _float_map(array: Array, dtype: np.dtype, stack: ImageStack, name: str) -> Array:
    if on_device(array) != stack.is_on_device:
        raise ValueError(f"{name} must live where the image lives")
    if not stack.is_on_device:
        return contiguous(array.astype(dtype, copy=False))
    if array.dtype != dtype:
        raise TypeError(f"{name} on a device must have dtype float32 or float64, both maps the same")
    return array


def _warp(
    stack: ImageStack,
    positions: Positions,
    output_shape: tuple[int, int],
    interpolation: str,
    border: str,
    border_value: float | npt.ArrayLike,
) -> Array:
    count, _, _, channels = stack.shape
    result = stack.output((count, *output_shape, channels), others=positions[-2:])
    _fill(stack, positions, interpolation, border, border_value, result)
    return stack.restore(result)


def _fill(
    stack: ImageStack,
    positions: Positions,
    interpolation: str,
    border: str,
    border_value: float | npt.ArrayLike,
    out: Array,
) -> None:
    """Run the kernel of an interpolation over a stack."""
    _validate.one_of(interpolation, _INTERPOLATIONS, "interpolation")
    mode = _validate.one_of(border, BORDERS, "border")
    pixel = _border_pixel(border_value, stack.dtype, stack.shape[3])
    blend_type = np.empty(0, _blend_dtype(stack.dtype))
    limits = Limits.of(out.dtype, blend_type.dtype)
    kernels = stack.kernels(warp_kernels)
    offset_type = np.empty(0, _offset_dtype(math.prod(stack.shape[1:])))
    for channels, source, part in in_groups(stack, out):
        beyond = Border(mode, pixel[channels.start :])
        if interpolation == "nearest":
            kernels.nearest(source, positions, beyond, offset_type, part)
        elif interpolation == "bilinear":
            bilinear = kernels.bilinear_gray if part.shape[3] == 1 else kernels.bilinear_color
            bilinear(source, positions, beyond, offset_type, blend_type, limits.are_integers, part)
        else:
            kernels.bicubic(source, positions, beyond, offset_type, blend_type, limits, part)


def _coordinate_dtype(stack: ImageStack, output_shape: tuple[int, int]) -> np.dtype:
    """Float32 holds coordinates to 1e-4 pixels in images of 2000 pixels, enough for 8 bits only.

    Beyond the sizes that OpenCV warps, it would soon miss whole pixels.
    """
    is_small = max(*stack.shape[1:3], *output_shape) <= _LARGEST_SIDE_OF_OPENCV
    return np.dtype(np.float32 if stack.dtype == np.uint8 and is_small else np.float64)


def _offset_dtype(values: int) -> np.dtype:
    """Half as wide where it can be: twice as many to a vector."""
    return np.dtype(np.int32 if values <= np.iinfo(np.int32).max else np.int64)


def _blend_dtype(image: np.dtype) -> np.dtype:
    return np.dtype(np.float64 if image == np.float64 else np.float32)


@memoized
def _border_pixel(value: float | npt.ArrayLike, dtype: np.dtype, channels: int) -> np.ndarray:
    """One value for each channel and for three more: kernels copy four from the first of a group on."""
    pixel = np.zeros(channels + 3, dtype)
    pixel[:channels] = _validate.border_value(value, dtype, channels=channels)
    return pixel
