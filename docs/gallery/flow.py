"""
Follow points through a video
=============================

Points that are easy to find again are followed from frame to frame by Lucas and Kanade's method, on
pyramids.
"""

from itertools import pairwise

import matplotlib.pyplot as plt

import cvkit
from cvkit.video import read_frames

with read_frames("../../samples/street.mp4", stop=20) as frames:
    images = [frame for _, frame in frames]
grays = [cvkit.rgb_to_gray(image) for image in images]

points = cvkit.good_features(grays[0], 200, 0.02, 8)
paths = [points]
for previous, following in pairwise(grays):
    points, found, _ = cvkit.optical_flow(previous, following, points)
    paths = [path[found.astype(bool)] for path in paths]
    points = points[found.astype(bool)]
    paths.append(points)
print(f"{len(points)} of {len(cvkit.good_features(grays[0], 200, 0.02, 8))} points were followed to the end")

figure, axis = plt.subplots(figsize=(8, 6), layout="constrained")
axis.imshow(images[-1])
for number in range(len(points)):
    axis.plot([path[number, 0] for path in paths], [path[number, 1] for path in paths], linewidth=1.5)
axis.set_axis_off()
