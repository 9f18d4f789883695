"""Geometry: matrices, warps, resizing, sampling."""
