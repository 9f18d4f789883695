"""Sums of products of large templates with every window, by Fourier transforms of blocks of the image."""

from __future__ import annotations

import numpy as np
import scipy.fft

from cvkit._jit import get_num_threads
from cvkit.features._cpu.transforms import correlate_blocks

# Rows and columns of blocks that a kernel transforms, and the largest template for these.
_SIZES = (64, 128, 256)
_LARGEST_TAPS = 128
# The largest block for larger ones, which SciPy transforms, (rows, columns): its spectrum stays in the second
# cache. Yet larger templates may need a larger one.
_BLOCK = (256, 512)
# So many times the template a block may be.
_SHARE = 4
# Transforms of larger values would overflow all over a block.
_LARGEST = 1e12
# Products that are summed one by one in the time that a value takes to be transformed.
_PRODUCTS = 55
# Products of bytes.
PRODUCTS_OF_BYTES = 130


def is_faster(planes: tuple[int, ...], weights: tuple[int, ...], products: int = _PRODUCTS) -> bool:
    """Tell whether transforms take less time than sums; takes the shapes of what is correlated.

    ``products`` is how many are summed in the time that a value takes to be transformed.
    """
    kinds, channels, height, width = weights
    windows = planes[2] - height + 1, planes[3] - width + 1
    by_sums = kinds * channels * height * width * windows[0] * windows[1]
    return by_sums > products * (kinds + channels) * _cost(windows, (height, width))


def _are_small(planes: np.ndarray) -> bool:
    """Tell whether all values are numbers that are small enough; in no more time than two reads take."""
    return bool(planes.min() > -_LARGEST and planes.max() < _LARGEST)


def correlate(planes: np.ndarray, weights: np.ndarray, out: np.ndarray, are_bytes: bool = False) -> bool:
    """Sum products of every window with each of some weights, (planes, height, width), over all planes.

    Values that are no numbers would spread over a block: windows that hold one become NaN. Numbers that are
    too large to be transformed are not: then the result is False.
    """
    shape = weights.shape[2:]
    transform = _correlate_small if max(shape) <= _LARGEST_TAPS else _correlate_large
    if are_bytes or _are_small(planes):
        transform(planes, weights, out)
        return True
    sizes = np.abs(planes)
    if ((sizes >= _LARGEST) & (sizes < np.inf)).any():
        return False
    is_number = np.isfinite(planes).all(axis=1)
    transform(np.where(np.isfinite(planes), planes, 0), weights, out)
    out[np.broadcast_to(_holds_one(~is_number, shape)[:, np.newaxis], out.shape)] = np.nan
    return True


def _correlate_small(planes: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    (rows, high), (columns, wide) = map(_block, out.shape[2:], weights.shape[2:])
    factors = _factors_of(high), _factors_of(wide)
    correlate_blocks(planes, _spectra_of(weights, (high, wide)), factors, (rows, columns), out)


def _factors_of(size: int) -> np.ndarray:
    """List what steps of a transform multiply by, (size / 4, 6)."""
    powers = np.exp(-2j * np.pi * np.outer(np.arange(size // 4), [1, 2, 3]) / size)
    return np.stack([powers.real, powers.imag], axis=2).reshape(-1, 6).astype(np.float32)


def _spectra_of(weights: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Transform weights, (kinds, planes, height, width), to (2, kinds, planes, *shape[::-1])."""
    found = scipy.fft.fft2(weights.astype(np.float64), s=shape) / (shape[0] * shape[1])
    found = found[..., _order(shape[0]), :][..., _order(shape[1])].swapaxes(2, 3)
    return np.stack([found.real, found.imag]).astype(np.float32)


def _order(size: int) -> np.ndarray:
    if size < 4:
        return np.arange(size)
    return np.concatenate([4 * _order(size // 4) + part for part in range(4)])


def _correlate_large(planes: np.ndarray, weights: np.ndarray, out: np.ndarray) -> None:
    height, width = weights.shape[2:]
    sizes = [_size(*axis) for axis in zip(out.shape[2:], (height, width), _BLOCK, strict=True)]
    (rows, high), (columns, wide) = sizes
    shape, threads = (high, wide), get_num_threads()
    spectra = scipy.fft.rfft2(weights, s=shape, workers=threads).conj()
    for image, found in zip(planes, out, strict=True):
        for top in range(0, found.shape[1], rows):
            for left in range(0, found.shape[2], columns):
                block = image[:, top : top + high, left : left + wide]
                spectrum = scipy.fft.rfft2(block, s=shape, workers=threads)
                for kind, of_weights in enumerate(spectra):
                    product = spectrum * of_weights
                    product = product.sum(axis=0) if len(product) > 1 else product[0]
                    sums = scipy.fft.irfft2(product, s=shape, overwrite_x=True, workers=threads)
                    target = found[kind, top : top + rows, left : left + columns]
                    target[...] = sums[: target.shape[0], : target.shape[1]]


def _cost(windows: tuple[int, int], taps: tuple[int, int]) -> int:
    """Return how many values are transformed in all."""
    cost, is_small = 1, max(taps) <= _LARGEST_TAPS
    for count, length, largest in zip(windows, taps, _BLOCK, strict=True):
        step, size = _block(count, length) if is_small else _size(count, length, largest)
        cost *= -(-count // step) * size
    return cost


def _block(windows: int, taps: int) -> tuple[int, int]:
    """Return how many windows along an axis a block has that a kernel transforms, and how many values."""
    sizes = [size for size in _SIZES if size > taps]
    size = min(sizes, key=lambda size: -(-windows // (size - taps + 1)) * size)
    return size - taps + 1, size


def _size(windows: int, taps: int, largest: int) -> tuple[int, int]:
    """Return how many windows along an axis a block has, and how many values."""
    fewest = -(-windows // (max(largest, _SHARE * taps) - taps + 1))
    steps = {-(-windows // parts) for parts in range(fewest, 2 * fewest + 1)}
    sizes = {step: int(scipy.fft.next_fast_len(step + taps - 1, real=True)) for step in steps}
    step = min(sorted(steps), key=lambda step: -(-windows // step) * sizes[step])
    return step, sizes[step]


def _holds_one(marks: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Tell which windows hold a mark."""
    height, width = shape
    sums = np.pad(marks.astype(np.int64).cumsum(axis=1).cumsum(axis=2), ((0, 0), (1, 0), (1, 0)))
    down = sums[:, height:] - sums[:, :-height]
    inside: np.ndarray = down[:, :, width:] - down[:, :, :-width]
    return inside > 0
