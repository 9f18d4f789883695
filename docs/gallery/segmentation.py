"""
Segment by watershed
====================

Take the strength of edges for the height of a landscape and let water rise from markers: what is surely coin
and what is surely table. Where two waters meet, on the ridges, there is the outline, though no threshold
would give it: the table is as bright in the middle as some coins are below.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

coins = cvkit.read_image("../../samples/coins.png", "gray")
smooth = cvkit.gaussian_blur(coins, 1).astype(np.float32)
edges = np.hypot(cvkit.sobel(smooth, 1, 0), cvkit.sobel(smooth, 0, 1))
landscape = cvkit.normalize(np.minimum(edges, 300), 0, 255).astype(np.uint8)

markers = np.zeros(coins.shape, np.int32)
markers[coins < 30] = 1
markers[coins > 150] = 2
regions = cvkit.watershed(cvkit.gray_to_rgb(landscape), markers)

mask = np.where(regions == 2, 255, 0).astype(np.uint8)
mask = cvkit.remove_small_regions(cvkit.remove_small_holes(mask, 400), 100)
labels, count = cvkit.label(mask)
print(count, "coins")

figure, axes = plt.subplots(1, 4, figsize=(11, 2.4), layout="constrained")
axes[0].imshow(coins, cmap="gray")
axes[1].imshow(landscape, cmap="magma")
axes[2].imshow(markers, cmap="viridis")
axes[3].imshow(coins, cmap="gray")
axes[3].imshow(np.ma.masked_equal(labels, 0), cmap="tab20", alpha=0.6)
for axis, title in zip(axes, ["image", "edges", "markers", "coins"], strict=True):
    axis.set_title(title)
    axis.set_axis_off()
