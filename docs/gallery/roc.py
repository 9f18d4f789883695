"""
ROC curves of two learners
==========================

Learners of ``cvkit.ml`` are scikit-learn estimators, so its metrics and its plots take them as they are.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import train_test_split

from cvkit.ml import LogisticRegression, RandomForestClassifier

X, y = load_breast_cancer(return_X_y=True)
# Four features only: with all of them there is little to see.
X_train, X_test, y_train, y_test = train_test_split(X[:, :4], y, random_state=0, test_size=0.5)

figure, axis = plt.subplots(figsize=(5, 5), layout="constrained")
for learner in (LogisticRegression(max_iter=2000), RandomForestClassifier(100, random_state=0)):
    RocCurveDisplay.from_estimator(learner.fit(X_train, y_train), X_test, y_test, ax=axis)
