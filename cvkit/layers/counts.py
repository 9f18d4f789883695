"""What layers of a network come to: sizes of results, what a result sees, parameters and operations."""

from __future__ import annotations

from collections.abc import Iterable

from cvkit import _validate, _validate_layers
from cvkit.layers._windows import sliding
from cvkit.typing import Padding


def output_size(
    shape: tuple[int, int],
    ksize: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] = 1,
    padding: Padding | int | tuple[int, int] = "same",
    dilation: int | tuple[int, int] = 1,
) -> tuple[int, int]:
    """Return the (height, width) of what a window gives that slides over planes.

    Parameters
    ----------
    shape : (height, width)
        Of the planes.
    ksize : int or (height, width)
        Of the window.
    stride : int or (y, x)
        How far it moves.
    padding : {"same", "valid", "full"}, int or (rows, columns)
        What is added around the planes, as for :func:`conv2d`.
    dilation : int or (y, x)
        How far values of a window are apart.

    Returns
    -------
    (height, width)

    Raises
    ------
    ValueError
        For a window that does not fit.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.layers.output_size((224, 224), 7, stride=2, padding=3)
    (112, 112)
    """
    return sliding(_validate.output_shape(shape, "shape"), ksize, stride, padding, dilation).shape


def receptive_field(
    layers: Iterable[tuple[int | tuple[int, int], ...]],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how much of the first planes a result of several layers sees, and how far the next one is.

    Parameters
    ----------
    layers : iterable of tuples
        For each layer, from the first on, its window, and if need be its stride and dilation, each an int or
        a pair (y, x).

    Returns
    -------
    size : (height, width)
        The rows and columns that a result depends on, those beyond the planes included.
    stride : (y, x)
        How far those of neighboring results are apart.

    Raises
    ------
    ValueError
        For a layer of another length, or numbers below 1.

    Notes
    -----
    A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks", Distill,
    2019.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.layers.receptive_field([(7, 2), (3, 2), (3,), (3,)])  # where ResNet-18 begins
    ((27, 27), (4, 4))
    """
    size, stride = [1, 1], [1, 1]
    for layer in layers:
        sizes, strides, dilations = _validate_layers.layer(layer)
        for axis in range(2):
            size[axis] += (sizes[axis] - 1) * dilations[axis] * stride[axis]
            stride[axis] *= strides[axis]
    return (size[0], size[1]), (stride[0], stride[1])


def parameter_count(weights_shape: tuple[int, ...], *, bias: bool = True) -> int:
    """Return how many numbers a layer learns.

    Parameters
    ----------
    weights_shape : tuple of int
        Of the weights: of filters (K, C / groups, h, w), or (outputs, inputs) of a linear layer.
    bias : bool
        Whether each filter, or output, has a number that is added.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        For numbers below 1.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.layers.parameter_count((64, 3, 7, 7))
    9472
    """
    shape = _validate_layers.weights_shape(weights_shape)
    count = int(bool(bias)) * shape[0]
    weights = 1
    for size in shape:
        weights *= size
    return weights + count


def operation_count(
    weights_shape: tuple[int, int, int, int],
    output_shape: tuple[int, int],
    *,
    count: int = 1,
    bias: bool = True,
) -> int:
    """Return how many operations a convolution takes: a multiplication and an addition for each weight.

    Parameters
    ----------
    weights_shape : (K, C / groups, h, w)
        Of the filters.
    output_shape : (height, width)
        Of the results, as :func:`output_size` tells.
    count : int
        Items of the batch.
    bias : bool
        Whether a number is added to each result; the first sum is none without.

    Returns
    -------
    int
        Floating point operations. Zeros that are added around planes count as values; twice what is called
        multiply-accumulate operations elsewhere.

    Raises
    ------
    ValueError
        For numbers below 1.

    Examples
    --------
    >>> import cvkit
    >>> cvkit.layers.operation_count((64, 3, 7, 7), (112, 112))
    236027904
    """
    filters, channels, height, width = _validate_layers.weights_shape(weights_shape, rank=4)
    rows, columns = _validate.output_shape(output_shape)
    items = _validate.integer(count, "count", minimum=0)
    of_result = 2 * channels * height * width - (0 if bias else 1)
    return items * filters * rows * columns * of_result
