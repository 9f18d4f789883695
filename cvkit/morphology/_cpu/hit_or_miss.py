"""Bits that are set in one mask and not in another, on the CPU."""

from cvkit._jit import cpu_kernel, helper, prange


@helper
def _exclude_row(kept, excluded, out):
    number = out.dtype.type
    for x in range(out.shape[0]):
        out[x] = kept[x] & number(~excluded[x])


@cpu_kernel
def exclude(kept, excluded, out):
    """Clear the bits of one image that are set in another."""
    height = kept.shape[0] * kept.shape[1]
    width = kept.shape[2] * kept.shape[3]
    rows, others = kept.reshape(height, width), excluded.reshape(height, width)
    out_rows = out.reshape(height, width)
    for y in prange(height):
        _exclude_row(rows[y], others[y], out_rows[y])
