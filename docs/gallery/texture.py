"""
Tell textures apart
===================

A local binary pattern says of a pixel which of its neighbors are brighter; how often each pattern occurs
describes a texture, in any light. Brick, grass and gravel are told apart by the nearest known histograms.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import brick, grass, gravel

import cvkit
from cvkit.ml import KNeighborsClassifier

textures = {"brick": brick(), "grass": grass(), "gravel": gravel()}
size, points = 64, 8


def describe(image: np.ndarray) -> np.ndarray:
    """Return a histogram of patterns for each tile of 64 x 64 pixels, row after row."""
    codes = cvkit.local_binary_pattern(image, points, 2, method="uniform")
    tiles = codes.reshape(codes.shape[0] // size, size, codes.shape[1] // size, size).swapaxes(1, 2)
    counts = [np.histogram(tile, np.arange(points + 3))[0] for tile in tiles.reshape(-1, size, size)]
    return np.array(counts) / size**2


# Of each texture the upper half is known.
described = {name: describe(image) for name, image in textures.items()}
known = np.concatenate([rows[:32] for rows in described.values()])
classifier = KNeighborsClassifier(3).fit(known, np.repeat(list(textures), 32))

# %%
# An image of all three, whose tiles come from the lower halves. Another light changes no pattern.

mixed = np.hstack([image[256:, :256] for image in textures.values()])
darker = cvkit.adjust_gamma(mixed, 1.5)
predicted = classifier.predict(describe(darker)).reshape(4, 12)
right = np.mean(predicted == np.repeat(list(textures), 4))
print(f"{right:.0%} of the tiles are right")

figure, axes = plt.subplots(2, 1, figsize=(9, 5), layout="constrained", height_ratios=[1.6, 1])
axes[0].imshow(darker, cmap="gray")
colors = {"brick": "tab:red", "grass": "tab:green", "gravel": "tab:blue"}
for row, names in enumerate(predicted):
    for column, name in enumerate(names):
        corner = (column * size + 2, row * size + 2)
        axes[0].add_patch(plt.Rectangle(corner, size - 4, size - 4, fill=False, color=colors[name]))
axes[0].set_axis_off()
for name, rows in described.items():
    axes[1].plot(rows.mean(axis=0), "o-", color=colors[name], label=name)
axes[1].set_xlabel("pattern")
axes[1].legend()
