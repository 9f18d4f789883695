"""The host side of CUDA, with a driver that only takes notes: streams, GPUs, grids, copies."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit._jit_cuda import launch_shape
from tests import cuda_driver
from tests.cuda_driver import take_calls

STREAM = 0x123450
IMAGE = np.zeros((48, 64, 3), np.uint8)


class OfAnotherLibrary:
    """An array that only has the interface, on a stream of its library."""

    def __init__(self, array: Any, stream: int | None, **interface: Any) -> None:
        self.owner = array
        self.__cuda_array_interface__ = {
            **array.__cuda_array_interface__,
            "version": 3,
            "stream": stream,
            **interface,
        }


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver")
    cuda_driver.build(folder)
    return folder


def streams_of_launches() -> list[int]:
    return [call.stream for call in take_calls() if call.kind == "launch"]


def keep_streams() -> None:
    from numba import cuda

    array = cvkit.to_device(IMAGE)
    bound = array.bind(cuda.external_stream(STREAM))
    wide = cvkit.to_device(np.zeros((48, 128, 3), np.uint8))
    on_stream = OfAnotherLibrary(array, STREAM)
    with_gaps = OfAnotherLibrary(wide, STREAM, shape=IMAGE.shape, strides=(384, 6, 1))
    for image in (bound, on_stream, with_gaps):
        for call in (
            cvkit.rgb_to_bgr,
            lambda image: cvkit.gaussian_blur(image, 1.2),
            lambda image: cvkit.canny(image, 50, 150),
            cvkit.hog,
            cvkit.channel_features,
            lambda image: cvkit.resize(image, (24, 32)),
            lambda image: cvkit.warp_affine(image, np.eye(2, 3), (24, 32)),
        ):
            take_calls()
            result = call(image)
            assert set(streams_of_launches()) == {STREAM}
            assert int(result.stream) == STREAM
    take_calls()
    cvkit.to_host(bound)
    assert [(call.kind, call.stream) for call in take_calls()][-2:] == [
        ("to host", STREAM),
        ("synchronization", STREAM),
    ]


def ask_torch_for_its_stream() -> None:
    import sys

    torch: Any = SimpleNamespace()
    torch.cuda = SimpleNamespace(current_stream=lambda device: SimpleNamespace(cuda_stream=STREAM))
    torch.as_tensor = lambda array, device: array
    sys.modules["torch"] = torch
    tensor = type("Tensor", (OfAnotherLibrary,), {"__module__": "torch", "device": "cuda:0"})
    image = tensor(cvkit.to_device(IMAGE), None)
    del image.__cuda_array_interface__["stream"]
    take_calls()
    cvkit.rgb_to_bgr(image)
    assert streams_of_launches() == [STREAM]


def run_where_the_array_lives() -> None:
    from numba import cuda

    with cuda.gpus[1]:
        image = cvkit.to_device(IMAGE)
    weights = np.eye(3)
    for call in (cvkit.rgb_to_bgr, lambda image: cvkit.filter2d(image, weights), cvkit.hog, cvkit.to_host):
        take_calls()
        call(image)
        assert {call.gpu for call in take_calls()} == {1}
        call(cvkit.to_device(IMAGE))
        assert {call.gpu for call in take_calls()} == {0}


def cover_large_stacks() -> None:
    from numba import cuda

    cvkit.rgb_to_gray(cuda.device_array((70_000, 8, 8, 3), np.uint8))
    cvkit.rgb_to_gray(cuda.device_array((600_000, 8, 3), np.uint8))
    cvkit.hog(cuda.device_array((10_000, 32, 16, 1), np.uint8))
    cvkit.channel_features(cuda.device_array((7_000, 16, 16, 3), np.uint8))
    from cvkit.ml._cuda import centering

    samples = cuda.device_array((600_000, 2), np.float32)
    centering.subtract(samples, np.zeros(2, np.float32), cuda.device_array((600_000, 2), np.float32))


def copy_tables_once() -> None:
    image = cvkit.to_device(IMAGE[..., 0].copy())
    for call in (
        lambda: cvkit.box_filter(image, 5),
        lambda: cvkit.gaussian_blur(image, 1.2),
        lambda: cvkit.sobel(image, 1, 0),
        lambda: cvkit.canny(image, 50, 150),
        lambda: cvkit.resize(image, (24, 32)),
    ):
        call()
        take_calls()
        call()
        assert "to device" not in [called.kind for called in take_calls()]


def copy_without_a_kernel() -> None:
    image = cvkit.to_device(IMAGE)
    take_calls()
    cvkit.median_blur(image, 1)
    assert "on device" in [call.kind for call in take_calls()]
    cvkit.rgb_to_bgr(image.reshape(1, *IMAGE.shape))
    take_calls()
    cvkit.rgb_to_bgr(OfAnotherLibrary(image, None, shape=(1, *IMAGE.shape), strides=(0, 192, 3, 1)))
    assert [call.kind for call in take_calls()].count("allocation") == 1


PROGRAMS = [
    keep_streams,
    ask_torch_for_its_stream,
    run_where_the_array_lives,
    cover_large_stacks,
    copy_tables_once,
    copy_without_a_kernel,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_with_the_stub_of_a_driver(program: Any, driver: Path, root: Path) -> None:
    cuda_driver.run(f"{__name__}:{program.__name__}", driver, root)


@pytest.mark.parametrize(
    ("extent", "block"),
    [
        ((600_000,), (256,)),
        ((2, 600_000), (32, 8)),
        ((1_000, 16_000_000), (32, 8)),
        ((8, 8, 70_000), (32, 8, 1)),
        ((8, 600_000, 70_000), (32, 8, 1)),
        ((100, 100, 1), (64, 4, 1)),
    ],
)
def test_grids_are_legal_and_cover(extent: tuple[int, ...], block: tuple[int, ...]) -> None:
    grid, lengths = launch_shape(extent, block)
    assert math.prod(lengths) == math.prod(block)
    for size, count, length in zip(extent, grid, lengths, strict=True):
        assert count == -(-size // length)
    assert all(count <= 65_535 for count in grid[1:])
    assert len(lengths) < 3 or lengths[2] <= 64


def test_what_no_grid_covers_is_refused() -> None:
    with pytest.raises(ValueError, match="covered by one launch"):
        launch_shape((1, 1, 70_000), (64, 1, 1), is_block_fixed=True)
    assert launch_shape((64, 3, 5), (64, 1, 1), is_block_fixed=True) == ((1, 3, 5), (64, 1, 1))
