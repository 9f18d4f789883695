"""Layers of convolutional networks, forward and backward, on the CPU and on CUDA.

Unlike images, their arrays are ``(N, C, H, W)``, as torch's: for each item of a batch the planes of its
channels. They are float32 or float64. Names are loaded when they are first used.
"""

from __future__ import annotations

from cvkit._lazy import lazy_names

# Public name -> the module that defines it.
_NAMES = {
    "avg_pool2d": "cvkit.layers.pooling",
    "avg_pool2d_backward": "cvkit.layers.pooling",
    "conv_transpose2d": "cvkit.layers.transposed",
    "conv_transpose2d_backward": "cvkit.layers.transposed",
    "conv2d": "cvkit.layers.convolution",
    "conv2d_backward": "cvkit.layers.convolution",
    "global_pool": "cvkit.layers.global_pooling",
    "global_pool_backward": "cvkit.layers.global_pooling",
    "max_pool2d": "cvkit.layers.pooling",
    "max_pool2d_backward": "cvkit.layers.pooling",
    "operation_count": "cvkit.layers.counts",
    "output_size": "cvkit.layers.counts",
    "parameter_count": "cvkit.layers.counts",
    "receptive_field": "cvkit.layers.counts",
    "roi_align": "cvkit.layers.regions_of_interest",
    "roi_align_backward": "cvkit.layers.regions_of_interest",
    "roi_pool": "cvkit.layers.regions_of_interest",
    "roi_pool_backward": "cvkit.layers.regions_of_interest",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
