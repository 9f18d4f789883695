"""Augmentation: images changed at random for training, and boxes, masks and keypoints with them.

Names are loaded when they are first used.
"""

from __future__ import annotations

from cvkit._lazy import lazy_names

# Public name -> the module that defines it.
_NAMES = {
    "Blur": "cvkit.augment.degradation",
    "Brightness": "cvkit.augment.tones",
    "ColorShift": "cvkit.augment.tones",
    "Compose": "cvkit.augment.combination",
    "Contrast": "cvkit.augment.tones",
    "Crop": "cvkit.augment.crop",
    "Cutout": "cvkit.augment.degradation",
    "Elastic": "cvkit.augment.elastic",
    "Gamma": "cvkit.augment.tones",
    "HueSaturation": "cvkit.augment.tones",
    "JPEGArtifacts": "cvkit.augment.degradation",
    "Mirror": "cvkit.augment.warps",
    "Noise": "cvkit.augment.degradation",
    "OneOf": "cvkit.augment.combination",
    "Perspective": "cvkit.augment.warps",
    "ResizedCrop": "cvkit.augment.crop",
    "Rotate": "cvkit.augment.warps",
    "Sample": "cvkit.augment.sample",
    "Scale": "cvkit.augment.warps",
    "Shear": "cvkit.augment.warps",
    "Transform": "cvkit.augment.transform",
    "read_recipe": "cvkit.augment.recipe",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
