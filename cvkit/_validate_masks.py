"""Checks on masks: which pixels of an image or a template count, or how much."""

from __future__ import annotations

from typing import Any

import numpy as np


def mask(array: Any, shape: tuple[int, int, int], name: str = "mask") -> None:
    """Check which pixels of images of ``shape``, (N, H, W), count: one mask for all or one for each."""
    if array.dtype not in (np.bool_, np.uint8):
        raise TypeError(f"{name} must have dtype bool or uint8, got {array.dtype}")
    if tuple(array.shape) not in (shape, shape[1:]):
        raise ValueError(f"{name} must have shape {shape[1:]} or {shape}, got {tuple(array.shape)}")


def template_mask(array: Any, shape: tuple[int, int, int], name: str = "mask") -> np.ndarray:
    """Check how much the pixels of a template of ``shape``, (h, w, C), count; return weights as float64."""
    if array.dtype not in (np.bool_, np.uint8, np.float32):
        raise TypeError(f"{name} must have dtype bool, uint8 or float32, got {array.dtype}")
    if tuple(array.shape) not in (shape, shape[:2]):
        raise ValueError(f"{name} must have shape {shape[:2]} or {shape}, got {tuple(array.shape)}")
    weights = array.astype(np.float64) if array.dtype == np.float32 else (array != 0).astype(np.float64)
    weights = np.broadcast_to(weights.reshape(*shape[:2], -1), shape)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any(axis=(0, 1)).all()):
        raise ValueError(f"{name} must be finite, at least 0, and not 0 all over a channel")
    return weights
