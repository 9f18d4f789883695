"""Windows of a cascade side by side: each instruction works on LANES neighboring ones.

The plain Python meaning is given first, as in :mod:`cvkit._simd.numbers`. Arrays are flat, places ``uintp``.
"""

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 16
"""How many windows are looked at together."""

_INT, _REAL, _WIDE, _BIT = ir.IntType(32), ir.FloatType(), ir.DoubleType(), ir.IntType(1)


def _lanes(kind):
    return ir.VectorType(kind, LANES)


class _Code:
    """Writes the instructions of one intrinsic; its values are vectors of LANES numbers."""

    def __init__(self, context, builder, signature):
        self._context, self.builder, self._types = context, builder, signature.args

    def _item(self, arguments, which, place):
        array = self._context.make_array(self._types[which])(self._context, self.builder, arguments[which])
        return self.builder.gep(array.data, [place])

    def number(self, arguments, which, place, step=0):
        """Read one number of an array."""
        place = self.builder.add(place, ir.Constant(place.type, step))
        return self.builder.load(self._item(arguments, which, place))

    def _at(self, arguments, which, place):
        item = self._item(arguments, which, place)
        return self.builder.bitcast(item, _lanes(item.type.pointee).as_pointer())

    def load(self, arguments, which, place):
        """Read LANES neighboring numbers of an array."""
        loaded = self.builder.load(self._at(arguments, which, place))
        loaded.align = 4
        return loaded

    def store(self, lanes, arguments, which):
        """Write LANES numbers to the begin of an array."""
        place = ir.Constant(ir.IntType(64), 0)
        self.builder.store(lanes, self._at(arguments, which, place)).align = 4

    def first(self, arguments, which):
        """Read the first LANES numbers of an array."""
        return self.load(arguments, which, ir.Constant(ir.IntType(64), 0))

    def spread(self, number):
        """Give every lane one number."""
        undefined = ir.Constant(_lanes(number.type), ir.Undefined)
        lane = self.builder.insert_element(undefined, number, ir.Constant(_INT, 0))
        return self.builder.shuffle_vector(lane, undefined, ir.Constant(_lanes(_INT), [0] * LANES))

    def rectangle(self, arguments, start, offset):
        """Sum over the rectangle whose corners' offsets from the windows stand at ``offset``."""
        add, subtract = self.builder.add, self.builder.sub
        corners = [
            self.load(arguments, 0, add(start, self.number(arguments, 2, offset, corner)))
            for corner in range(4)
        ]
        return add(subtract(subtract(corners[0], corners[1]), corners[2]), corners[3])

    def bits(self, decisions):
        """Put decisions into the bits of a number, that of the first lane lowest."""
        packed = self.builder.bitcast(decisions, ir.IntType(LANES))
        return self.builder.zext(packed, _INT) if LANES < 32 else packed


def _rectangle_plain(sums, start, offsets, place):
    corners = [sums[start + offsets[place + corner] :][:LANES] for corner in range(4)]
    return corners[0] - corners[1] - corners[2] + corners[3]


def _norms_plain(sums, start, offsets, area, factors):
    total = _rectangle_plain(sums, start, offsets, 0).astype(np.float64)
    squares = _rectangle_plain(sums, start, offsets, 4).view(np.uint32).astype(np.float64)
    variance = area * squares - total * total
    with np.errstate(divide="ignore", invalid="ignore"):
        factors[:] = np.where(variance > 0, 1 / np.sqrt(variance), 1).astype(np.float32)
    good = (variance > 0) & (area * factors.astype(np.float64) < 0.1)
    return sum(1 << lane for lane in range(LANES) if good[lane])


@intrinsic
def _norms_vector(typing_context, sums, start, offsets, area, factors):
    def generate(context, builder, signature, arguments):
        code = _Code(context, builder, signature)
        _, start, _, area, _ = arguments
        wide = _lanes(_WIDE)
        total = builder.sitofp(code.rectangle(arguments, start, ir.Constant(start.type, 0)), wide)
        squares = builder.uitofp(code.rectangle(arguments, start, ir.Constant(start.type, 4)), wide)
        area, zero, one = (
            code.spread(area),
            ir.Constant(wide, [0.0] * LANES),
            ir.Constant(wide, [1.0] * LANES),
        )
        variance = builder.fsub(builder.fmul(area, squares), builder.fmul(total, total))
        is_positive = builder.fcmp_ordered(">", variance, zero)
        kind = ir.FunctionType(wide, [wide])
        root = builder.module.declare_intrinsic(f"llvm.sqrt.v{LANES}f64", (), kind)
        inverse = builder.fdiv(one, builder.call(root, [builder.select(is_positive, variance, one)]))
        factors = builder.fptrunc(inverse, _lanes(_REAL))
        code.store(factors, arguments, 4)
        spread = builder.fmul(area, builder.fpext(factors, wide))
        is_textured = builder.fcmp_ordered("<", spread, ir.Constant(wide, [0.1] * LANES))
        return code.bits(builder.and_(is_positive, is_textured))

    return types.uint32(sums, types.uintp, offsets, types.float64, factors), generate


norms = _norms_plain if numba.config.DISABLE_JIT else _norms_vector
"""Store what features of LANES windows are multiplied by; return the bits of windows that are no flat areas.

``norms(sums, start, offsets, area, factors)``: the offsets are those of the corners of the window without its
margin, of the sums and of the sums of squares.
"""


def _values_plain(sums, start, offsets, node, weights, factors):
    values = np.zeros(LANES, np.float32)
    for part in range(3):
        weight = weights[3 * node + part]
        if part < 2 or weight != 0:
            area = _rectangle_plain(sums, start, offsets, 12 * node + 4 * part)
            values = values + weight * area.astype(np.float32) if part else weight * area.astype(np.float32)
    return values * factors[:LANES]


