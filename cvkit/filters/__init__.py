"""Filters: smoothing, medians, derivatives, edges, sharpening, denoising."""
