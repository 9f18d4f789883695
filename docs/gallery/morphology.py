"""
Erode, dilate, open, close
==========================

The shape of the element decides what stays: an opening removes bright details into which it does not fit, a
closing the dark ones. What they remove is the top hat and the black hat.
"""

import matplotlib.pyplot as plt
from skimage.data import text

import cvkit

page = text()
element = cvkit.structuring_element("ellipse", 5)
operations = (cvkit.erode, cvkit.dilate, cvkit.opening, cvkit.closing, cvkit.top_hat, cvkit.black_hat)
results = {"image": page} | {operation.__name__: operation(page, element) for operation in operations}
results["morphological_gradient"] = cvkit.morphological_gradient(page, element)

figure, axes = plt.subplots(4, 2, figsize=(9, 7), layout="constrained")
for axis, (name, result) in zip(axes.flat, results.items(), strict=True):
    axis.imshow(result, cmap="gray")
    axis.set_title(name)
    axis.set_axis_off()
