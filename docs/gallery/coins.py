"""
Count coins
===========

The light is uneven: a top hat takes away what is wider than a coin. Then a threshold, a cleaned mask, and a
number for each region are all that counting takes.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

coins = cvkit.read_image("../../samples/coins.png", "gray")
even = cvkit.top_hat(cvkit.median_blur(coins, 5), cvkit.structuring_element("ellipse", 81))
mask = cvkit.threshold(even, cvkit.triangle_threshold(even))
mask = cvkit.opening(mask, cvkit.structuring_element("ellipse", 7))
mask = cvkit.remove_small_regions(cvkit.remove_small_holes(mask, 600), 600)
labels, count = cvkit.label(mask)
stats = cvkit.region_stats(labels)
diameters = 2 * np.sqrt(stats.area[1:] / np.pi)
print(f"{count} coins, from {diameters.min():.0f} to {diameters.max():.0f} pixels across")

# %%
# Contours outline them.

contours, _ = cvkit.find_contours(mask)
outlined = cvkit.draw_contours(cvkit.gray_to_rgb(coins), contours, (255, 140, 0))

figure, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
axes[0].imshow(even, cmap="gray")
axes[0].set_title("top hat")
axes[1].imshow(labels, cmap="nipy_spectral")
axes[1].set_title("regions")
axes[2].imshow(outlined)
axes[2].set_title("outlines")
for x, y in stats.centroid[1:]:
    axes[2].plot(x, y, "c+")
for axis in axes:
    axis.set_axis_off()