def _values(code, builder, arguments, rectangles):
    """Compute a Haar-like feature of LANES windows, rounding as OpenCV does."""
    _, start, _, node, _, _ = arguments[:6]
    offset = builder.mul(node, ir.Constant(node.type, 12))
    weight = builder.mul(node, ir.Constant(node.type, 3))
    total = None
    for part in range(rectangles):
        place = builder.add(offset, ir.Constant(offset.type, 4 * part))
        area = builder.sitofp(code.rectangle(arguments, start, place), _lanes(_REAL))
        product = builder.fmul(code.spread(code.number(arguments, 4, weight, part)), area)
        total = product if total is None else builder.fadd(total, product)
    return builder.fmul(total, code.first(arguments, 5))


def _of_side(code, builder, arguments, rectangles):
    """Choose for LANES windows what a node has for those below its threshold, or for the others."""
    node = arguments[3]
    values = _values(code, builder, arguments, rectangles)
    is_left = builder.fcmp_ordered("<", values, code.spread(code.number(arguments, 6, node)))
    pair = builder.mul(node, ir.Constant(node.type, 2))
    left, right = (code.spread(code.number(arguments, 7, pair, side)) for side in (0, 1))
    return builder.select(is_left, left, right)


def _vote_plain(sums, start, offsets, node, weights, factors, thresholds, choices, totals):
    values = _values_plain(sums, start, offsets, node, weights, factors)
    totals[:LANES] += np.where(values < thresholds[node], choices[2 * node], choices[2 * node + 1])


def _vote_of(rectangles):
    @intrinsic
    def vote(typing_context, sums, start, offsets, node, weights, factors, thresholds, choices, totals):
        def generate(context, builder, signature, arguments):
            code = _Code(context, builder, signature)
            votes = builder.fpext(_of_side(code, builder, arguments, rectangles), _lanes(_WIDE))
            code.store(builder.fadd(code.first(arguments, 8), votes), arguments, 8)
            return context.get_dummy_value()

        place = types.uintp
        return types.void(
            sums, place, offsets, place, weights, factors, thresholds, choices, totals
        ), generate

    return vote


vote_of_two, vote_of_three = (
    (_vote_plain, _vote_plain) if numba.config.DISABLE_JIT else (_vote_of(2), _vote_of(3))
)
"""Add to the totals of LANES windows what a tree of one node gives them; its feature has 2 or 3 rectangles.

``vote(sums, start, offsets, node, weights, factors, thresholds, choices, totals)``
"""


def _narrow_plain(sums, start, offsets, node, weights, factors, thresholds, masks, reachable):
    values = _values_plain(sums, start, offsets, node, weights, factors)
    reachable[:LANES] &= np.where(values < thresholds[node], masks[2 * node], masks[2 * node + 1])


def _narrow_of(rectangles):
    @intrinsic
    def narrow(typing_context, sums, start, offsets, node, weights, factors, thresholds, masks, reachable):
        def generate(context, builder, signature, arguments):
            code = _Code(context, builder, signature)
            kept = _of_side(code, builder, arguments, rectangles)
            code.store(builder.and_(code.first(arguments, 8), kept), arguments, 8)
            return context.get_dummy_value()

        place = types.uintp
        return types.void(
            sums, place, offsets, place, weights, factors, thresholds, masks, reachable
        ), generate

    return narrow


narrow_of_two, narrow_of_three = (
    (_narrow_plain, _narrow_plain) if numba.config.DISABLE_JIT else (_narrow_of(2), _narrow_of(3))
)
"""Keep of the leaves that LANES windows can still reach those that a node leaves them, as ``vote`` does."""


def _give_leaf_plain(reachable, leaf, value, totals):
    chosen = (reachable[:LANES] >> leaf) & np.uint32(1) == 1
    totals[:LANES] += np.where(chosen, value, np.float32(0))


@intrinsic
def _give_leaf_vector(typing_context, reachable, leaf, value, totals):
    def generate(context, builder, signature, arguments):
        code = _Code(context, builder, signature)
        bit = builder.shl(ir.Constant(_INT, 1), arguments[1])
        nothing = ir.Constant(_lanes(_INT), [0] * LANES)
        chosen = builder.icmp_unsigned(
            "!=", builder.and_(code.first(arguments, 0), code.spread(bit)), nothing
        )
        zeros = ir.Constant(_lanes(_REAL), [0.0] * LANES)
        votes = builder.fpext(builder.select(chosen, code.spread(arguments[2]), zeros), _lanes(_WIDE))
        code.store(builder.fadd(code.first(arguments, 3), votes), arguments, 3)
        return context.get_dummy_value()

    return types.void(reachable, types.uint32, types.float32, totals), generate


give_leaf = _give_leaf_plain if numba.config.DISABLE_JIT else _give_leaf_vector
"""Add a leaf's value to the totals of those of LANES windows that reach it.

``give_leaf(reachable, leaf, value, totals)``
"""


def _passed_plain(totals, threshold):
    return sum(1 << lane for lane in range(LANES) if not totals[lane] < threshold)


@intrinsic
def _passed_vector(typing_context, totals, threshold):
    def generate(context, builder, signature, arguments):
        code = _Code(context, builder, signature)
        limit = code.spread(arguments[1])
        return code.bits(builder.fcmp_unordered(">=", code.first(arguments, 0), limit))

    return types.uint32(totals, types.float64), generate


passed = _passed_plain if numba.config.DISABLE_JIT else _passed_vector
"""Return the bits of the windows whose totals reach a threshold."""
