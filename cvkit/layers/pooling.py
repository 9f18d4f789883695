"""Pooling: the largest value, or the mean, of windows that slide over planes, forward and backward."""

from __future__ import annotations

from cvkit import _validate_layers
from cvkit.layers._cpu import pooling as pooling_kernels
from cvkit.layers._tensors import beside, planes, tensor
from cvkit.layers._windows import Sliding, sliding
from cvkit.typing import ArrayT, PoolingPadding


def max_pool2d(
    x: ArrayT,
    ksize: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: PoolingPadding | int | tuple[int, int] = "valid",
    dilation: int | tuple[int, int] = 1,
) -> ArrayT:
    """Take the largest value of each window, as ``torch.nn.functional.max_pool2d``.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    ksize : int or (height, width)
        The window.
    stride : int or (y, x), optional
        How far it moves; missing, by its own size.
    padding : {"same", "valid"}, int or (rows, columns)
        What is added around the planes, which no window chooses: ``"same"`` as TensorFlow, so that there are
        as many results as strides begin in the planes, ``"valid"`` nothing, a number as torch at each side,
        at most half of the window.
    dilation : int or (y, x)
        How far values of a window are apart.

    Returns
    -------
    array, (N, C, height, width)
        The largest values. Where a window has a NaN, the result is NaN.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For empty planes, or a window that does not fit.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    >>> cvkit.layers.max_pool2d(x, 2)
    array([[[[ 5.,  7.], [13., 15.]]]], dtype=float32)
    """
    operand = tensor(x, "x")
    window, shape = _pooling(operand.array.shape, ksize, stride, padding, dilation)
    out = operand.empty((*operand.array.shape[:2], *shape), operand.dtype)
    operand.kernels(pooling_kernels).max_pool(planes(operand.array), window, planes(out))
    return operand.give_back(out)


def max_pool2d_backward(
    gradient: ArrayT,
    x: ArrayT,
    ksize: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: PoolingPadding | int | tuple[int, int] = "valid",
    dilation: int | tuple[int, int] = 1,
) -> ArrayT:
    """Bring the gradient of :func:`max_pool2d` back to its input.

    Parameters
    ----------
    gradient : array, (N, C, height, width)
        The gradient of a loss by the results, of their shape, of the dtype of ``x`` and where that is.
    x : array, (N, C, H, W), float32 or float64
        What was pooled.
    ksize, stride, padding, dilation
        What it was pooled with.

    Returns
    -------
    array, (N, C, H, W)
        The gradient by ``x``: each window's goes to its largest value, to the first of equal ones.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For a gradient of another shape, and what :func:`max_pool2d` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.array([[[[1, 4], [3, 2]]]], np.float32)
    >>> cvkit.layers.max_pool2d_backward(np.array([[[[5]]]], np.float32), x, 2)
    array([[[[0., 5.], [0., 0.]]]], dtype=float32)
    """
    operand = tensor(gradient, "gradient")
    source = beside(operand, x, "x", first_name="gradient")
    window, shape = _pooling(source.shape, ksize, stride, padding, dilation)
    _validate_layers.shape_of(operand.array, "gradient", (*source.shape[:2], *shape))
    out = operand.empty(tuple(source.shape), operand.dtype)
    kernels = operand.kernels(pooling_kernels)
    kernels.max_pool_backward(planes(operand.array), planes(source), window, planes(out))
    return operand.give_back(out)


def avg_pool2d(
    x: ArrayT,
    ksize: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: PoolingPadding | int | tuple[int, int] = "valid",
    count_padding: bool | None = None,
) -> ArrayT:
    """Take the mean of each window, as ``torch.nn.functional.avg_pool2d``.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    ksize : int or (height, width)
        The window.
    stride : int or (y, x), optional
        How far it moves; missing, by its own size.
    padding : {"same", "valid"}, int or (rows, columns)
        The zeros that are added around the planes: ``"same"`` as TensorFlow, so that there are as many
        results as strides begin in the planes, ``"valid"`` none, a number as torch at each side, at most half
        of the window.
    count_padding : bool, optional
        Whether these zeros count as values of a window. Missing, they do for a number, as in torch, and do
        not for ``"same"``, as in TensorFlow.

    Returns
    -------
    array, (N, C, height, width)
        The means.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For empty planes, or a window that does not fit.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    >>> cvkit.layers.avg_pool2d(x, 2, padding="same")
    array([[[[2. , 3.5], [6.5, 8. ]]]], dtype=float32)
    """
    operand = tensor(x, "x")
    window, shape = _pooling(operand.array.shape, ksize, stride, padding, 1)
    out = operand.empty((*operand.array.shape[:2], *shape), operand.dtype)
    counts_padding = padding != "same" if count_padding is None else bool(count_padding)
    kernels = operand.kernels(pooling_kernels)
    kernels.average_pool(planes(operand.array), window, counts_padding, planes(out))
    return operand.give_back(out)


def avg_pool2d_backward(
    gradient: ArrayT,
    input_shape: tuple[int, int, int, int],
    ksize: int | tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    padding: PoolingPadding | int | tuple[int, int] = "valid",
    count_padding: bool | None = None,
) -> ArrayT:
    """Bring the gradient of :func:`avg_pool2d` back to its input.

    Parameters
    ----------
    gradient : array, (N, C, height, width), float32 or float64
        The gradient of a loss by the results, of their shape.
    input_shape : (N, C, H, W)
        The shape of what was pooled, whose values do not matter.
    ksize, stride, padding, count_padding
        What it was pooled with.

    Returns
    -------
    array, (N, C, H, W)
        The gradient by the input: each window's goes in equal shares to its values.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For a gradient of another shape, and what :func:`avg_pool2d` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.layers.avg_pool2d_backward(np.array([[[[8]]]], np.float32), (1, 1, 2, 2), 2)
    array([[[[2., 2.], [2., 2.]]]], dtype=float32)
    """
    operand = tensor(gradient, "gradient")
    full = _validate_layers.tensor_shape(input_shape, "input_shape")
    window, shape = _pooling(full, ksize, stride, padding, 1)
    _validate_layers.shape_of(operand.array, "gradient", (*full[:2], *shape))
    out = operand.empty(full, operand.dtype)
    counts_padding = padding != "same" if count_padding is None else bool(count_padding)
    kernels = operand.kernels(pooling_kernels)
    kernels.average_pool_backward(planes(operand.array), window, counts_padding, planes(out))
    return operand.give_back(out)


def _pooling(
    shape: tuple[int, ...],
    ksize: int | tuple[int, int],
    stride: int | tuple[int, int] | None,
    padding: PoolingPadding | int | tuple[int, int],
    dilation: int | tuple[int, int],
) -> Sliding:
    """Check how a window slides over planes; none lies outside of them."""
    around = _validate_layers.padding(padding, ("same", "valid"))
    found = sliding(tuple(shape[2:]), ksize, ksize if stride is None else stride, padding, dilation)
    if not isinstance(around, str):
        _validate_layers.pooling_padding(around, found.window.reach)
    return found
