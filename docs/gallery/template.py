"""
Find a template
===============

The template is compared with every window of the image; the best places that are not near better ones are
kept.
"""

import matplotlib.pyplot as plt

import cvkit

coins = cvkit.read_image("../../samples/coins.png", "gray")
template = coins[160:220, 92:150]
height, width = template.shape
scores = cvkit.match_template(coins, template, method="coefficient")
points, values = cvkit.best_matches(scores, 5, distance=20)
print("scores", values.round(2))

figure, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained", width_ratios=[1, 3, 3])
axes[0].imshow(template, cmap="gray")
axes[1].imshow(scores, cmap="magma")
axes[2].imshow(coins, cmap="gray")
for x, y in points:
    axes[2].add_patch(plt.Rectangle((x, y), width, height, fill=False, color="orange"))
for axis, title in zip(axes, ["template", "match_template", "best_matches"], strict=True):
    axis.set_title(title)
    axis.set_axis_off()
