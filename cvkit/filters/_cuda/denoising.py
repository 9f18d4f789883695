"""Non-local means on CUDA: one thread for each pixel."""

from cvkit._border import REFLECT101, border_index
from cvkit._jit import helper
from cvkit._jit_cuda import cuda, cuda_kernel


@helper
def _distance(source, image, y, x, down, right, radius, total):
    """Add to ``total`` the squared differences of two patches, ``down`` and ``right`` of each other."""
    _, height, width, channels = source.shape
    number = type(total)
    for row in range(y - radius, y + radius + 1):
        here_y = border_index(row, height, REFLECT101)
        there_y = border_index(row + down, height, REFLECT101)
        for column in range(x - radius, x + radius + 1):
            here_x = border_index(column, width, REFLECT101)
            there_x = border_index(column + right, width, REFLECT101)
            for channel in range(channels):
                here, there = source[image, here_y, here_x, channel], source[image, there_y, there_x, channel]
                difference = number(here) - number(there)
                total += difference * difference
    return total


@helper
def _weight(distance, table, weighing):
    if len(weighing) == 1:
        return table[min(distance >> weighing[0], table.shape[0] - 1)]
    scale, smallest, _ = weighing
    weight = 2.0 ** (distance * scale)
    return weight if weight >= smallest else 0.0


@helper
def _quotient(total, weight_sum, weighing):
    if len(weighing) == 1:
        return (total + weight_sum // 2) // weight_sum
    _, _, rounder = weighing
    return (total / weight_sum + rounder) - rounder


@cuda_kernel
def _non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    x, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or x >= width:
        return
    number = sum_type.dtype.type
    zero = number(0)
    weight_sum = zero
    sum0, sum1, sum2, sum3 = zero, zero, zero, zero
    for down in range(-window_radius, window_radius + 1):
        there_y = border_index(y + down, height, REFLECT101)
        for right in range(-window_radius, window_radius + 1):
            distance = _distance(source, image, y, x, down, right, patch_radius, zero)
            weight = number(_weight(distance, table, weighing))
            there_x = border_index(x + right, width, REFLECT101)
            weight_sum += weight
            sum0 += weight * number(source[image, there_y, there_x, 0])
            if channels > 1:
                sum1 += weight * number(source[image, there_y, there_x, 1])
            if channels > 2:
                sum2 += weight * number(source[image, there_y, there_x, 2])
            if channels > 3:
                sum3 += weight * number(source[image, there_y, there_x, 3])
    for channel in range(channels):
        total = sum0 if channel == 0 else (sum1 if channel == 1 else (sum2 if channel == 2 else sum3))
        out[image, y, x, channel] = _quotient(total, weight_sum, weighing)


def non_local_means(source, table, weighing, sum_type, patch_radius, window_radius, out):
    """Average pixels, weighted by the distances of their patches; sums have the dtype of ``sum_type``."""
    _non_local_means[source.shape[:3]](source, table, weighing, sum_type, patch_radius, window_radius, out)
