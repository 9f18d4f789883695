"""
Track a color
=============

In hue, saturation and value a color keeps its hue in light and in shadow. Pixels of some hues make a mask, an
opening cleans it, and the center of its largest region is where the thing is. Here a ball flies over a table.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import coffee

import cvkit

table = coffee()
height, width = table.shape[:2]
y, x = np.mgrid[:height, :width]


def frame(time: float) -> np.ndarray:
    """Return the image of one moment: a blue ball, lit from above."""
    left, top = 40 + 520 * time, 300 - 900 * time * (1 - time)
    distance = np.hypot(x - left, y - top)
    light = np.clip(1.2 - np.hypot(x - left + 8, y - top + 10) / 40, 0.3, 1)[..., np.newaxis]
    ball = (light * (70, 110, 255)).astype(np.uint8)
    return np.where(distance[..., np.newaxis] < 24, ball, table)


def find(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask of blue pixels, and the center (x, y) of its largest region."""
    hue, saturation, value = np.moveaxis(cvkit.rgb_to_hsv(image), 2, 0)  # OpenCV's hue: degrees, halved
    blue = (abs(hue.astype(int) - 113) < 12) & (saturation > 80) & (value > 40)
    mask = cvkit.opening(np.where(blue, 255, 0).astype(np.uint8), 5)
    stats = cvkit.region_stats(cvkit.label(mask).labels)
    return mask, stats.centroid[1 + np.argmax(stats.area[1:])]


frames = [frame(time) for time in np.linspace(0, 1, 12)]
path = np.array([find(image)[1] for image in frames])

figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
axes[0].imshow(frames[3])
axes[0].set_title("a frame")
axes[1].imshow(find(frames[3])[0], cmap="gray")
axes[1].set_title("its blue pixels")
axes[2].imshow(frames[-1])
axes[2].plot(path[:, 0], path[:, 1], "o-", color="orange")
axes[2].set_title("the path")
for axis in axes:
    axis.set_axis_off()
