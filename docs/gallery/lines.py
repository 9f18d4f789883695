"""
Lines and circles by Hough
==========================

Each edge pixel votes for every line that may go through it; ``hough_segments`` gives the parts of lines
that are there. Circles are found alike, by votes along the gradient.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

board = cvkit.read_image("../../samples/chessboard.jpg", "gray")
segments = cvkit.hough_segments(
    cvkit.canny(board, 80, 200), 1, np.pi / 180, 60, minimum_length=60, maximum_gap=8
)
coins = cvkit.median_blur(cvkit.read_image("../../samples/coins.png", "gray"), 5)
circles, votes = cvkit.hough_circles(
    coins, 35, threshold=28, minimum_radius=15, maximum_radius=32, edge_threshold=120
)
print(len(segments), "segments,", len(circles), "circles")

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
axes[0].imshow(board, cmap="gray")
for x, y, other_x, other_y in segments:
    axes[0].plot([x, other_x], [y, other_y], color="orange")
axes[1].imshow(coins, cmap="gray")
for x, y, radius in circles:
    axes[1].add_patch(plt.Circle((x, y), radius, fill=False, color="orange"))
for axis, title in zip(axes, ["hough_segments", "hough_circles"], strict=True):
    axis.set_title(title)
    axis.set_axis_off()
