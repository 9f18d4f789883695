"""
What draws the eye
==================

A place stands out when it differs from what is around it. Levels of a pyramid of Gaussians are the image seen
more and more coarsely; where a fine level differs from a coarse one, there is something small that its
surroundings are not. Brightness and the two color channels of L*a*b* are asked alike, and summed.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import coffee

import cvkit

image = coffee()
height, width = image.shape[:2]
lab = cvkit.rgb_to_lab(image).astype(np.float32)

pyramid = [lab]
for _ in range(6):
    pyramid.append(cvkit.pyramid_down(pyramid[-1]))
levels = [cvkit.resize(level, (height, width)) for level in pyramid]

saliency = np.zeros((height, width), np.float32)
for fine, coarse in [(2, 5), (2, 6), (3, 5), (3, 6)]:
    saliency += np.abs(levels[fine] - levels[coarse]).sum(axis=2)
saliency = cvkit.normalize(cvkit.gaussian_blur(saliency, 6), 0, 1)

figure, axes = plt.subplots(1, 3, figsize=(10, 2.6), layout="constrained")
axes[0].imshow(image)
axes[0].set_title("image")
axes[1].imshow(saliency, cmap="magma")
axes[1].set_title("saliency")
axes[2].imshow((image * (0.15 + 0.85 * saliency[..., np.newaxis])).astype(np.uint8))
axes[2].set_title("what draws the eye")
for axis in axes:
    axis.set_axis_off()
