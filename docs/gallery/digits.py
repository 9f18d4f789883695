"""
Read handwritten digits
=======================

A support vector machine reads the 8 x 8 pixels of a digit. Half of the digits are for learning, the other
half tells how well it reads; below are all that it got wrong. Then a network reads the same.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from cvkit.ml import SVC

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
machine = SVC(gamma=0.001, C=10).fit(X_train, y_train)
predicted = machine.predict(X_test)
print(f"{np.mean(predicted == y_test):.1%} of {len(y_test)} digits are right")

figure, axis = plt.subplots(figsize=(5, 4.5), layout="constrained")
ConfusionMatrixDisplay.from_predictions(y_test, predicted, ax=axis, cmap="Blues", colorbar=False)

# %%
# Most of them are hard for people, too.

wrong = np.flatnonzero(predicted != y_test)
figure, axes = plt.subplots(1, len(wrong), figsize=(9, 1.6), layout="constrained")
for axis, index in zip(axes, wrong, strict=True):
    axis.imshow(X_test[index].reshape(8, 8), cmap="gray_r")
    axis.set_title(f"{y_test[index]}, read {predicted[index]}", fontsize=7)
    axis.set_axis_off()

# %%
# A network with one hidden layer, scikit-learn's, takes the same arrays. Each of its hidden units weighs the
# pixels: blue is what speaks for it, red what speaks against it.

network = MLPClassifier((16,), solver="lbfgs", alpha=3, max_iter=1000, tol=0.01, random_state=0)
network.fit(X_train / 16, y_train)
print(f"{network.score(X_test / 16, y_test):.1%} of {len(y_test)} digits are right")

figure, axes = plt.subplots(2, 8, figsize=(9, 2.6), layout="constrained")
for axis, weights in zip(axes.flat, network.coefs_[0].T, strict=True):
    limit = abs(weights).max()
    axis.imshow(weights.reshape(8, 8), cmap="RdBu", vmin=-limit, vmax=limit)
    axis.set_axis_off()
