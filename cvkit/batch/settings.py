"""How a batch reads images and writes results: what all its files have in common but the operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cvkit import _validate
from cvkit.batch.pipeline import Pipeline
from cvkit.batch.video import ALL_FRAMES, Frames
from cvkit.io import SUFFIXES
from cvkit.typing import Conversion, ReadMode

MODES = ("keep", "rgb", "gray", "unchanged")
ARRAY_FORMATS = ("npy", "npz")
# Of measurements, one line for each region.
TABLE_FORMAT = "csv"
FORMATS = ("keep", *ARRAY_FORMATS, *sorted(suffix[1:] for suffix in SUFFIXES), TABLE_FORMAT)
CONVERSIONS = ("none", "saturate", "absolute")


@dataclass(frozen=True)
class Settings:
    """How a run reads and writes; the attributes are the parameters of :func:`cvkit.batch.run`.

    Raises
    ------
    TypeError or ValueError
        For one that is out of range; the message names it.
    """

    mode: ReadMode = "keep"
    format: str | None = None
    quality: int = 95
    convert: Conversion = "none"
    max_pixels: int | None = None
    frames: Frames = ALL_FRAMES
    on_gpu: bool = False
    at_least: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        _validate.one_of(self.mode, MODES, "mode")
        _validate.one_of(self.convert, CONVERSIONS, "convert")
        if self.format is not None:
            self._normalize("format", self.format.lower().lstrip("."))
            _validate.one_of(self.format, FORMATS, "format")
        if self.max_pixels is not None:
            _validate.integer(self.max_pixels, "max_pixels", minimum=1)
        if self.at_least is not None:
            self._normalize("at_least", _validate.output_shape(self.at_least, "at_least"))
        self.frames.check()
        self._normalize("quality", _validate.integer(self.quality, "quality", minimum=1, maximum=100))

    def _normalize(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def format_for(self, pipeline: Pipeline) -> str:
        """Choose the format of the results: the given one, else what suits the operation."""
        return self._suiting_format(pipeline) if self.format is None else self.format

    def takes_videos(self, pipeline: Pipeline) -> bool:
        """Tell whether the results can be the frames of a video."""
        has_arrays = self.format_for(pipeline) in (*ARRAY_FORMATS, TABLE_FORMAT)
        return not has_arrays and self._suiting_format(pipeline) == "keep"

    def _suiting_format(self, pipeline: Pipeline) -> str:
        """Return the format that suits an operation; "keep" where its results are images of 8 bits."""
        becomes_image = self.convert != "none" and pipeline.format == "tiff"
        return "keep" if becomes_image else pipeline.format

    def to_json(self) -> dict[str, Any]:
        """Give all that decides the results the form it has in the manifest."""
        settings: dict[str, Any] = {"mode": self.mode, "quality": self.quality, "convert": self.convert}
        if self.frames != ALL_FRAMES:
            settings["frames"] = self.frames._asdict()
        if self.at_least is not None:
            settings["at_least"] = list(self.at_least)
        return settings


DEFAULTS = Settings()
