"""Pooling of whole planes on the CPU."""

from cvkit._jit import cpu_kernel, helper, prange
from cvkit._tiles import parts_of, span
from cvkit.layers._math import is_more

# Values that are summed up before their sum is added to those of others: so hardly any digit is lost.
PART = 1024


@helper(reorder=True)
def _sum(values):
    total = values.dtype.type(0)
    for place in range(values.shape[0]):
        total += values[place]
    return total


@helper
def sum_of_plane(plane):
    """Sum the values of a plane, a flat one."""
    total = plane.dtype.type(0)
    for part in range(parts_of(plane.shape[0], PART)):
        begin, end = span(part, PART, plane.shape[0])
        total += _sum(plane[begin:end])
    return total


@cpu_kernel
def global_average(planes, out):
    """Write the mean of each plane, a row of ``planes``."""
    count = planes.dtype.type(planes.shape[1])
    for plane in prange(planes.shape[0]):
        out[plane] = sum_of_plane(planes[plane]) / count


@helper
def _fill(plane, value):
    for place in range(plane.shape[0]):
        plane[place] = value


@cpu_kernel
def global_average_backward(gradient, out):
    """Write what each value contributes to the mean of its plane."""
    count = out.dtype.type(out.shape[1])
    for plane in prange(out.shape[0]):
        _fill(out[plane], gradient[plane] / count)


@helper
def _place_of_max(plane):
    most, place = plane[0], 0
    for other in range(plane.shape[0]):
        if is_more(plane[other], most):
            most, place = plane[other], other
    return place


@cpu_kernel
def global_max(planes, out):
    """Write the largest value of each plane."""
    for plane in prange(planes.shape[0]):
        out[plane] = planes[plane, _place_of_max(planes[plane])]


@cpu_kernel
def global_max_backward(gradient, planes, out):
    """Write the gradient of each plane where its largest value is, the first of equal ones, and else 0."""
    for plane in prange(planes.shape[0]):
        _fill(out[plane], planes.dtype.type(0))
        out[plane, _place_of_max(planes[plane])] = gradient[plane]
