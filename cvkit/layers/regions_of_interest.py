"""Pooling of boxes: each is brought to one shape, by largest values or by samples, forward and backward."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cvkit import _validate, _validate_layers
from cvkit._dispatch import to_host
from cvkit.layers._cpu import regions_of_interest as roi_kernels
from cvkit.layers._tensors import beside, tensor
from cvkit.typing import ArrayT


class Grid(NamedTuple):
    """Where the samples of boxes lie.

    Attributes
    ----------
    scale : float
        What boxes are multiplied by, of the dtype of the planes.
    offset : float
        How far they are moved then.
    aligned : bool
        Whether boxes may be smaller than one pixel.
    ratio : int
        Samples of a part along each axis; 0: one for each row and column that it covers.
    """

    scale: Any
    offset: Any
    aligned: bool
    ratio: int


def roi_pool(
    x: ArrayT, boxes: npt.ArrayLike, output_shape: tuple[int, int], *, spatial_scale: float = 1.0
) -> ArrayT:
    """Take the largest value of each part of boxes, as ``torchvision.ops.roi_pool``.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    boxes : array_like, (R, 5)
        For each box the number of its item, left, top, right and bottom; pixels at its edges belong to it.
    output_shape : (height, width)
        How many parts each box is divided into.
    spatial_scale : float
        What the boxes are multiplied by, before they are rounded, to become boxes of the planes.

    Returns
    -------
    array, (R, C, height, width)
        The largest values; 0 where a part lies beyond the planes.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For empty planes, boxes that end before they begin, are not finite or of no item.

    Notes
    -----
    R. Girshick, "Fast R-CNN", International Conference on Computer Vision, 2015.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> cvkit.layers.roi_pool(x, [[0, 0, 1, 3, 2]], (1, 2))
    array([[[[ 9., 11.]]]], dtype=float32)
    """
    operand = tensor(x, "x")
    found = _boxes(boxes, operand.array.shape[0], operand.dtype, spatial_scale)
    height, width = _validate.output_shape(output_shape)
    out = operand.empty((len(found), operand.array.shape[1], height, width), operand.dtype)
    scale, lowest = operand.dtype.type(spatial_scale), np.finfo(operand.dtype).min
    operand.kernels(roi_kernels).roi_pool(operand.array, found, scale, lowest, out)
    return operand.give_back(out)


def roi_pool_backward(
    gradient: ArrayT, x: ArrayT, boxes: npt.ArrayLike, *, spatial_scale: float = 1.0
) -> ArrayT:
    """Bring the gradient of :func:`roi_pool` back to its planes.

    Parameters
    ----------
    gradient : array, (R, C, height, width)
        The gradient of a loss by the results, of the dtype of ``x`` and where that is.
    x : array, (N, C, H, W), float32 or float64
        What was pooled.
    boxes, spatial_scale
        With what.

    Returns
    -------
    array, (N, C, H, W)
        The gradient by ``x``: that of each part goes to its largest value, to the first of equal ones.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For a gradient of another shape, and what :func:`roi_pool` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x, gradient = np.float32([[[[3, 1, 2]]]]), np.float32([[[[5]]]])
    >>> cvkit.layers.roi_pool_backward(gradient, x, [[0, 1, 0, 2, 0]])
    array([[[[0., 0., 5.]]]], dtype=float32)
    """
    operand = tensor(gradient, "gradient")
    planes = beside(operand, x, "x", first_name="gradient")
    found = _boxes(boxes, planes.shape[0], operand.dtype, spatial_scale)
    given = operand.array.shape
    _validate_layers.shape_of(operand.array, "gradient", (len(found), planes.shape[1], *given[2:]))
    out = operand.zeros(tuple(planes.shape), operand.dtype)
    scale, lowest = operand.dtype.type(spatial_scale), np.finfo(operand.dtype).min
    operand.kernels(roi_kernels).roi_pool_backward(operand.array, planes, found, scale, lowest, out)
    return operand.give_back(out)


def roi_align(
    x: ArrayT,
    boxes: npt.ArrayLike,
    output_shape: tuple[int, int],
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int | None = None,
    aligned: bool = False,
) -> ArrayT:
    """Take the mean of samples in each part of boxes, as ``torchvision.ops.roi_align``.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes, which are interpolated between four values.
    boxes : array_like, (R, 5)
        For each box the number of its item, left, top, right and bottom.
    output_shape : (height, width)
        How many parts each box is divided into.
    spatial_scale : float
        What the boxes are multiplied by to become boxes of the planes.
    sampling_ratio : int, optional
        How many samples a part has along each axis; missing, as many as it has pixels, rounded up.
    aligned : bool
        Whether coordinates are those of pixels' edges, so that boxes are moved by half a pixel. Otherwise
        boxes are one pixel wide and high at least.

    Returns
    -------
    array, (R, C, height, width)
        The means; a sample beyond the planes by more than one pixel counts as 0.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For empty planes, boxes that end before they begin, are not finite or of no item.

    Notes
    -----
    K. He, G. Gkioxari, P. Dollár, R. Girshick, "Mask R-CNN", International Conference on Computer Vision,
    2017.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> cvkit.layers.roi_align(x, [[0, 0.5, 0.5, 2.5, 2.5]], (2, 2), sampling_ratio=1)
    array([[[[ 5.,  6.], [ 9., 10.]]]], dtype=float32)
    """
    operand = tensor(x, "x")
    found = _boxes(boxes, operand.array.shape[0], operand.dtype, spatial_scale)
    height, width = _validate.output_shape(output_shape)
    grid = _grid(operand.dtype, spatial_scale, sampling_ratio, aligned)
    out = operand.empty((len(found), operand.array.shape[1], height, width), operand.dtype)
    operand.kernels(roi_kernels).roi_align(operand.array, found, grid, out)
    return operand.give_back(out)


def roi_align_backward(
    gradient: ArrayT,
    input_shape: tuple[int, int, int, int],
    boxes: npt.ArrayLike,
    *,
    spatial_scale: float = 1.0,
    sampling_ratio: int | None = None,
    aligned: bool = False,
) -> ArrayT:
    """Bring the gradient of :func:`roi_align` back to its planes.

    Parameters
    ----------
    gradient : array, (R, C, height, width), float32 or float64
        The gradient of a loss by the results.
    input_shape : (N, C, H, W)
        The shape of the planes, whose values do not matter.
    boxes, spatial_scale, sampling_ratio, aligned
        How they were sampled.

    Returns
    -------
    array, (N, C, H, W)
        The gradient by the planes. On a GPU the order in which it is added up, and so its last digits, may be
        another one each time.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For a gradient of another shape, and what :func:`roi_align` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> gradient = np.float32([[[[4]]]])
    >>> cvkit.layers.roi_align_backward(gradient, (1, 1, 2, 3), [[0, 0, 0, 1, 1]], sampling_ratio=1)
    array([[[[1., 1., 0.], [1., 1., 0.]]]], dtype=float32)
    """
    operand = tensor(gradient, "gradient")
    shape = _validate_layers.tensor_shape(input_shape, "input_shape")
    found = _boxes(boxes, shape[0], operand.dtype, spatial_scale)
    given = operand.array.shape
    _validate_layers.shape_of(operand.array, "gradient", (len(found), shape[1], *given[2:]))
    grid = _grid(operand.dtype, spatial_scale, sampling_ratio, aligned)
    out = operand.zeros(shape, operand.dtype)
    operand.kernels(roi_kernels).roi_align_backward(operand.array, found, grid, out)
    return operand.give_back(out)


def _boxes(boxes: Any, count: int, dtype: np.dtype, scale: float) -> np.ndarray:
    """Check boxes, which are few: on the host, in the dtype of the planes."""
    given = _validate.matrix(to_host(boxes), (-1, 5), "boxes")
    return _validate_layers.boxes(given, count, _validate.number(scale, "spatial_scale", above=0), dtype)


def _grid(dtype: np.dtype, scale: float, ratio: int | None, aligned: bool) -> Grid:
    samples = 0 if ratio is None else _validate.integer(ratio, "sampling_ratio", minimum=1, maximum=1024)
    return Grid(dtype.type(scale), dtype.type(0.5 if aligned else 0), bool(aligned), samples)
