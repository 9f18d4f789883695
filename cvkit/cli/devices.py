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
    from cvkit._jit_cuda import gpu_name, has_cuda

    is_on_gpu = device is not Device.cpu and has_cuda()
    if device is Device.cuda and not is_on_gpu:
        raise WrongUsageError("--device cuda: no CUDA device found (driver and extra 'cuda' installed?)")
    if not is_on_gpu:
        return False, f"cpu, {get_num_threads()} threads"
    return True, f"cuda, {gpu_name()}"
