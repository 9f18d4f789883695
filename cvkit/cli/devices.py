"""The option ``--device`` of commands that compute."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from cvkit.cli.errors import WrongUsageError


class Device(str, Enum):
    """Where to work."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def choose_device(device: Device) -> tuple[Callable[[Any], Any], str]:
    """Return what takes an array to the device, and the device's name; wrong usage where it is missing."""
    from cvkit import get_num_threads, to_device
    from cvkit._jit import cuda, gpu_name

    has_cuda = device is not Device.cpu and cuda.is_available()
    if device is Device.cuda and not has_cuda:
        raise WrongUsageError("--device cuda: no CUDA device found (driver and extra 'cuda' installed?)")
    if not has_cuda:
        return lambda image: image, f"cpu, {get_num_threads()} threads"
    return to_device, f"cuda, {gpu_name()}"
