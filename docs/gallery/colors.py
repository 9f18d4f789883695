"""
Few colors by k-means
=====================

Every pixel gets the color of the nearest of a few centers, and each center moves to the mean of its pixels.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit
from cvkit.ml import KMeans

image = cvkit.resize(cvkit.read_image("../../samples/astronaut.jpg"), (256, 256), interpolation="area")
pixels = image.reshape(-1, 3).astype(np.float64)

figure, axes = plt.subplots(1, 4, figsize=(10, 2.8), layout="constrained")
axes[0].imshow(image)
axes[0].set_title("image")
for axis, count in zip(axes[1:], [16, 8, 4], strict=True):
    clusters = KMeans(count, random_state=0).fit(pixels)
    axis.imshow(clusters.cluster_centers_[clusters.labels_].reshape(image.shape).astype(np.uint8))
    axis.set_title(f"{count} colors")
for axis in axes:
    axis.set_axis_off()
