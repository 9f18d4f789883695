"""The option ``--device`` of commands that compute."""

from __future__ import annotations

from enum import Enum

from cvkit.cli.errors import WrongUsageError


class Device(str, Enum):
    """Where to work."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


def choose_device(device: Device) -> tuple[bool, str]:
    """Return whether it is a GPU, and the device's name; wrong usage where it is missing."""
    from cvkit import get_num_threads
    from cvkit._jit import cuda, gpu_name

    has_cuda = device is not Device.cpu and cuda.is_available()
    if device is Device.cuda and not has_cuda:
        raise WrongUsageError("--device cuda: no CUDA device found (driver and extra 'cuda' installed?)")
    if not has_cuda:
        return False, f"cpu, {get_num_threads()} threads"
    return True, f"cuda, {gpu_name()}"
