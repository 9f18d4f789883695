"""
Find galaxies
=============

The Laplacian of a Gaussian is strongest where a blob is as wide as the Gaussian. Asked at several widths,
each galaxy of Hubble's deep field answers at its own.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import hubble_deep_field

import cvkit

image = hubble_deep_field()[:500, :500]
gray = cvkit.rgb_to_gray(image).astype(np.float32)
sigmas = np.array([2.0, 3.0, 4.5, 6.8, 10.0])
# Times sigma squared, answers at all widths compare.
answers = np.array([-(sigma**2) * cvkit.laplacian_of_gaussian(gray, sigma) for sigma in sigmas])
strongest = answers.max(axis=0)
points, scores = cvkit.best_matches(strongest, 120, distance=17, limit=12)
widths = sigmas[answers.argmax(axis=0)][points[:, 1], points[:, 0]]
print(len(points), "blobs")

figure, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
axes[0].imshow(strongest, cmap="magma", vmin=0, vmax=60)
axes[0].set_title("strongest answer")
axes[1].imshow(image)
for (x, y), width in zip(points, widths, strict=True):
    axes[1].add_patch(plt.Circle((x, y), np.sqrt(2) * width, fill=False, color="orange"))
axes[1].set_title("galaxies and stars")
for axis in axes:
    axis.set_axis_off()
