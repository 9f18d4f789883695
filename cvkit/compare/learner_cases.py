"""The table of learners: what each is compared with, how it must agree, and the speed bar."""

from __future__ import annotations

from cvkit.compare.boosting_cases import BOOSTING_CASES
from cvkit.compare.cluster_cases import CLUSTER_CASES
from cvkit.compare.learners import LearnerCase
from cvkit.compare.linear_cases import LINEAR_CASES
from cvkit.compare.neighbor_cases import NEIGHBOR_CASES
from cvkit.compare.svm_cases import SVM_CASES
from cvkit.compare.tree_cases import TREE_CASES

LEARNER_CASES: list[LearnerCase] = [
    *LINEAR_CASES,
    *SVM_CASES,
    *CLUSTER_CASES,
    *NEIGHBOR_CASES,
    *TREE_CASES,
    *BOOSTING_CASES,
]
