"""Border modes: their names, their codes, and where a coordinate outside the image points.

The codes are OpenCV's. ``border_index`` is plain scalar code that both targets call.
"""

from cvkit._jit import helper

CONSTANT, REPLICATE, REFLECT, WRAP, REFLECT101 = range(5)

BORDERS = {
    "constant": CONSTANT,  # vvv|abcd|vvv
    "replicate": REPLICATE,  # aaa|abcd|ddd
    "reflect": REFLECT,  # cba|abcd|dcb
    "wrap": WRAP,  # bcd|abcd|abc
    "reflect101": REFLECT101,  # dcb|abcd|cba
}


@helper
def border_index(index, size, border):
    """Return the index inside ``[0, size)`` that stands in for ``index``, or -1 for the constant border."""
    if 0 <= index < size:
        return index
    if border == CONSTANT:
        return -1
    if border == REPLICATE:
        return 0 if index < 0 else size - 1
    if border == WRAP:
        return index % size
    # Few coordinates lie further out than one reflection; a division takes longer than the rest.
    if border == REFLECT:
        index = index if index >= 0 else -1 - index
        index = index if index < 2 * size else index % (2 * size)
        return index if index < size else 2 * size - 1 - index
    if size == 1:
        return 0
    index = index if index >= 0 else -index
    index = index if index < 2 * size - 2 else index % (2 * size - 2)
    return index if index < size else 2 * size - 2 - index


@helper
def extend_row(row, radius, channels, border, value):
    """Fill ``radius`` pixels at both ends of ``row`` from its inner pixels.

    ``row`` holds ``radius + width + radius`` pixels of ``channels`` values; only the inner ones are given.
    """
    width = row.shape[0] // channels - 2 * radius
    for offset in range(1, radius + 1):
        before = border_index(-offset, width, border)
        after = border_index(width - 1 + offset, width, border)
        for channel in range(channels):
            left = (radius - offset) * channels + channel
            right = (radius + width - 1 + offset) * channels + channel
            row[left] = value if before < 0 else row[(radius + before) * channels + channel]
            row[right] = value if after < 0 else row[(radius + after) * channels + channel]
