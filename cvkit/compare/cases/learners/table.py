"""The table of learners: what each is compared with, how it must agree, and the speed bar."""

from __future__ import annotations

from cvkit.compare.cases.learners.bayes import BAYES_CASES
from cvkit.compare.cases.learners.boosting import BOOSTING_CASES
from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.clustering import CLUSTER_CASES, MIXTURE_CASES
from cvkit.compare.cases.learners.linear_models import LINEAR_CASES
from cvkit.compare.cases.learners.neighbors import NEIGHBOR_CASES
from cvkit.compare.cases.learners.regression import REGRESSION_CASES
from cvkit.compare.cases.learners.svm import SVM_CASES
from cvkit.compare.cases.learners.trees import TREE_CASES

LEARNER_CASES: list[LearnerCase] = [
    *LINEAR_CASES,
    *SVM_CASES,
    *CLUSTER_CASES,
    *NEIGHBOR_CASES,
    *TREE_CASES,
    *BOOSTING_CASES,
    *BAYES_CASES,
    *MIXTURE_CASES,
    *REGRESSION_CASES,
]
