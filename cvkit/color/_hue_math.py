"""Scalar maths of HSV and HLS for both targets, in the order of OpenCV's vectors: bytes depend on it."""

import numpy as np

from cvkit._jit import exact_helper
from cvkit._simd.numbers import multiply_add, nearest, product

_EPSILON = np.float32(np.finfo(np.float32).eps)
_BITS = np.int32(12)
_HALF = np.int32(1 << 11)
# 255 with 12 bits of fraction.
_FULL_SATURATION = np.float32(255 << 12)
_ZERO, _HALF_LIGHT, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_SIX, _SIXTH = np.float32(6), np.float32(1 / 6)
_SECTOR, _TURN = np.float32(60), np.float32(360)


@exact_helper
def hsv_of_bytes(red, green, blue, turn, step):
    """Convert int32 from 0 to 255; ``turn`` is the hue of a full turn, ``step`` a sixth of it with 12 bits.

    Quotients are rounded to 12 bits of fraction before they are multiplied, as in OpenCV's tables.
    """
    number = np.int32
    value = max(red, max(green, blue))
    range_ = number(value - min(red, min(green, blue)))
    saturation_scale = nearest(_FULL_SATURATION / np.float32(max(value, number(1))))
    hue_scale = nearest(step / np.float32(number(number(6) * max(range_, number(1)))))
    from_red, from_green = number(green - blue), number(number(blue - red) + number(number(2) * range_))
    from_blue = number(number(red - green) + number(number(4) * range_))
    ahead = from_red if value == red else (from_green if value == green else from_blue)
    saturation = number(number(number(range_ * saturation_scale) + _HALF) >> _BITS)
    hue = number(number(number(ahead * hue_scale) + _HALF) >> _BITS)
    hue = number(hue + turn) if hue < number(0) else hue
    return hue, saturation, value


@exact_helper
def extremes(red, green, blue):
    """Return the largest and the smallest of three numbers."""
    high = red if red > green else green
    low = red if red < green else green
    return (high if high > blue else blue), (low if low < blue else blue)


@exact_helper
def _extremes_or_nan(red, green, blue):
    """Return the largest and the smallest of three numbers, both NaN if one of them is."""
    high, low = extremes(red, green, blue)
    total = red + green + blue
    has_nan = total != total
    return (total if has_nan else high), (total if has_nan else low)


@exact_helper
def _hue(red, green, blue, high, inverse_range):
    """Return the hue in degrees; ``inverse_range`` is 60 divided by how far the channels are apart."""
    is_red, is_green = red == high, green == high
    ahead = green - blue if is_red else (blue - red if is_green else red - green)
    start = (
        (_TURN if green < blue else _ZERO) if is_red else (np.float32(120) if is_green else np.float32(240))
    )
    return multiply_add(ahead, inverse_range, start)


@exact_helper
def hsv_of_floats(red, green, blue):
    """Convert float32; the hue is in degrees."""
    high, low = _extremes_or_nan(red, green, blue)
    range_ = high - low
    saturation = range_ / (abs(high) + _EPSILON)
    return _hue(red, green, blue, high, _SECTOR / (range_ + _EPSILON)), saturation, high


@exact_helper
def hls_of_floats(red, green, blue):
    """Convert float32; the hue is in degrees."""
    return hls(red, green, blue, _extremes_or_nan(red, green, blue))


@exact_helper
def hls(red, green, blue, high_and_low):
    """Convert float32, of which the largest and the smallest are known; the hue is in degrees."""
    high, low = high_and_low
    range_, total = high - low, high + low
    lightness = total * _HALF_LIGHT
    saturation = range_ / (total if lightness < _HALF_LIGHT else _TWO - total)
    hue = _hue(red, green, blue, high, _SECTOR / range_)
    is_gray = range_ <= _EPSILON
    return (_ZERO if is_gray else hue), lightness, (_ZERO if is_gray else saturation)


@exact_helper
def _floor(value):
    whole = np.float32(np.int32(value))
    return whole - _ONE if whole > value else whole


@exact_helper
def _sector(hue):
    """Take a hue in sixths of a turn apart: how many whole ones from 0 to 5, and the rest."""
    whole = _floor(hue)
    return whole - _SIX * _floor(whole * _SIXTH), hue - whole


@exact_helper
def _of_sector(sector, of_zero, of_one, of_two, of_three, of_four, of_five):
    early = of_zero if sector < np.float32(0.5) else (of_one if sector < np.float32(1.5) else of_two)
    late = of_three if sector < np.float32(3.5) else (of_four if sector < np.float32(4.5) else of_five)
    return early if sector < np.float32(2.5) else late


@exact_helper
def _spread(sector, main, low, falling, rising):
    """Give red, green and blue what they are in a sector: the first is red and has the most in 0 and 5."""
    return (
        _of_sector(sector, main, falling, low, low, rising, main),
        _of_sector(sector, rising, main, main, falling, low, low),
        _of_sector(sector, low, low, rising, main, main, falling),
    )


@exact_helper
def _fraction(value):
    """Clip to 0 and 1; NaN stays."""
    value = _ONE if value > _ONE else value
    return _ZERO if value < _ZERO else value


@exact_helper
def _share(value, saturation, way):
    return product(value, multiply_add(-saturation, way, _ONE))


@exact_helper
def rgb_of_hsv(hue, saturation, value):
    """Convert float32; the hue is in sixths of a turn, from 0 to 6.

    A channel falls from the value as its hue, at 0, 2 or 4, gets further than one away.
    """
    three, five = np.float32(3), np.float32(5)
    of_red = hue - _ONE if hue - _ONE < five - hue else five - hue
    of_green = _ONE - hue if _ONE - hue > hue - three else hue - three
    of_blue = three - hue if three - hue > hue - five else hue - five
    return (
        _share(value, saturation, _fraction(of_red)),
        _share(value, saturation, _fraction(of_green)),
        _share(value, saturation, _fraction(of_blue)),
    )


@exact_helper
def within_turn(hue):
    """Bring a hue in sixths of a turn to what is left of full turns."""
    return hue - product(_SIX, _floor(product(hue, _SIXTH)))


@exact_helper
def rgb_of_hls(hue, lightness, saturation):
    """Convert float32; the hue is in sixths of a turn."""
    sector, rest = _sector(hue)
    half_range = product(lightness, saturation)
    half_range = half_range if lightness <= _HALF_LIGHT else saturation - half_range
    main, low = lightness + half_range, lightness - half_range
    falling = multiply_add(-half_range, rest + rest, main)
    return _spread(sector, main, low, falling, multiply_add(half_range, rest + rest, low))
