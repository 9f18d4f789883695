"""Detection: boxes, their suppression and drawing, detectors and their evaluation."""

from __future__ import annotations

from cvkit._lazy import lazy_names

DEFAULT_MODEL = "person-acf"
"""The model that people are detected with where no other is asked for."""

# Public name -> the module that defines it.
_NAMES = {
    "CascadeDetector": "cvkit.detect.cascade_detector",
    "ChannelDetector": "cvkit.detect.channel_detector",
    "Detection": "cvkit.detect.detections",
    "Detections": "cvkit.detect.detections",
    "HOGDetector": "cvkit.detect.hog_detector",
    "TrackAccuracy": "cvkit.detect.track_evaluation",
    "Tracker": "cvkit.detect.tracking",
    "Trees": "cvkit.detect.channel_detector",
    "average_precision": "cvkit.detect.evaluation",
    "box_iou": "cvkit.detect.suppression",
    "detect_in_tiles": "cvkit.detect.tiled",
    "coco_average_precision": "cvkit.detect.coco_evaluation",
    "det_curve": "cvkit.detect.evaluation",
    "draw_detections": "cvkit.detect.draw",
    "evaluate": "cvkit.detect.evaluation",
    "load": "cvkit.detect.loading",
    "log_average_miss_rate": "cvkit.detect.evaluation",
    "nms": "cvkit.detect.suppression",
    "open_results": "cvkit.detect.results",
    "pretrained": "cvkit.detect.loading",
    "pretrained_names": "cvkit.detect.loading",
    "run": "cvkit.detect.runs.runner",
    "soft_nms": "cvkit.detect.suppression",
    "track_accuracy": "cvkit.detect.track_evaluation",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
