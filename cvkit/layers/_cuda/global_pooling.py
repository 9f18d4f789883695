"""Pooling of whole planes on CUDA: one thread for each plane, or for each value of its gradient."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread, place_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.layers._math import is_more

# Values that are summed up before their sum is added to those of others: so hardly any digit is lost.
_PART = 1024


@cuda_kernel(block=(64,))
def _global_average(planes, out):
    plane = place_of_thread()
    if plane >= np.uint64(out.shape[0]):
        return
    number, size = planes.dtype.type, np.uint64(planes.shape[1])
    total, place = number(0), np.uint64(0)
    while place < size:
        end = np.uint64(place + np.uint64(_PART))
        end = end if end < size else size
        of_part = number(0)
        while place < end:
            of_part += planes[plane, place]
            place = np.uint64(place + np.uint64(1))
        total += of_part
    out[plane] = total / number(planes.shape[1])


def global_average(planes, out):
    """Write the mean of each plane, a row of ``planes``."""
    _global_average[out.shape[0]](planes, out)


@cuda_kernel
def _global_average_backward(gradient, out):
    place, plane, _ = pixel_of_thread()
    if plane < out.shape[0] and place < out.shape[1]:
        out[plane, place] = gradient[plane] / out.dtype.type(out.shape[1])


def global_average_backward(gradient, out):
    """Write what each value contributes to the mean of its plane."""
    _global_average_backward[out.shape](gradient, out)


@helper
def _place_of_max(planes, plane):
    most, place = planes[plane, np.uint64(0)], np.uint64(0)
    for other in range(np.uint64(planes.shape[1])):
        if is_more(planes[plane, other], most):
            most, place = planes[plane, other], np.uint64(other)
    return place


@cuda_kernel(block=(64,))
def _global_max(planes, out):
    plane = place_of_thread()
    if plane < np.uint64(out.shape[0]):
        out[plane] = planes[plane, _place_of_max(planes, plane)]


def global_max(planes, out):
    """Write the largest value of each plane."""
    _global_max[out.shape[0]](planes, out)


@cuda_kernel(block=(64,))
def _find_max(planes, places):
    plane = place_of_thread()
    if plane < np.uint64(planes.shape[0]):
        places[plane] = _place_of_max(planes, plane)


@cuda_kernel
def _to_max(gradient, places, out):
    place, plane, _ = pixel_of_thread()
    if plane < out.shape[0] and place < out.shape[1]:
        out[plane, place] = gradient[plane] if np.uint64(place) == places[plane] else out.dtype.type(0)


def global_max_backward(gradient, planes, out):
    """Write the gradient of each plane where its largest value is, the first of equal ones, and else 0."""
    places = temporary((planes.shape[0],), np.uint64, planes)
    _find_max[planes.shape[0]](planes, places)
    _to_max[out.shape](gradient, places, out)
