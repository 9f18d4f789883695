"""How a run of detection works: its model, what it looks at, and what it writes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cvkit import _validate
from cvkit.batch.video import ALL_FRAMES, Frames
from cvkit.detect import DEFAULT_MODEL
from cvkit.detect.results import FORMATS
from cvkit.detect.runs.finder import Finder
from cvkit.detect.runs.regions import EVERYWHERE, Regions
from cvkit.typing import ConfidenceKind, DetectionFormat

# A track begins with a detection whose odds are so many times those of the threshold, for a wrong one that
# lasts is worse than one that is gone in the next frame; others only go on with a track.
_TIMES_SURER = 4.0

CONFIDENCES = ("raw", "probability")
"""What the confidence of a detection is."""


@dataclass(frozen=True)
class Settings:
    """How a run detects and writes; the attributes are the parameters of :func:`cvkit.detect.run`.

    Raises
    ------
    TypeError or ValueError
        For one that is out of range; the message names it.
    """

    model: str = DEFAULT_MODEL
    threshold: float | None = None
    confidence: ConfidenceKind = "raw"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    regions: Regions = EVERYWHERE
    frames: Frames = ALL_FRAMES
    track: bool = False
    max_pixels: int | None = None
    format: DetectionFormat = "coco"
    save_images: bool = True
    on_gpu: bool = False

    def __post_init__(self) -> None:
        from cvkit.detect.loading import is_cascade_name, pretrained_names

        is_name = self.model in pretrained_names() or is_cascade_name(self.model)
        if not self._is_file and not is_name:
            known = ", ".join(pretrained_names())
            raise ValueError(
                f"model must be one of {known}, a haarcascade_... of OpenCV, "
                f"or a file that ends in .npz, .xml, .yml or .yaml, got {self.model!r}"
            )
        _validate.one_of(self.confidence, CONFIDENCES, "confidence")
        _validate.one_of(self.format, FORMATS, "format")
        if self.max_pixels is not None:
            _validate.integer(self.max_pixels, "max_pixels", minimum=1)
        self.frames.check()

    @property
    def _is_file(self) -> bool:
        from cvkit.detect.loading import is_opencv_file

        return self.model.endswith(".npz") or is_opencv_file(self.model)

    def to_json(self) -> dict[str, Any]:
        """Give all that decides which boxes are found in an image the form it has in the manifest."""
        parameters = {**self._model_identity(), "confidence": self.confidence, "upscale": "automatic"}
        parameters |= self.overrides
        if self.regions != EVERYWHERE:
            parameters["regions"] = self.regions.to_json()
        if self.threshold is not None:
            parameters["threshold"] = self.threshold
        return {"name": "detect", "parameters": parameters}

    def frames_to_json(self) -> dict[str, Any]:
        """Give what beyond that decides which boxes are found in a video its form in the manifest."""
        return {**self.frames._asdict(), **({"track": True} if self.track else {})}

    def _model_identity(self) -> dict[str, Any]:
        """Tell a model from others; a file may be trained again under the same name."""
        if not self._is_file:
            return {"model": self.model}
        content = hashlib.sha256(Path(self.model).read_bytes()).hexdigest()
        return {"model": Path(self.model).name, "sha256": content}

    def open_finder(self) -> Finder:
        """Return what finds objects in images, with the wanted confidence.

        Raises
        ------
        OSError, TypeError or ValueError
            If the model cannot be read, or has not what is asked for.
        """
        from cvkit.detect import load, pretrained

        overrides = dict(self.overrides)
        is_raw = self.confidence == "raw"
        if is_raw and self.threshold is not None:
            overrides["threshold"] = self.threshold
        detector = load(self.model, **overrides) if self._is_file else pretrained(self.model, **overrides)
        if not is_raw:
            if self.threshold is not None:
                detector.threshold = detector.confidence_of(self.threshold)
            detector.probability(0.0)  # says at once where a model is not calibrated
        start_confidence = None
        if self.track and detector.calibration is not None:
            least = detector.threshold + math.log(_TIMES_SURER) / -detector.calibration[0]
            start_confidence = least if is_raw else float(detector.probability(least))
        return Finder(
            detector,
            self.regions,
            is_raw=is_raw,
            start_confidence=start_confidence,
            is_enlarging="upscale" not in overrides,
            on_gpu=self.on_gpu,
        )
