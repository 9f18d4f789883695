"""Pooling of whole planes: one value for each, forward and backward."""

from __future__ import annotations

from cvkit import _validate, _validate_layers
from cvkit._dispatch import flat
from cvkit.layers._cpu import global_pooling as global_pooling_kernels
from cvkit.layers._tensors import beside, rows, tensor
from cvkit.typing import ArrayT, GlobalPooling

_METHODS = ("average", "max")


def global_pool(x: ArrayT, method: GlobalPooling = "average") -> ArrayT:
    """Take the mean, or the largest value, of each plane.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
        Planes.
    method : {"average", "max"}
        What is taken: ``torch.nn.functional.adaptive_avg_pool2d(x, 1)`` or ``adaptive_max_pool2d``.

    Returns
    -------
    array, (N, C)
        A value for each plane, as a linear layer takes them.

    Raises
    ------
    TypeError
        For another dtype.
    ValueError
        For empty planes or another method.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> cvkit.layers.global_pool(np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2))
    array([[1.5, 5.5]], dtype=float32)
    """
    operand = tensor(x, "x")
    _validate.one_of(method, _METHODS, "method")
    out = operand.empty(tuple(operand.array.shape[:2]), operand.dtype)
    kernels = operand.kernels(global_pooling_kernels)
    pool = kernels.global_average if method == "average" else kernels.global_max
    pool(rows(operand.array), flat(out))
    return operand.give_back(out)


def global_pool_backward(gradient: ArrayT, x: ArrayT, method: GlobalPooling = "average") -> ArrayT:
    """Bring the gradient of :func:`global_pool` back to its input.

    Parameters
    ----------
    gradient : array, (N, C)
        The gradient of a loss by the results, of the dtype of ``x`` and where that is.
    x : array, (N, C, H, W), float32 or float64
        What was pooled.
    method : {"average", "max"}
        How it was pooled.

    Returns
    -------
    array, (N, C, H, W)
        The gradient by ``x``: in equal shares to all values of a plane, or to the largest, to the first of
        equal ones.

    Raises
    ------
    TypeError
        For another dtype, or two.
    ValueError
        For a gradient of another shape, and what :func:`global_pool` refuses.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> x = np.array([[[[1, 3]]]], np.float32)
    >>> cvkit.layers.global_pool_backward(np.array([[4]], np.float32), x)
    array([[[[2., 2.]]]], dtype=float32)
    >>> cvkit.layers.global_pool_backward(np.array([[4]], np.float32), x, "max")
    array([[[[0., 4.]]]], dtype=float32)
    """
    operand = tensor(gradient, "gradient", "(N, C)")
    source = beside(operand, x, "x", first_name="gradient")
    _validate.one_of(method, _METHODS, "method")
    _validate_layers.shape_of(operand.array, "gradient", tuple(source.shape[:2]))
    out = operand.empty(tuple(source.shape), operand.dtype)
    kernels = operand.kernels(global_pooling_kernels)
    if method == "average":
        kernels.global_average_backward(flat(operand.array), rows(out))
    else:
        kernels.global_max_backward(flat(operand.array), rows(source), rows(out))
    return operand.give_back(out)
