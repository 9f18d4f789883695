"""Frames of videos and cameras, one after another, and videos that are complete or not there."""

from __future__ import annotations

from cvkit.video.files import (
    SUFFIXES,
    WRITTEN,
    UnreadableVideoError,
    camera_index,
    is_stream,
    is_video,
)
from cvkit.video.reading import Frame, FrameReader, read_frames
from cvkit.video.writing import VideoWriter, open_video

__all__ = [
    "SUFFIXES",
    "WRITTEN",
    "Frame",
    "FrameReader",
    "UnreadableVideoError",
    "VideoWriter",
    "camera_index",
    "is_stream",
    "is_video",
    "open_video",
    "read_frames",
]
