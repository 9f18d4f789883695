"""
Measure shapes
==============

A contour is an array of points; its area, its moments, its hull and the ellipse or the tilted box around it
tell one shape from another.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import horse

import cvkit

mask = np.where(horse(), 0, 255).astype(np.uint8)
contours, _ = cvkit.find_contours(mask)
contour = max(contours, key=cvkit.contour_area)
hull = cvkit.convex_hull(contour)
simple = cvkit.simplify_contour(contour, 4)
x, y, width, height = cvkit.bounding_box(contour)
print(f"{len(contour)} points, {len(simple)} of them within 4 pixels of all others")
print(f"area {cvkit.contour_area(contour):.0f}, of the hull {cvkit.contour_area(hull):.0f}")
print("moments after Hu", np.round(cvkit.hu_moments(cvkit.moments(contour)), 5))

figure, axis = plt.subplots(figsize=(5, 4), layout="constrained")
axis.imshow(mask, cmap="gray")
for name, points, style in [("hull", hull, "c-"), ("simplified", simple, "r.-")]:
    closed = np.concatenate([points, points[:1]])
    axis.plot(*closed.T, style, label=name)
axis.add_patch(plt.Rectangle((x, y), width, height, fill=False, color="orange", label="bounding box"))
axis.legend(loc="lower right")
axis.set_axis_off()
