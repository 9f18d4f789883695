"""
Straighten a page
=================

A page photographed from aside is a quadrangle. Its outline, simplified to four points, gives the corners;
four pairs of corners give a homography; and the warped page is made black and white by what is around each
pixel.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import page

import cvkit

paper = page()
height, width = paper.shape
corners = [(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)]
# The photograph: the page lies askew on a dark desk.
askew = cvkit.perspective_matrix(corners, [(70, 60), (400, 20), (450, 250), (30, 300)])
desk = np.random.default_rng(0).normal(30, 6, (340, 480)).clip(0, 255).astype(np.uint8)
covered = cvkit.warp_perspective(np.full_like(paper, 255), askew, desk.shape)
photograph = np.where(covered > 127, cvkit.warp_perspective(paper, askew, desk.shape), desk)

# %%
# The page is the largest bright region. Closing fills its letters.

mask = cvkit.threshold(cvkit.gaussian_blur(photograph, 2), 55)
mask = cvkit.closing(mask, 25)
outline = max(cvkit.find_contours(mask)[0], key=cvkit.contour_area)
found = cvkit.simplify_contour(outline, 0.03 * cvkit.contour_length(outline)).astype(float)
# Clockwise from the upper left.
angles = np.arctan2(*(found - found.mean(axis=0)).T[::-1])
found = found[np.argsort(angles)]
print(found.round())

upright = cvkit.warp_perspective(
    photograph, cvkit.perspective_matrix(found, corners), paper.shape, interpolation="bicubic"
)
clean = cvkit.adaptive_threshold(upright, 25, 12)

figure, axes = plt.subplots(1, 3, figsize=(11, 2.9), layout="constrained")
axes[0].imshow(photograph, cmap="gray")
axes[0].plot(*np.vstack([found, found[:1]]).T, "o-", color="orange")
axes[1].imshow(upright, cmap="gray")
axes[2].imshow(clean, cmap="gray")
for axis, title in zip(axes, ["photograph", "straightened", "black and white"], strict=True):
    axis.set_title(title)
    axis.set_axis_off()
