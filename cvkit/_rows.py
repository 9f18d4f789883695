"""Rows of values: copied, or taken apart into one row for each channel, which vectors can load."""

from cvkit._jit import helper


@helper
def copy_row(row, target):
    """Copy a row; an assignment of slices would allocate."""
    for x in range(target.shape[0]):
        target[x] = row[x]


@helper
def copy_rows(rows, target):
    """Copy the first rows, as many and as much of each as ``target`` has."""
    for y in range(target.shape[0]):
        copy_row(rows[y], target[y])


@helper
def _split_three(row, first, second, third):
    """Take a row of three channels apart; a literal 3 lets the compiler shuffle vectors, not gather."""
    for x in range(first.shape[0]):
        first[x] = row[3 * x]
        second[x] = row[3 * x + 1]
        third[x] = row[3 * x + 2]


@helper
def split_channels(row, planes):
    """Copy a flat row of pixels to the rows of ``planes``, of shape (channels, width)."""
    channels, width = planes.shape
    if channels == 1:
        copy_row(row, planes[0])
    elif channels == 3:
        _split_three(row, planes[0], planes[1], planes[2])
    else:
        for channel in range(channels):
            for x in range(width):
                planes[channel, x] = row[x * channels + channel]
