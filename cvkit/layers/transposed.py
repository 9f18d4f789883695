"""Transposed convolution: each value of planes spreads a filter, forward and backward."""

from __future__ import annotations

from cvkit import _validate, _validate_layers
from cvkit._blas import single_threaded
from cvkit.layers._cpu import convolution as convolution_kernels
from cvkit.layers._tensors import beside, tensor
from cvkit.layers._windows import Sliding, sliding
from cvkit.layers.convolution import bias_of, gradient_of_bias
from cvkit.typing import ArrayT, Padding

_AXES = "(channels, filters of a group, height, width)"


def conv_transpose2d(
    x: ArrayT,
    weights: ArrayT,
    bias: ArrayT | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding | int | tuple[int, int] = "same",
    output_padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> ArrayT:
    """Spread filters around the values of planes, as ``torch.nn.functional.conv_transpose2d``.

    What :func:`conv2d` of the same options makes planes smaller by, this makes them larger by: it is that
    function's gradient by its planes.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    weights : array, (C, K / groups, h, w)
        Filters, of the dtype of ``x`` and where that is.
    bias : array, (K,), optional
        Added to the results of each filter.
    stride : int or (y, x)
        How far filters of neighboring values are apart.
    padding : {"same", "valid", "full"}, int or (rows, columns)
        What is cut off around the results, as much as :func:`conv2d` adds: ``"same"`` leaves ``stride`` times
        as many rows and columns as the planes have, as TensorFlow; ``"valid"`` all; ``"full"`` those where
        each weight met a value; a number leaves out that many at each side, as torch.
    output_padding : int or (rows, columns)
        How many rows and columns more there are at the ends, fewer than the stride, as in torch; not for
        ``"same"``.
    dilation : int or (y, x)
        How far neighboring weights are apart.
    groups : int
        Into how many parts channels and filters are divided, each to itself.

    Returns
    -------
    array, (N, K, height, width)
        The results.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For empty planes, channels that groups do not divide, or results of which nothing is left.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x, weights = np.array([[[[1, 2]]]], np.float32), np.array([[[[1, 1, 1]]]], np.float32)
    >>> cvkit.layers.conv_transpose2d(x, weights, stride=2, padding="valid")
    array([[[[1., 1., 3., 2., 2.]]]], dtype=float32)
    """
    operand = tensor(x, "x")
    given = beside(operand, weights, "weights", _AXES)
    filters = _validate_layers.transposed(operand.array.shape[1], given.shape, groups)
    options = stride, padding, output_padding, dilation
    window, shape = _spreading(operand.array.shape, given.shape, *options)
    out = operand.empty((operand.array.shape[0], filters, *shape), operand.dtype)
    added = bias_of(operand, bias, filters)
    with single_threaded():
        operand.kernels(convolution_kernels).spread(operand.array, given, added, window, out)
    return operand.give_back(out)


def conv_transpose2d_backward(
    gradient: ArrayT,
    x: ArrayT,
    weights: ArrayT,
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding | int | tuple[int, int] = "same",
    output_padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> tuple[ArrayT, ArrayT, ArrayT]:
    """Bring the gradient of :func:`conv_transpose2d` back to its planes, filters and bias.

    Parameters
    ----------
    gradient : array, (N, K, height, width)
        The gradient of a loss by the results, of their shape, of the dtype of ``x`` and where that is.
    x : array, (N, C, H, W), float32 or float64
        The planes.
    weights : array, (C, K / groups, h, w)
        The filters.
    stride, padding, output_padding, dilation, groups
        How they were spread.

    Returns
    -------
    of_x : array, (N, C, H, W)
        The gradient by ``x``.
    of_weights : array, (C, K / groups, h, w)
        The gradient by ``weights``.
    of_bias : array, (K,)
        The gradient by the bias.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For a gradient of another shape, and what :func:`conv_transpose2d` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x, weights = np.float32([[[[1, 2]]]]), np.float32([[[[1, 10]]]])
    >>> gradient = np.ones((1, 1, 1, 3), np.float32)
    >>> gradients = cvkit.layers.conv_transpose2d_backward(gradient, x, weights, padding="valid")
    >>> gradients[0]
    array([[[[11., 11.]]]], dtype=float32)
    >>> gradients[1:]
    (array([[[[3., 3.]]]], dtype=float32), array([3.], dtype=float32))
    """
    operand = tensor(gradient, "gradient")
    planes = beside(operand, x, "x", first_name="gradient")
    given = beside(operand, weights, "weights", _AXES, first_name="gradient")
    filters = _validate_layers.transposed(planes.shape[1], given.shape, groups)
    options = stride, padding, output_padding, dilation
    window, shape = _spreading(planes.shape, given.shape, *options)
    _validate_layers.shape_of(operand.array, "gradient", (planes.shape[0], filters, *shape))
    of_x = operand.empty(tuple(planes.shape), operand.dtype)
    of_weights = operand.empty(tuple(given.shape), operand.dtype)
    no_bias = bias_of(operand, None, planes.shape[1])
    kernels = operand.kernels(convolution_kernels)
    kernels.convolve(operand.array, given, no_bias, window, "direct", of_x)
    with single_threaded():
        kernels.gradient_of_weights(planes, operand.array, window, of_weights)
    of_bias = gradient_of_bias(operand)
    return operand.give_back(of_x), operand.give_back(of_weights), operand.give_back(of_bias)


def _spreading(
    shape: tuple[int, ...],
    weights_shape: tuple[int, ...],
    stride: int | tuple[int, int],
    padding: Padding | int | tuple[int, int],
    output_padding: int | tuple[int, int],
    dilation: int | tuple[int, int],
) -> Sliding:
    """Return how a window slides over results so that it gives planes of ``shape``, and their own shape."""
    ksize = weights_shape[2], weights_shape[3]
    strides = _validate.kernel_size(stride, "stride", odd=False)
    more = _validate_layers.output_padding(output_padding, strides, padding)
    if padding == "same":
        of_results = shape[2] * strides[0], shape[3] * strides[1]
    else:
        # Where all weights meet values, there are that many results; of these, padding leaves out some.
        window, _ = sliding(_LARGE, ksize, strides, padding, dilation)
        cut = _validate_layers.padding(padding)
        sides = cut if not isinstance(cut, str) else (window.top, window.left)
        of_results = (
            (shape[2] - 1) * strides[0] + window.reach[0] - 2 * sides[0] + more[0],
            (shape[3] - 1) * strides[1] + window.reach[1] - 2 * sides[1] + more[1],
        )
    _validate_layers.results_left(of_results)
    window, _ = sliding(of_results, ksize, strides, padding, dilation)
    return Sliding(window, of_results)


# Planes on which every window has a place.
_LARGE = (1 << 41, 1 << 41)
