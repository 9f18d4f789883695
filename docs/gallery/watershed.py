"""
Part what touches
=================

Coins that touch are one region. The distance to the background has a peak in each; flooding from the peaks
parts them.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

y, x = np.mgrid[:240, :360]
circles = [(80, 90, 50), (150, 120, 45), (230, 110, 52), (290, 160, 40), (120, 190, 38)]
mask = np.zeros((240, 360), np.uint8)
for left, top, radius in circles:
    mask[(x - left) ** 2 + (y - top) ** 2 < radius**2] = 255
_, count = cvkit.label(mask)
print(count, "regions before")

# %%
# Markers are the peaks, numbered, and the background; 0 is what is to be decided.

distance = cvkit.distance_transform(mask)
peaks = np.where(distance > 0.65 * distance.max(), 255, 0).astype(np.uint8)
numbers, count = cvkit.label(peaks)
markers = np.where(mask == 0, 1, np.where(numbers > 0, numbers + 1, 0)).astype(np.int32)
regions = cvkit.watershed(cvkit.gray_to_rgb(mask), markers)
print(count, "regions after")

figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
axes[0].imshow(mask, cmap="gray")
axes[1].imshow(distance, cmap="magma")
axes[2].imshow(regions, cmap="nipy_spectral")
for axis, title in zip(axes, ["mask", "distance_transform", "watershed"], strict=True):
    axis.set_title(title)
    axis.set_axis_off()
