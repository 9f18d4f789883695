"""
Choose a threshold
==================

Otsu's threshold parts the levels into two classes; it fails where the light is uneven. An adaptive one
compares each pixel with what is around it.
"""

import matplotlib.pyplot as plt
from skimage.data import page

import cvkit

image = page()
best = cvkit.otsu_threshold(image)
results = {
    "image": image,
    f"otsu_threshold, {best:.0f}": cvkit.threshold(image, best),
    "adaptive_threshold": cvkit.adaptive_threshold(image, 25, 12),
}

figure, axes = plt.subplots(3, 1, figsize=(6, 9), layout="constrained")
for axis, (name, result) in zip(axes, results.items(), strict=True):
    axis.imshow(result, cmap="gray")
    axis.set_title(name)
    axis.set_axis_off()
