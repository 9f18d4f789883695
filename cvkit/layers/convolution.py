"""Convolution of planes with filters, forward, backward and transposed."""

from __future__ import annotations

import contextlib
from typing import Any

from cvkit import _validate, _validate_layers
from cvkit._blas import single_threaded
from cvkit._dispatch import Array, Operand, reshaped
from cvkit.layers._cpu import convolution as convolution_kernels
from cvkit.layers._tensors import beside, tensor
from cvkit.layers._windows import Sliding, sliding
from cvkit.typing import ArrayT, ConvolutionMethod, Padding

_METHODS = ("direct", "im2col")
_AXES = "(filters, channels of a group, height, width)"


def conv2d(
    x: ArrayT,
    weights: ArrayT,
    bias: ArrayT | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding | int | tuple[int, int] = "same",
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    method: ConvolutionMethod = "direct",
) -> ArrayT:
    """Convolve planes with filters, as ``torch.nn.functional.conv2d``.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    weights : array, (K, C / groups, h, w)
        Filters, which are not flipped, of the dtype of ``x`` and where that is.
    bias : array, (K,), optional
        Added to the results of each filter.
    stride : int or (y, x)
        How far a filter moves from one result to the next.
    padding : {"same", "valid", "full"}, int or (rows, columns)
        The zeros that are added around the planes: ``"same"`` as TensorFlow, so that there are as many
        results as strides begin in the planes, and what is odd comes after; ``"valid"`` none; ``"full"`` as
        many as let each weight meet each value; a number as torch at each side.
    dilation : int or (y, x)
        How far the values that neighboring weights meet are apart.
    groups : int
        Into how many parts channels and filters are divided, each to itself; as many as there are channels:
        depthwise.
    method : {"direct", "im2col"}
        How results are found on the CPU: of several filters at once in registers, or by products of matrices
        to which windows are copied, a block at a time, which is slower. Filters of one channel and all on a
        GPU have one method.

    Returns
    -------
    array, (N, K, height, width)
        The results.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For empty planes, filters that do not fit, channels or filters that groups do not divide.

    See Also
    --------
    cvkit.filter2d : images, with their borders and dtypes.

    Notes
    -----
    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for document
    processing", International Workshop on Frontiers in Handwriting Recognition, 2006.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.array([[[1, 0, 2, 1, 0], [0, 1, 1, 0, 2], [2, 0, 1, 1, 0], [1, 1, 0, 2, 1], [0, 2, 1, 0, 1]],
    ...               [[0, 1, 0, 2, 1], [1, 0, 1, 0, 1], [0, 2, 0, 1, 0], [1, 0, 2, 0, 1], [2, 1, 0, 1, 0]]])
    >>> weights = np.array([[[1, 0, -1], [0, 1, 0], [-1, 0, 1]], [[0, 1, 0], [1, -1, 1], [0, 1, 0]]])
    >>> cvkit.layers.conv2d(np.float32([x]), np.float32([weights]), padding="same")[0, 0]
    array([[ 4.,  0.,  5.,  1.,  2.],
           [-1.,  4.,  0.,  6.,  2.],
           [ 6., -4.,  9.,  0.,  1.],
           [ 4.,  9., -5.,  8.,  1.],
           [-1.,  4.,  4., -2.,  5.]], dtype=float32)
    """
    operand = tensor(x, "x")
    given = beside(operand, weights, "weights", _AXES)
    _validate.one_of(method, _METHODS, "method")
    filters = given.shape[0]
    _validate_layers.grouped(operand.array.shape[1], given.shape, groups)
    window, shape = _sliding(operand.array.shape, given.shape, stride, padding, dilation)
    added = bias_of(operand, bias, filters)
    out = operand.empty((operand.array.shape[0], filters, *shape), operand.dtype)
    with single_threaded() if _calls_blas(operand, method, given) else contextlib.nullcontext():
        operand.kernels(convolution_kernels).convolve(operand.array, given, added, window, method, out)
    return operand.give_back(out)


def conv2d_backward(
    gradient: ArrayT,
    x: ArrayT,
    weights: ArrayT,
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding | int | tuple[int, int] = "same",
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[ArrayT, ArrayT, ArrayT]:
    """Bring the gradient of :func:`conv2d` back to its planes, filters and bias.

    Parameters
    ----------
    gradient : array, (N, K, height, width)
        The gradient of a loss by the results, of their shape, of the dtype of ``x`` and where that is.
    x : array, (N, C, H, W), float32 or float64
        What was convolved.
    weights : array, (K, C / groups, h, w)
        What it was convolved with.
    stride, padding, dilation, groups
        How.

    Returns
    -------
    of_x : array, (N, C, H, W)
        The gradient by ``x``.
    of_weights : array, (K, C / groups, h, w)
        The gradient by ``weights``.
    of_bias : array, (K,)
        The gradient by the bias.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For a gradient of another shape, and what :func:`conv2d` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.arange(4, dtype=np.float32).reshape(1, 1, 2, 2)
    >>> weights, gradient = np.float32([[[[10, 20]]]]), np.ones((1, 1, 2, 1), np.float32)
    >>> of_x, of_weights, of_bias = cvkit.layers.conv2d_backward(gradient, x, weights, padding="valid")
    >>> of_x
    array([[[[10., 20.], [10., 20.]]]], dtype=float32)
    >>> of_weights, of_bias
    (array([[[[2., 4.]]]], dtype=float32), array([2.], dtype=float32))
    """
    operand = tensor(gradient, "gradient")
    planes = beside(operand, x, "x", first_name="gradient")
    given = beside(operand, weights, "weights", _AXES, first_name="gradient")
    _validate_layers.grouped(planes.shape[1], given.shape, groups)
    window, shape = _sliding(planes.shape, given.shape, stride, padding, dilation)
    _validate_layers.shape_of(operand.array, "gradient", (planes.shape[0], given.shape[0], *shape))
    of_x = operand.empty(tuple(planes.shape), operand.dtype)
    of_weights = operand.empty(tuple(given.shape), operand.dtype)
    no_bias = bias_of(operand, None, planes.shape[1])
    kernels = operand.kernels(convolution_kernels)
    with single_threaded():
        kernels.spread(operand.array, given, no_bias, window, of_x)
        kernels.gradient_of_weights(operand.array, planes, window, of_weights)
    of_bias = gradient_of_bias(operand)
    return operand.give_back(of_x), operand.give_back(of_weights), operand.give_back(of_bias)


def _sliding(
    shape: tuple[int, ...],
    weights_shape: tuple[int, ...],
    stride: int | tuple[int, int],
    padding: Padding | int | tuple[int, int],
    dilation: int | tuple[int, int],
) -> Sliding:
    return sliding(tuple(shape[2:]), tuple(weights_shape[2:]), stride, padding, dilation)


def bias_of(operand: Operand, bias: Array | None, count: int) -> Array:
    """Check what is added to each of so many planes; without it, zeros."""
    if bias is None:
        return operand.zeros((count,), operand.dtype)
    added = beside(operand, bias, "bias", "(K,)")
    _validate_layers.shape_of(added, "bias", (count,))
    return added


def _calls_blas(operand: Operand, method: str, weights: Array) -> bool:
    return not operand.is_on_device and method == "im2col" and weights.shape[1] > 1


def gradient_of_bias(operand: Operand) -> Any:
    """Sum the gradient of each filter's results."""
    count, filters, height, width = operand.array.shape
    out = operand.empty((filters,), operand.dtype)
    flat_planes = reshaped(operand.array, (count, filters, height * width))
    operand.kernels(convolution_kernels).gradient_of_bias(flat_planes, out)
    return out
