"""One operation over many pictures: folders, lists, clusters, with a record of what is done."""

from __future__ import annotations

import importlib
from typing import Any

# Public name -> the module that defines it.
_NAMES = {
    "Cluster": "cvkit.batch.cluster",
    "Entry": "cvkit.batch.manifest",
    "Frames": "cvkit.batch.video",
    "Local": "cvkit.batch.executors",
    "Manifest": "cvkit.batch.manifest",
    "Pipeline": "cvkit.batch.pipeline",
    "Processes": "cvkit.batch.processes",
    "Summary": "cvkit.batch.runner",
    "image_operations": "cvkit.batch.operations",
    "read_manifest": "cvkit.batch.manifest",
    "read_pipeline": "cvkit.batch.pipeline",
    "run": "cvkit.batch.runner",
    "transform_video": "cvkit.batch.video",
    "write_report": "cvkit.batch.report",
}

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'cvkit.batch' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
