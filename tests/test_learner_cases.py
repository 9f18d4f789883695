"""Every row of the table of learners: fitted on its small data, cvkit agrees with scikit-learn."""

from __future__ import annotations

import pytest

from cvkit.compare.cases.learners.case import LearnerCase
from cvkit.compare.cases.learners.table import LEARNER_CASES

ROWS = [pytest.param(case, id=f"{case.learner}: {case.name}") for case in LEARNER_CASES]


@pytest.mark.parametrize("case", ROWS)
def test_row_agrees(case: LearnerCase) -> None:
    X, y = (case.small or case.data)()
    ours = case.ours().fit(X, y)
    theirs = case.theirs().fit(X, y)
    found = case.agree(ours, theirs, X, y)
    assert case.tolerances.keys() <= found.keys()
    beyond = {name: found[name] for name, bound in case.tolerances.items() if not found[name] <= bound}
    assert not beyond


def test_rows_have_names_of_their_own() -> None:
    names = [(case.learner, case.name) for case in LEARNER_CASES]
    assert len(set(names)) == len(names)
