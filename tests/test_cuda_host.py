"""The host side of CUDA, with a driver that only takes notes: streams, GPUs, grids, copies."""

from __future__ import annotations

import ctypes
import math
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

import cvkit
from cvkit._dispatch import as_device_array
from cvkit._jit_cuda import cuda_kernel, launch_shape, on_gpu_of, reshaped, temporary
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


class OfDLPack:
    """An array that only has DLPack; the stub's memory of a GPU is NumPy's to read."""

    def __init__(self, array: Any, gpu: int = 0, columns: slice = slice(None)) -> None:
        self.owner = array
        self.gpu = gpu
        self.columns = columns
        self.streams: list[Any] = []
        self.exports: list[weakref.ref[np.ndarray]] = []

    def __dlpack_device__(self) -> tuple[int, int]:
        return 2, self.gpu

    def __dlpack__(self, *, stream: Any) -> Any:
        self.streams.append(stream)
        memory = (ctypes.c_uint8 * self.owner.nbytes).from_address(pointer_of(self.owner))
        exported = np.ndarray(self.owner.shape, self.owner.dtype, memory)[:, self.columns]
        self.exports.append(weakref.ref(exported))
        capsule = exported.__dlpack__()
        read_pointer = ctypes.pythonapi.PyCapsule_GetPointer
        read_pointer.restype = ctypes.c_void_p
        tensor = read_pointer(ctypes.py_object(capsule), b"dltensor")
        (ctypes.c_int32 * 2).from_address(tensor + 8)[:] = self.__dlpack_device__()
        return capsule


def pointer_of(array: Any) -> int:
    return int(array.__cuda_array_interface__["data"][0])


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
    planes = cvkit.to_device(np.zeros((2, 3, 8, 8), np.float32)).bind(cuda.external_stream(STREAM))
    take_calls()
    result = cvkit.layers.max_pool2d_backward(cvkit.layers.max_pool2d(planes, 2), planes, 2)
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


def copy_tables_once_and_allocate_results_only() -> None:
    color, image = cvkit.to_device(IMAGE), cvkit.to_device(IMAGE[..., 0].copy())
    for call in (
        lambda: cvkit.rgb_to_luv(color),
        lambda: cvkit.rgb_to_lab(color),
        lambda: cvkit.box_filter(image, 5),
        lambda: cvkit.gaussian_blur(image, 1.2),
        lambda: cvkit.sobel(image, 1, 0),
        lambda: cvkit.canny(image, 50, 150),
        lambda: cvkit.resize(image, (24, 32)),
    ):
        call()
        take_calls()
        call()
        kinds = [called.kind for called in take_calls()]
        assert "to device" not in kinds
        assert kinds.count("allocation") == 1


def lend_memory_in_the_order_of_a_stream() -> None:
    from numba import cuda

    def lent(array: Any, shape: Any = (100, 7)) -> int:
        with on_gpu_of(array):
            return pointer_of(temporary(shape, np.float32, array))

    array = cvkit.to_device(IMAGE)
    on_stream = array.bind(cuda.external_stream(STREAM))
    with cuda.gpus[1]:
        elsewhere = cvkit.to_device(IMAGE)
    first = lent(array)
    assert lent(array) == first
    assert lent(array, (700,)) == first
    assert len({first, lent(on_stream), lent(elsewhere), lent(array, (1000, 7))}) == 4
    held = temporary((100, 7), np.float32, array)
    view = reshaped(held, (700,))
    assert pointer_of(held) == first
    del held
    assert lent(array) != first
    del view
    assert first in {lent(array), pointer_of(temporary((100, 7), np.float32, array))}
    # Of what a caller keeps nothing is known: it is never lent.
    take_calls()
    results = [cvkit.rgb_to_bgr(array) for _ in range(2)]
    assert [call.kind for call in take_calls()].count("allocation") == 2
    assert pointer_of(results[0]) != pointer_of(results[1])


def give_memory_back_where_there_is_none_left() -> None:
    array = cvkit.to_device(IMAGE)
    with_edges = cvkit.canny(array, 50, 150)  # leaves memory of temporaries behind
    take_calls()
    left = cuda_driver.stubs(ctypes.c_int, "allocations_left")
    left.value = 0
    assert cvkit.rgb_to_bgr(array).shape == IMAGE.shape
    assert left.value > 0  # what Canny left behind, less the result
    left.value = 0
    with pytest.raises(Exception, match="OUT_OF_MEMORY"):
        results = [cvkit.rgb_to_bgr(array) for _ in range(100)]
        del results
    left.value = -1
    assert cvkit.canny(array, 50, 150).shape == with_edges.shape


class _Numbers(NamedTuple):
    table: Any
    factor: np.float32
    is_on: bool


@cuda_kernel
def _take_many(array: Any, numbers: Any, small: Any, large: Any, real: Any, pair: Any) -> None:
    array[0, 0] = numbers.table[0] + numbers.factor + numbers.is_on + small + large + real + pair[1]


