"""Non-local means on CUDA: one thread for each pixel."""

from cvkit._border import REFLECT101, border_index
from cvkit._jit import cuda, cuda_kernel, helper


@helper
def _distance(source, image, y, x, down, right, radius):
    """Sum the squared differences of two patches, the second ``down`` and ``right`` of the first."""
    _, height, width, channels = source.shape
    total = 0
    for row in range(y - radius, y + radius + 1):
        here_y = border_index(row, height, REFLECT101)
        there_y = border_index(row + down, height, REFLECT101)
        for column in range(x - radius, x + radius + 1):
            here_x = border_index(column, width, REFLECT101)
            there_x = border_index(column + right, width, REFLECT101)
            for channel in range(channels):
                here, there = source[image, here_y, here_x, channel], source[image, there_y, there_x, channel]
                difference = int(here) - int(there)
                total += difference * difference
    return total


@cuda_kernel
def _non_local_means(source, table, shift, patch_radius, window_radius, out):
    x, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or x >= width:
        return
    weight_sum = 0
    sum0, sum1, sum2, sum3 = 0, 0, 0, 0
    for down in range(-window_radius, window_radius + 1):
        there_y = border_index(y + down, height, REFLECT101)
        for right in range(-window_radius, window_radius + 1):
            distance = _distance(source, image, y, x, down, right, patch_radius)
            weight = table[min(distance >> shift, table.shape[0] - 1)]
            there_x = border_index(x + right, width, REFLECT101)
            weight_sum += weight
            sum0 += weight * source[image, there_y, there_x, 0]
            if channels > 1:
                sum1 += weight * source[image, there_y, there_x, 1]
            if channels > 2:
                sum2 += weight * source[image, there_y, there_x, 2]
            if channels > 3:
                sum3 += weight * source[image, there_y, there_x, 3]
    for channel in range(channels):
        total = sum0 if channel == 0 else (sum1 if channel == 1 else (sum2 if channel == 2 else sum3))
        out[image, y, x, channel] = (total + weight_sum // 2) // weight_sum


def non_local_means(source, table, shift, patch_radius, window_radius, out):
    """Average pixels by the weights in ``table`` of the shifted distances between their patches."""
    _non_local_means[source.shape[:3]](source, table, shift, patch_radius, window_radius, out)
