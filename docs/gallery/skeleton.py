"""
From a shape to its skeleton
============================

Thinning peels a shape until lines one pixel wide are left, connected as the shape is. The distance to the
outline says how thick the shape is along them: both together are enough to draw it again.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import horse

import cvkit

mask = np.where(horse(), 0, 255).astype(np.uint8)
skeleton = cvkit.thin(mask, method="guo_hall")
distance = cvkit.distance_transform(mask)
print(f"{np.count_nonzero(skeleton)} pixels for {np.count_nonzero(mask)}")

# %%
# A disk around each pixel of the skeleton, as large as it fits.

y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
drawn = np.zeros(mask.shape, bool)
for row, column in zip(*np.nonzero(skeleton), strict=True):
    drawn |= (x - column) ** 2 + (y - row) ** 2 < distance[row, column] ** 2
print(f"{np.mean(drawn[mask > 0]):.1%} of the shape come back")

figure, axes = plt.subplots(1, 3, figsize=(10, 2.9), layout="constrained")
axes[0].imshow(distance, cmap="magma")
axes[0].set_title("distance to the outline")
axes[1].imshow(cvkit.dilate(skeleton, 3), cmap="gray")
axes[1].set_title("skeleton")
axes[2].imshow(drawn, cmap="gray")
axes[2].set_title("drawn again")
for axis in axes:
    axis.set_axis_off()