def repeat_launches_with_the_arguments_of_numba() -> None:
    sizes = [8] * 9 + [8] * 7 + [4, 1, 2, 8, 8, 8, 4]
    cuda_driver.stubs(ctypes.c_int, "argument_count").value = len(sizes)
    arguments = cuda_driver.stubs(ctypes.c_uint64 * 64, "arguments_of_launch")

    def passed(number: int) -> list[int]:
        table = np.arange(5, dtype=np.float32)
        numbers = _Numbers(table, np.float32(0.1 * number), number == 1)
        pair = (7, np.int32(-number))
        _take_many[3, 5](array, numbers, np.int16(-3 * number), 1 << 40, 0.3 * number, pair)
        return [word & (1 << 8 * size) - 1 for word, size in zip(arguments, sizes, strict=False)]

    array = cvkit.to_device(np.zeros((3, 5), np.float64))
    by_numba = {}
    for number in (1, 2):
        _take_many._repeaters.clear()
        by_numba[number] = passed(number)
    assert by_numba[1] != by_numba[2]
    assert len(_take_many._repeaters) == 1
    assert {number: passed(number) for number in (1, 2)} == by_numba
    # What only Numba knows how to pass stays with it.
    with_gaps = array[:, ::2]
    assert (with_gaps.shape, with_gaps.is_c_contiguous()) == ((3, 3), False)
    take_calls()
    _take_many[3, 3](with_gaps, _Numbers(np.ones(1, np.float32), np.float32(1), True), *range(3), (1, 2))
    assert [call.kind for call in take_calls()].count("launch") == 1


def copy_without_a_kernel() -> None:
    image = cvkit.to_device(IMAGE)
    take_calls()
    cvkit.median_blur(image, 1)
    assert "on device" in [call.kind for call in take_calls()]
    cvkit.rgb_to_bgr(image.reshape(1, *IMAGE.shape))
    take_calls()
    cvkit.rgb_to_bgr(OfAnotherLibrary(image, None, shape=(1, *IMAGE.shape), strides=(0, 192, 3, 1)))
    assert [call.kind for call in take_calls()].count("allocation") == 1


def read_dlpack_in_place() -> None:
    from numba import cuda

    numbers = np.arange(IMAGE.size, dtype=np.uint8).reshape(IMAGE.shape)
    for gpu in (0, 1):
        with cuda.gpus[gpu]:
            array = OfDLPack(cvkit.to_device(numbers), gpu)
        assert cvkit.to_device(array) is array
        np.testing.assert_array_equal(cvkit.to_host(array), numbers)
        take_calls()
        result = cvkit.rgb_to_bgr(array)
        kinds = [(call.kind, call.stream, call.gpu) for call in take_calls()]
        assert sorted(kinds) == [("allocation", 0, gpu), ("launch", 0, gpu)]
        assert isinstance(result, cuda.devicearray.DeviceNDArray)
        assert (result.shape, result.dtype) == (numbers.shape, numbers.dtype)
        assert set(array.streams) == {1}
    with_gaps = OfDLPack(cvkit.to_device(numbers), columns=slice(None, None, 2))
    view = as_device_array(with_gaps)
    assert (view.shape, view.is_c_contiguous()) == ((48, 32, 3), True)
    assert "launch" in [call.kind for call in take_calls()]


def keep_the_memory_of_dlpack_while_it_is_used() -> None:
    array = OfDLPack(cvkit.to_device(IMAGE))
    view = as_device_array(array)
    assert pointer_of(view) == pointer_of(array.owner)
    has_ended = cuda_driver.stubs(ctypes.c_int, "all_work_has_ended")
    has_ended.value = 0
    del view
    as_device_array(array)
    assert [export() is not None for export in array.exports] == [True, True]
    has_ended.value = 1
    as_device_array(array)
    assert [export() is not None for export in array.exports] == [False, False, True]


def refuse_what_dlpack_cannot_do() -> None:
    image = cvkit.to_device(IMAGE)
    with pytest.raises(TypeError, match="out must have __cuda_array_interface__"):
        cvkit.rgb_to_bgr(image, out=OfDLPack(cvkit.to_device(IMAGE)))
    with pytest.raises(TypeError, match="dtype uint8, uint16, float32, float64, got int8"):
        cvkit.rgb_to_bgr(OfDLPack(cvkit.to_device(IMAGE.view(np.int8))))


PROGRAMS = [
    keep_streams,
    ask_torch_for_its_stream,
    run_where_the_array_lives,
    cover_large_stacks,
    copy_tables_once_and_allocate_results_only,
    lend_memory_in_the_order_of_a_stream,
    give_memory_back_where_there_is_none_left,
    repeat_launches_with_the_arguments_of_numba,
    copy_without_a_kernel,
    read_dlpack_in_place,
    keep_the_memory_of_dlpack_while_it_is_used,
    refuse_what_dlpack_cannot_do,
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
