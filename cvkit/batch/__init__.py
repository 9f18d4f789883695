"""One operation over many images: folders, lists, clusters, with a record of what is done."""

from __future__ import annotations

from cvkit._lazy import lazy_names

# Public name -> the module that defines it.
_NAMES = {
    "Cluster": "cvkit.batch.executors.cluster",
    "Entry": "cvkit.batch.record.manifest",
    "Frames": "cvkit.batch.video",
    "Local": "cvkit.batch.executors.local",
    "Manifest": "cvkit.batch.record.manifest",
    "Pipeline": "cvkit.batch.pipeline",
    "Processes": "cvkit.batch.executors.processes",
    "Summary": "cvkit.batch.runner",
    "image_operations": "cvkit.batch.operations",
    "read_manifest": "cvkit.batch.record.manifest",
    "read_pipeline": "cvkit.batch.pipeline",
    "run": "cvkit.batch.runner",
    "transform_video": "cvkit.batch.video",
    "write_report": "cvkit.batch.report.page",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
