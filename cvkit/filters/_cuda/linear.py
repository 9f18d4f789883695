"""Linear filters on CUDA: one thread for each value, of the filtered columns and then of the result."""

from cvkit._border import border_index
from cvkit._jit_cuda import cuda, cuda_kernel, temporary
from cvkit.filters._math import rounded


@cuda_kernel
def _filter_columns(source, y_offsets, y_weights, border, border_value, columns):
    position, y, image = cuda.grid(3)
    count, height, width, channels = source.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = columns.dtype.type
    for term in range(y_weights.shape[0]):
        total = number(0)
        for tap in range(y_offsets.shape[0]):
            row = border_index(y + y_offsets[tap], height, border)
            value = border_value if row < 0 else source[image, row, x, channel]
            total = number(total + number(number(value) * y_weights[term, tap]))
        columns[term, image, y, position] = total


@cuda_kernel
def _filter_rows(columns, x_terms, x_offsets, x_weights, border, outside_columns, rounding, out):
    position, y, image = cuda.grid(3)
    count, height, width, channels = out.shape
    if image >= count or y >= height or position >= width * channels:
        return
    x, channel = divmod(position, channels)
    number = x_weights.dtype.type
    total = number(0)
    for tap in range(x_offsets.shape[0]):
        column = border_index(x + x_offsets[tap], width, border)
        term = x_terms[tap]
        value = outside_columns[term] if column < 0 else columns[term, image, y, column * channels + channel]
        total = number(total + number(number(value) * x_weights[tap]))
    out[image, y, x, channel] = rounded(total, rounding)


def separable(source, y_taps, x_taps, border, border_value, outside_columns, rounding, out):
    """Filter down the columns, once for each term, then along the rows over all terms together."""
    count, height, width, channels = source.shape
    threads = (count, height, width * channels)
    columns = temporary((len(y_taps.weights), *threads), y_taps.weights.dtype, source)
    _filter_columns[threads](source, *y_taps, border, border_value, columns)
    _filter_rows[threads](columns, *x_taps, border, outside_columns, rounding, out)
