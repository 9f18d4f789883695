"""
What moves
==========

A camera that stands still sees the same background in every frame: the median over time is the street without
people. What differs from it by more than noise moves, and so does, for this method, the place of somebody who
stood still for most of the time and then went away.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit
from cvkit.video import read_frames

with read_frames("../../samples/street.mp4", every=3) as frames:
    images = np.array([frame for _, frame in frames])
background = np.median(images, axis=0).astype(np.uint8)

image = images[-1]
difference = np.abs(image.astype(np.int16) - background).max(axis=2).astype(np.uint8)
mask = cvkit.threshold(cvkit.gaussian_blur(difference, 1.5), 25)
mask = cvkit.closing(mask, cvkit.structuring_element("ellipse", 11))
mask = cvkit.remove_small_regions(mask, 250)
stats = cvkit.region_stats(cvkit.label(mask).labels)
print(len(stats.area) - 1, "regions move")

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
axes[0].imshow(background)
axes[0].set_title("median of all frames")
axes[1].imshow(mask, cmap="gray")
axes[1].set_title("what differs from it")
axes[2].imshow(image)
for left, top, width, height in stats.box[1:]:
    axes[2].add_patch(plt.Rectangle((left, top), width, height, fill=False, color="orange"))
axes[2].set_title("what moves")
for axis in axes:
    axis.set_axis_off()
