"""The list of scikit-learn's tests that may fail with cvkit's learners: what is new, and that it shrinks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sklearn_tests
from sklearn_tests import Outcomes


@pytest.fixture
def allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "allowed.json"
    groups = {"wording": {"reason": "other words", "tests": ["t::a", "t::b"]}}
    path.write_text(json.dumps(groups))
    monkeypatch.setattr(sklearn_tests, "ALLOWED", path)
    return path


def outcome(monkeypatch: pytest.MonkeyPatch, passed: set[str], failed: dict[str, str]) -> None:
    outcomes = Outcomes()
    outcomes.passed, outcomes.failed = passed, failed
    outcomes.learners = {test: ["SVC"] for test in (*passed, *failed)}
    monkeypatch.setattr(sklearn_tests, "run_tests", lambda processes, selection: outcomes)


def test_a_new_failure_is_told(
    allowed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome(monkeypatch, {"t::c"}, {"t::a": "", "t::b": "", "t::d": "DID NOT RAISE ValueError"})
    assert sklearn_tests.compare([]) == 1
    told = capsys.readouterr().out
    assert "t::d: DID NOT RAISE ValueError" in told
    assert "t::a" not in told
    assert "1 of 4 tests that use a learner of cvkit pass, 1 fail anew" in told


def test_the_list_only_shrinks(allowed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome(monkeypatch, {"t::a"}, {"t::b": ""})
    assert sklearn_tests.compare([]) == 0
    assert len(json.loads(allowed.read_text())["wording"]["tests"]) == 2
    assert sklearn_tests.compare(["--shrink"]) == 0
    assert json.loads(allowed.read_text())["wording"]["tests"] == ["t::b"]
    outcome(monkeypatch, {"t::b"}, {"t::e": ""})
    assert sklearn_tests.compare(["--shrink"]) == 1
    assert json.loads(allowed.read_text()) == {}


def test_names_and_symptoms() -> None:
    name = sklearn_tests.test_name("lib/sklearn/svm/tests/test_svm.py::test[<function f at 0x7f01>]")
    assert name == "svm/tests/test_svm.py::test[<function f at 0x>]"
    assert sklearn_tests.symptom("TypeError: f() got an unexpected keyword argument 'splitter'") == (
        "parameter splitter"
    )
    assert sklearn_tests.symptom("ZeroDivisionError: division") == "ZeroDivisionError"


def test_every_group_has_a_reason() -> None:
    groups = sklearn_tests.read_allowed()
    assert all(group["reason"] and group["tests"] for group in groups.values())
    tests = [test for group in groups.values() for test in group["tests"]]
    assert len(set(tests)) == len(tests)
