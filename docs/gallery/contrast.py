"""
Spread contrast
===============

Equalizing gives each level about as many pixels. CLAHE does so around each pixel and limits how much noise
is amplified, which is why it serves where light and shadow meet.
"""

import matplotlib.pyplot as plt
from skimage.data import moon

import cvkit

image = moon()
results = {
    "image": image,
    "equalize_histogram": cvkit.equalize_histogram(image),
    "clahe": cvkit.clahe(image, 4),
}

figure, axes = plt.subplots(2, 3, figsize=(9, 5), layout="constrained", height_ratios=[2, 1])
for column, (name, result) in enumerate(results.items()):
    axes[0, column].imshow(result, cmap="gray", vmin=0, vmax=255)
    axes[0, column].set_title(name)
    axes[0, column].set_axis_off()
    axes[1, column].fill_between(range(256), cvkit.histogram(result), step="mid")
    axes[1, column].set_yticks([])
