"""
Smoothing
=========

A box averages, a Gaussian averages with weights that fall off, a median takes the middle value, and a
bilateral filter averages only what looks alike, so that edges stay.
"""

import matplotlib.pyplot as plt

import cvkit

image = cvkit.read_image("../../samples/street2.jpg")[150:420, 250:610]
results = {
    "image": image,
    "box_filter": cvkit.box_filter(image, 9),
    "gaussian_blur": cvkit.gaussian_blur(image, 3),
    "median_blur": cvkit.median_blur(image, 9),
    "bilateral_filter": cvkit.bilateral_filter(image, 9, 60, 5),
    "unsharp_mask": cvkit.unsharp_mask(image, 2, 1.5),
}

figure, axes = plt.subplots(2, 3, figsize=(9, 5), layout="constrained")
for axis, (name, result) in zip(axes.flat, results.items(), strict=True):
    axis.imshow(result)
    axis.set_title(name)
    axis.set_axis_off()
