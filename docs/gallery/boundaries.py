"""
How learners part the plane
===========================

The same points, five learners: a line, a vote of neighbors, a tree of right angles, a forest of them, and a
smooth curve by a kernel. The shade is how sure each is; where it is white, it cannot tell.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from cvkit.ml import (
    SVC,
    DecisionTreeClassifier,
    KNeighborsClassifier,
    LogisticRegression,
    RandomForestClassifier,
)

X, y = make_moons(200, noise=0.25, random_state=3)
learners = [
    LogisticRegression(),
    KNeighborsClassifier(7),
    DecisionTreeClassifier(max_depth=5, random_state=0),
    RandomForestClassifier(100, min_samples_leaf=2, random_state=0),
    SVC(C=2.0, gamma=1.0),
]
x_grid, y_grid = np.meshgrid(np.linspace(-2, 3, 150), np.linspace(-1.6, 2.1, 110))
grid = np.column_stack([x_grid.ravel(), y_grid.ravel()])

figure, axes = plt.subplots(1, 5, figsize=(13, 2.7), layout="constrained", sharey=True)
for axis, learner in zip(axes, learners, strict=True):
    learner.fit(X, y)
    if isinstance(learner, SVC):
        sure = np.clip(learner.decision_function(grid), -1, 1) / 2 + 0.5
    else:
        sure = learner.predict_proba(grid)[:, 1]
    axis.contourf(x_grid, y_grid, sure.reshape(x_grid.shape), 11, cmap="RdBu", vmin=-0.4, vmax=1.4)
    axis.scatter(*X.T, c=y, cmap="RdBu", edgecolor="white", linewidth=0.5, s=16, vmin=0, vmax=1)
    axis.set_title(type(learner).__name__, fontsize=9)
    axis.set_axis_off()
