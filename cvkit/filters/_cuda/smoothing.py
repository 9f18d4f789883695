"""Box sums on CUDA: one thread for each column's sum, then one for each box."""

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._math import rounded


@cuda_kernel
def _sum_columns(source, size_y, border, border_value, columns):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = columns.dtype.type
    total = number(0)
    for offset in range(-(size_y // 2), size_y // 2 + 1):
        row = border_index(y + offset, height, border)
        value = border_value if row < 0 else source[image, row, x, channel]
        total = number(total + number(value))
    columns[image, y, x, channel] = total


@cuda_kernel
def _sum_rows(columns, size_x, border, outside_column, outside_box, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = outside_box.dtype.type
    total = number(0)
    for offset in range(-(size_x // 2), size_x // 2 + 1):
        column = border_index(x + offset, width, border)
        value = outside_column[0] if column < 0 else columns[image, y, column, channel]
        total = number(total + number(value))
    out[image, y, x, channel] = rounded(total, rounding)


def box(source, size, border, border_value, outside_column, outside_box, rounding, out):
    """Sum down the columns, in the dtype of ``outside_column``, and along the rows, in ``outside_box``'s.

    Both hold one number: the sum of a column, and of a box, that lies beyond the image.
    """
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    columns = temporary(source.shape, outside_column.dtype, source)
    _sum_columns[threads](source, size[0], border, border_value, columns)
    _sum_rows[threads](columns, size[1], border, outside_column, outside_box, rounding, out)
