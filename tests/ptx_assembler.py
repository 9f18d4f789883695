"""What the assembler of CUDA makes of PTX: registers, and what does not fit into them. It needs no GPU."""

from __future__ import annotations

import re
from typing import NamedTuple


class Resources(NamedTuple):
    """What a thread of a kernel takes.

    Attributes
    ----------
    registers : int
        Of 32 bits.
    local_bytes : int
        Memory of its own, hundreds of cycles away: arrays that are indexed.
    spilled_bytes : int
        Values that found no register, stored and loaded.
    """

    registers: int
    local_bytes: int
    spilled_bytes: int


def assembled(ptx: str, capability: tuple[int, int]) -> Resources:
    """Assemble PTX for GPUs of a compute capability."""
    from cuda.bindings import nvjitlink

    options = [f"-arch=sm_{capability[0]}{capability[1]}", "-verbose", "-Xptxas=-v"]
    linker = nvjitlink.create(len(options), options)
    try:
        data = ptx.encode() + b"\0"
        nvjitlink.add_data(linker, nvjitlink.InputType.PTX, data, len(data), "kernel")
        nvjitlink.complete(linker)
        log = bytearray(nvjitlink.get_info_log_size(linker))
        nvjitlink.get_info_log(linker, log)
    finally:
        nvjitlink.destroy(linker)
    report = log.decode()
    # Of functions that kernels call, there may be several: the kernel's registers are those of all.
    registers = map(int, re.findall(r"Used (\d+) registers", report))
    local = map(int, re.findall(r"(\d+) bytes stack frame", report))
    spilled = map(int, re.findall(r"(\d+) bytes spill (?:stores|loads)", report))
    return Resources(max(registers), max(local), sum(spilled))
