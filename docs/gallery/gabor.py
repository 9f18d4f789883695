"""
Directions by Gabor filters
===========================

A Gabor kernel is a wave under a Gaussian: it answers where an image has stripes of its width and direction.
The strongest answer of a bank of eight says which way the strokes of a texture run.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import chelsea

import cvkit

gray = cvkit.rgb_to_gray(chelsea()).astype(np.float32)
angles = np.arange(8) * np.pi / 8
kernels = [cvkit.gabor_kernel(21, 3.5, angle, 8, 0.6) for angle in angles]
answers = np.abs(cvkit.gabor_filter(gray, kernels))  # one image for each kernel
answers = cvkit.gaussian_blur(answers[..., np.newaxis], 3)[..., 0]

strongest = answers.max(axis=0)
hue = (answers.argmax(axis=0) * 180 / 8).astype(np.uint8)
value = cvkit.normalize(np.sqrt(strongest), 0, 255).astype(np.uint8)
directions = cvkit.hsv_to_rgb(np.dstack([hue, np.full_like(hue, 200), value]))

figure, axes = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
axes[0].imshow(gray, cmap="gray")
axes[0].set_title("image")
axes[1].imshow(directions)
axes[1].set_title("color: direction, brightness: strength")
for axis in axes:
    axis.set_axis_off()

# %%
# The bank:

figure, axes = plt.subplots(1, 8, figsize=(10, 1.3), layout="constrained")
for axis, kernel, angle in zip(axes, kernels, angles, strict=True):
    axis.imshow(kernel, cmap="coolwarm")
    axis.set_title(f"{np.degrees(angle):.1f}°", fontsize=8)
    axis.set_axis_off()
