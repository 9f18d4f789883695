"""
Edges by Canny
==============

Canny keeps the places where brightness changes most along its gradient. What is above ``high`` is an edge,
and so is what is above ``low`` and hangs together with it: two thresholds keep lines whole without keeping
noise.
"""

import matplotlib.pyplot as plt

import cvkit

gray = cvkit.read_image("../../samples/street2.jpg", "gray")[150:420, 250:610]
smooth = cvkit.gaussian_blur(gray, 1.2)

figure, axes = plt.subplots(1, 4, figsize=(10, 2.4), layout="constrained")
axes[0].imshow(gray, cmap="gray")
axes[0].set_title("image")
for axis, (low, high) in zip(axes[1:], [(20, 60), (50, 150), (120, 300)], strict=True):
    axis.imshow(cvkit.canny(smooth, low, high), cmap="gray")
    axis.set_title(f"canny, {low} and {high}")
for axis in axes:
    axis.set_axis_off()
