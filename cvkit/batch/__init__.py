"""One operation over many pictures: folders, lists, clusters, with a record of what is done."""

from __future__ import annotations

from cvkit._lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
