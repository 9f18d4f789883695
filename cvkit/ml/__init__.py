"""Classic learners as scikit-learn estimators: the same models, fitted and applied by Numba kernels.

Names are loaded when they are first used.
"""

from __future__ import annotations

from cvkit._lazy import lazy_names

# Public name -> the module that defines it.
_NAMES = {
    "AdaBoostClassifier": "cvkit.ml.ensemble.ada_boost",
    "BernoulliNB": "cvkit.ml.bayes.discrete",
    "DecisionTreeClassifier": "cvkit.ml.tree.decision_tree",
    "DecisionTreeRegressor": "cvkit.ml.tree.decision_tree",
    "ElasticNet": "cvkit.ml.linear.elastic_net",
    "GaussianMixture": "cvkit.ml.mixture.gaussian_mixture",
    "GaussianNB": "cvkit.ml.bayes.gaussian",
    "ID3Classifier": "cvkit.ml.tree.categorical_tree",
    "KMeans": "cvkit.ml.cluster.k_means",
    "KNeighborsClassifier": "cvkit.ml.neighbors.k_neighbors",
    "KNeighborsRegressor": "cvkit.ml.neighbors.k_neighbors",
    "Lasso": "cvkit.ml.linear.elastic_net",
    "LinearRegression": "cvkit.ml.linear.least_squares",
    "LinearSVC": "cvkit.ml.svm.linear_svc",
    "LogisticRegression": "cvkit.ml.linear.logistic",
    "MultinomialNB": "cvkit.ml.bayes.discrete",
    "PCA": "cvkit.ml.decomposition.pca",
    "RandomForestClassifier": "cvkit.ml.ensemble.forest",
    "RandomForestRegressor": "cvkit.ml.ensemble.forest",
    "Ridge": "cvkit.ml.linear.least_squares",
    "SVC": "cvkit.ml.svm.svc",
    "export_text": "cvkit.ml.tree.export",
    "impute_by_proximity": "cvkit.ml.ensemble.imputation",
    "impute_roughly": "cvkit.ml.ensemble.imputation",
    "load": "cvkit.ml.storage",
    "plot_tree": "cvkit.ml.tree.export",
    "save": "cvkit.ml.storage",
}

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_names(globals(), _NAMES)
