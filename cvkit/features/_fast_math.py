"""FAST's circle of 16 pixels, for both twins."""

from cvkit._jit import helper


@helper(force_inline=True)
def _arcs_above(ring):
    """Return the largest number that nine pixels in a row of a circle of 16 are not below.

    Eight pixels in a row, with the one on either side, make two arcs of nine.
    """
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, pa, pb, pc, pd, pe, pf = ring
    n1, n3, n5, n7 = min(p1, p2), min(p3, p4), min(p5, p6), min(p7, p8)
    n9, nb, nd, nf = min(p9, pa), min(pb, pc), min(pd, pe), min(pf, p0)
    m1, m3, m5, m7 = min(n1, n3), min(n3, n5), min(n5, n7), min(n7, n9)
    m9, mb, md, mf = min(n9, nb), min(nb, nd), min(nd, nf), min(nf, n1)
    first = max(min(min(m1, m5), max(p0, p9)), min(min(m3, m7), max(p2, pb)))
    second = max(min(min(m5, m9), max(p4, pd)), min(min(m7, mb), max(p6, pf)))
    third = max(min(min(m9, md), max(p8, p1)), min(min(mb, mf), max(pa, p3)))
    fourth = max(min(min(md, m1), max(pc, p5)), min(min(mf, m3), max(pe, p7)))
    return max(max(first, second), max(third, fourth))


@helper(force_inline=True)
def _arcs_below(ring):
    """Return the smallest number that nine pixels in a row are not above."""
    p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, pa, pb, pc, pd, pe, pf = ring
    n1, n3, n5, n7 = max(p1, p2), max(p3, p4), max(p5, p6), max(p7, p8)
    n9, nb, nd, nf = max(p9, pa), max(pb, pc), max(pd, pe), max(pf, p0)
    m1, m3, m5, m7 = max(n1, n3), max(n3, n5), max(n5, n7), max(n7, n9)
    m9, mb, md, mf = max(n9, nb), max(nb, nd), max(nd, nf), max(nf, n1)
    first = min(max(max(m1, m5), min(p0, p9)), max(max(m3, m7), min(p2, pb)))
    second = min(max(max(m5, m9), min(p4, pd)), max(max(m7, mb), min(p6, pf)))
    third = min(max(max(m9, md), min(p8, p1)), max(max(mb, mf), min(pa, p3)))
    fourth = min(max(max(md, m1), min(pc, p5)), max(max(mf, m3), min(pe, p7)))
    return min(min(first, second), min(third, fourth))


@helper(force_inline=True)
def contrast_of(value, ring):
    """Return by how much nine pixels in a row of the circle are brighter, or darker, than a value; or 0.

    Differences of bytes stay bytes.
    """
    number = type(value)
    brighter = number(max(_arcs_above(ring), value) - value)
    darker = number(value - min(_arcs_below(ring), value))
    return max(brighter, darker)
