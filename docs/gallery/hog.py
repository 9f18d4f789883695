"""
Histograms of oriented gradients
================================

HOG describes a window by which directions its edges have, cell by cell. ``visualize=True`` draws them.
"""

import matplotlib.pyplot as plt

import cvkit

image = cvkit.read_image("../../samples/astronaut.jpg", "gray")
features, drawing = cvkit.hog(image, layout="skimage", pixels_per_cell=16, visualize=True)
print(features.size, "numbers")

figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
axes[0].imshow(image, cmap="gray")
axes[1].imshow(drawing, cmap="magma", vmax=drawing.max() / 3)
for axis in axes:
    axis.set_axis_off()
