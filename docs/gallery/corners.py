"""
Corners
=======

Where brightness changes in both directions there is a corner, and a corner can be found again in the next
image. ``good_features`` keeps the strongest that are not near each other.
"""

import matplotlib.pyplot as plt

import cvkit

board = cvkit.read_image("../../samples/chessboard.jpg", "gray")
corners = cvkit.good_features(board, 80, 0.05, 12)
response = cvkit.harris(board)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
limit = abs(response).max() / 4
axes[0].imshow(response, cmap="coolwarm", vmin=-limit, vmax=limit)
axes[0].set_title("harris")
axes[1].imshow(board, cmap="gray")
axes[1].plot(corners[:, 0], corners[:, 1], "o", color="orange", fillstyle="none")
axes[1].set_title("good_features")
for axis in axes:
    axis.set_axis_off()
