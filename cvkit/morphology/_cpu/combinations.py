"""Differences of images on the CPU."""

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _subtract_row(first, second, limits, out):
    number = limits.dtype.type
    least, greatest = limits[0], limits[1]
    for x in range(out.shape[0]):
        difference = number(number(first[x]) - number(second[x]))
        difference = least if difference < least else difference
        out[x] = greatest if difference > greatest else difference


@cpu_kernel
def subtract(first, second, limits, out):
    """Subtract images, in the dtype of ``limits``: the least and the greatest that the result may be."""
    height = first.shape[0] * first.shape[1]
    width = first.shape[2] * first.shape[3]
    rows, others = first.reshape(height, width), second.reshape(height, width)
    out_rows = out.reshape(height, width)
    for y in prange(height):
        _subtract_row(rows[y], others[y], limits, out_rows[y])
