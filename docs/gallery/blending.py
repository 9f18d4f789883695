"""
Blend images by pyramids
========================

A hard seam between two images shows; a soft one shows both at once. Burt and Adelson's way out: part the
images into bands from fine to coarse, and make the seam of each band as wide as its details are.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import astronaut, rocket

import cvkit

night = cvkit.resize(rocket()[:, 107:534], (512, 512), interpolation="area").astype(np.float32)
face = astronaut().astype(np.float32)
y, x = np.mgrid[:512, :512]
mask = (np.hypot(x - 220, (y - 120) / 1.25) < 100).astype(np.float32)[..., np.newaxis].repeat(3, axis=2)


def gaussian_pyramid(image: np.ndarray) -> list[np.ndarray]:
    """Return an image and six coarser ones."""
    levels = [image]
    for _ in range(6):
        levels.append(cvkit.pyramid_down(levels[-1]))
    return levels


def bands(image: np.ndarray) -> list[np.ndarray]:
    """Return what each level of a pyramid has that the next one lacks, and the last level."""
    levels = gaussian_pyramid(image)
    return [fine - cvkit.pyramid_up(coarse) for fine, coarse in pairwise(levels)] + levels[-1:]


mixed = [
    weight * a + (1 - weight) * b
    for a, b, weight in zip(bands(face), bands(night), gaussian_pyramid(mask), strict=True)
]
result = mixed.pop()
while mixed:
    result = cvkit.pyramid_up(result) + mixed.pop()

figure, axes = plt.subplots(1, 3, figsize=(10, 3.7), layout="constrained")
cut = np.where(mask > 0.5, face, night)
for axis, (title, image) in zip(
    axes, {"one image": night, "cut out": cut, "blended": result}.items(), strict=True
):
    axis.imshow(image.clip(0, 255).astype(np.uint8))
    axis.set_title(title)
    axis.set_axis_off()
