"""Calls of every layer, with the arrays they take: what runs on both targets, and without the compiler.

``python -m tests.layer_calls OUTPUT.npz`` runs them in a process of its own, because Numba reads
NUMBA_DISABLE_JIT and NUMBA_ENABLE_CUDASIM when it is imported, and saves the results.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

import cvkit
from cvkit import layers


def planes(*shape: int, seed: int = 0, dtype: Any = np.float32) -> np.ndarray:
    """Draw values, of which no two are equal."""
    generator = np.random.default_rng(seed)
    count = math.prod(shape)
    return (generator.permutation(count) / count - 0.4).reshape(shape).astype(dtype)


class Call(NamedTuple):
    """What is called, and the shapes of the arrays that it takes."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    options: dict[str, Any]

    def arrays(self) -> list[np.ndarray]:
        return [planes(*shape, seed=seed) for seed, shape in enumerate(self.shapes)]

    def __call__(self, place: Callable[[np.ndarray], Any]) -> list[Any]:
        """Call with arrays where ``place`` puts them, and list the results."""
        results = self.function(*map(place, self.arrays()), **self.options)
        return [*results] if isinstance(results, tuple) else [results]


# Item, left, top, right and bottom: within planes, across their edges, beyond them, and a point.
BOXES = np.array(
    [[0, 1, 2, 7, 6], [1, -3.3, 4.2, 5.5, 20], [1, 12, 30, 40, 50], [0, 3.2, 1.5, 3.2, 1.5], [1, 0, 0, 10, 8]]
)
_IN_BOXES = {"boxes": BOXES, "spatial_scale": 0.75}
_BOXED = (2, 3, 9, 11)

_POOLED, _SAME = (2, 3, 9, 11), {"ksize": (3, 2), "stride": 2, "padding": "same"}
_AROUND = {"ksize": 3, "stride": (2, 1), "padding": 1}

_SHAPES, _GROUPS = ((2, 4, 7, 9), (6, 4, 3, 2), (6,)), ((2, 4, 8, 9), (6, 2, 3, 3))
_STRIDING = {"stride": (2, 1), "dilation": (1, 2)}

CALLS: dict[str, Call] = {
    "conv2d": Call(layers.conv2d, _SHAPES, {"method": "im2col"}),
    "conv2d direct": Call(layers.conv2d, _SHAPES, _STRIDING),
    "conv2d groups": Call(layers.conv2d, _GROUPS, {"groups": 2, "padding": "full", "method": "im2col"}),
    "conv2d pixels": Call(layers.conv2d, ((2, 4, 7, 9), (6, 2, 1, 1)), {"groups": 2, "method": "im2col"}),
    "conv2d pixels direct": Call(layers.conv2d, ((2, 4, 7, 9), (6, 4, 1, 1)), {}),
    "conv2d_backward": Call(layers.conv2d_backward, ((2, 6, 4, 9), *_SHAPES[:2]), _STRIDING),
    "conv2d_backward groups": Call(
        layers.conv2d_backward, ((2, 6, 6, 7), *_GROUPS), {"groups": 2, "padding": "valid"}
    ),
    "conv2d depthwise": Call(layers.conv2d, ((2, 4, 7, 9), (8, 1, 3, 3)), {"groups": 4}),
    "conv_transpose2d": Call(layers.conv_transpose2d, ((2, 4, 3, 5), (4, 3, 3, 2), (3,)), {"stride": 2}),
    "conv_transpose2d_backward": Call(
        layers.conv_transpose2d_backward, ((2, 3, 6, 10), (2, 4, 3, 5), (4, 3, 3, 2)), {"stride": 2}
    ),
    "max_pool2d": Call(layers.max_pool2d, (_POOLED,), _SAME),
    "max_pool2d dilated": Call(layers.max_pool2d, (_POOLED,), {"ksize": 2, "stride": 3, "dilation": (3, 2)}),
    "max_pool2d_backward": Call(layers.max_pool2d_backward, ((2, 3, 5, 11), _POOLED), _AROUND),
    "avg_pool2d": Call(layers.avg_pool2d, (_POOLED,), _SAME),
    "avg_pool2d around": Call(layers.avg_pool2d, (_POOLED,), _AROUND),
    "avg_pool2d_backward": Call(
        layers.avg_pool2d_backward, ((2, 3, 5, 6),), {**_SAME, "input_shape": _POOLED}
    ),
    "avg_pool2d_backward around": Call(
        layers.avg_pool2d_backward, ((2, 3, 5, 11),), {**_AROUND, "input_shape": _POOLED}
    ),
    "global_pool": Call(layers.global_pool, (_POOLED,), {}),
    "global_pool max": Call(layers.global_pool, (_POOLED,), {"method": "max"}),
    "global_pool_backward": Call(layers.global_pool_backward, ((2, 3), _POOLED), {}),
    "roi_pool": Call(layers.roi_pool, (_BOXED,), {**_IN_BOXES, "output_shape": (3, 2)}),
    "roi_pool_backward": Call(layers.roi_pool_backward, ((5, 3, 3, 2), _BOXED), _IN_BOXES),
    "roi_align": Call(layers.roi_align, (_BOXED,), {**_IN_BOXES, "output_shape": (3, 2)}),
    "roi_align_backward": Call(
        layers.roi_align_backward, ((5, 3, 3, 2),), {**_IN_BOXES, "input_shape": _BOXED, "aligned": True}
    ),
    "global_pool_backward max": Call(layers.global_pool_backward, ((2, 3), _POOLED), {"method": "max"}),
}


def main() -> None:
    """Run all calls: on CUDA in the simulator, else on the CPU."""
    place = cvkit.to_device if numba.config.ENABLE_CUDASIM else np.asarray
    results = {name: [cvkit.to_host(result) for result in call(place)] for name, call in CALLS.items()}
    np.savez(
        sys.argv[1],
        **{f"{name} {part}": result for name, parts in results.items() for part, result in enumerate(parts)},
    )


if __name__ == "__main__":
    main()
