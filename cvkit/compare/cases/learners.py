"""The table of learners: what each is compared with, how it must agree, and the speed bar."""

from __future__ import annotations

from cvkit.compare.cases.boosting import BOOSTING_CASES
from cvkit.compare.cases.clustering import CLUSTER_CASES
from cvkit.compare.cases.learner_case import LearnerCase
from cvkit.compare.cases.linear_models import LINEAR_CASES
from cvkit.compare.cases.neighbors import NEIGHBOR_CASES
from cvkit.compare.cases.svm import SVM_CASES
from cvkit.compare.cases.trees import TREE_CASES

LEARNER_CASES: list[LearnerCase] = [
    *LINEAR_CASES,
    *SVM_CASES,
    *CLUSTER_CASES,
    *NEIGHBOR_CASES,
    *TREE_CASES,
    *BOOSTING_CASES,
]
