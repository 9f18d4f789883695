"""
Give an image the colors of another
===================================

``match_histogram`` maps the levels of each channel so that they are spread as those of a reference: two
images taken in different light become alike, and a cat takes on the colors of a cup of coffee.
"""

import matplotlib.pyplot as plt
from skimage.data import chelsea, coffee

import cvkit

image, reference = chelsea(), coffee()
matched = cvkit.match_histogram(image, reference)

figure, axes = plt.subplots(2, 3, figsize=(10, 4.6), layout="constrained", height_ratios=[2, 1])
for column, (name, shown) in enumerate({"image": image, "reference": reference, "matched": matched}.items()):
    axes[0, column].imshow(shown)
    axes[0, column].set_title(name)
    axes[0, column].set_axis_off()
    counts = cvkit.histogram(shown)
    for channel, color in enumerate(["tab:red", "tab:green", "tab:blue"]):
        axes[1, column].plot(counts[channel].cumsum() / counts[channel].sum(), color=color)
    axes[1, column].set_xlabel("level")
axes[1, 0].set_ylabel("share of pixels below")
