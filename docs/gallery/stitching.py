"""
Stitch two images
=================

ORB describes keypoints by 256 bits. Those of two images that are alike, and unlike all others, are matches;
a homography that most matches agree with takes one image to the other.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

image = cvkit.read_image("../../samples/street2.jpg")
height, width = image.shape[:2]
first = image[:, : round(0.6 * width)]
seen = [(0.3 * width, 0.04 * height), (width, 0), (0.97 * width, height), (0.33 * width, 0.93 * height)]
upright = [(0, 0), (460, 0), (460, height - 1), (0, height - 1)]
second = cvkit.warp_perspective(image, cvkit.perspective_matrix(seen, upright), (height, 461))

keypoints, descriptors = cvkit.orb(cvkit.rgb_to_gray(first), 1500)
others, their_descriptors = cvkit.orb(cvkit.rgb_to_gray(second), 1500)
matches = cvkit.match_descriptors(descriptors, their_descriptors, ratio=0.85, cross_check=True)
to_points, from_points = keypoints.points[matches.first], others.points[matches.second]
matrix, inliers = cvkit.find_homography(from_points, to_points)
print(f"{len(to_points)} matches, {inliers.sum()} of them agree")

figure, axis = plt.subplots(figsize=(9, 4.5), layout="constrained")
axis.imshow(np.hstack([first, second]))
for (x, y), (other_x, other_y) in zip(to_points[inliers][::4], from_points[inliers][::4], strict=True):
    axis.plot([x, other_x + first.shape[1]], [y, other_y], linewidth=0.8)
axis.set_title("matches that agree")
axis.set_axis_off()

# %%
# The second image, warped to the first, completes it.

shape = height, width
panorama = cvkit.warp_perspective(second, matrix, shape)
panorama[:, : first.shape[1]] = first

figure, axis = plt.subplots(figsize=(9, 6), layout="constrained")
axis.imshow(panorama)
axis.set_axis_off()
