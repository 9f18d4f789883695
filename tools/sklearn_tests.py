"""Run scikit-learn's own tests with cvkit's learners under its public names, and say what fails and why.

    python tools/sklearn_tests.py                    # exit code 1 where a test fails that may not
    python tools/sklearn_tests.py -n 2 --list        # two processes; every failure with its message
    python tools/sklearn_tests.py --shrink           # take what passes now off the list

The tests come with scikit-learn's wheel. One counts where it makes or fits a learner of cvkit. What may fail
is in ``tools/results/sklearn_tests.json``, by reason; the list only ever becomes shorter.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn.utils import all_estimators

from cvkit import ml
from cvkit.cli.programs import ArgumentParser, program

ROOT = Path(__file__).resolve().parents[1]
ALLOWED = ROOT / "tools" / "results" / "sklearn_tests.json"
# The files that test estimators of which cvkit has one of the same name.
FILES = {
    "tree": ("tests/test_tree.py", "tests/test_monotonic_tree.py", "tests/test_export.py"),
    "ensemble": ("tests/test_forest.py", "tests/test_weight_boosting.py"),
    "svm": ("tests/test_svm.py", "tests/test_sparse.py"),
    "linear_model": ("tests/test_logistic.py",),
    "cluster": ("tests/test_k_means.py",),
    "neighbors": ("tests/test_neighbors.py",),
}
# Functions that have a namesake in scikit-learn, beside the estimators, which are found.
FUNCTIONS = {"export_text": "sklearn.tree", "plot_tree": "sklearn.tree"}
# What a failure is called, by the first expression that its last lines match.
_SYMPTOMS = (
    (r"Sparse data was passed|sparse (matrix|input|data)|toarray", "sparse samples"),
    (r"y should be a 1d array|bad input shape|multi-?output|Unknown label type: multi", "several outputs"),
    (r"unexpected keyword argument '(\w+)'|Invalid parameter '(\w+)'", "parameter {}"),
    (r"The '(\w+)' parameter of \w+ must be", "values of {}"),
    (r"object has no attribute '(\w+)'|has no attribute (\w+)", "attribute {}"),
    (r"DID NOT RAISE", "no error"),
    (r"DID NOT WARN", "no warning"),
    (r"Regex pattern did not match|regex", "wording"),
    (r"Not equal to tolerance|Arrays are not|assert .*==|AssertionError", "another value"),
)
_MARK = "learner"


def put_learners_in_place() -> None:
    """Give every public name in scikit-learn that cvkit has, too, cvkit's class."""
    for folder in FILES:
        importlib.import_module(f"sklearn.{folder}")
    theirs = {name: found.__module__.rpartition(".")[0] for name, found in all_estimators()}
    for name in ml.__all__:
        module = theirs.get(name) or FUNCTIONS.get(name)
        if module is not None:
            setattr(importlib.import_module(module), name, _noticed(getattr(ml, name)))


class _Touched:
    """The names of the learners that the test which runs now has used."""

    names: set[str] = set()  # noqa: RUF012  (one for the process, as the patched classes are)


def _noticed(learner: Any) -> Any:
    """Make a class or a function note that it is used."""
    if not isinstance(learner, type):
        return _noting(learner, learner.__name__)
    for method in ("__init__", "fit"):
        setattr(learner, method, _noting(getattr(learner, method), learner.__name__))
    return learner


def _noting(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def noted(*arguments: Any, **named: Any) -> Any:
        _Touched.names.add(name)
        return function(*arguments, **named)

    return noted


def pytest_configure(config: pytest.Config) -> None:
    """Put cvkit's learners in place before a test is imported (a hook of pytest in each process)."""
    put_learners_in_place()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Note which learners a test used (a hook of pytest)."""
    _Touched.names = set()
    try:
        return (yield)
    finally:
        item.user_properties += [(_MARK, name) for name in sorted(_Touched.names)]


class Outcomes:
    """What became of the tests that used a learner: a plugin of pytest.

    Attributes
    ----------
    passed : set of str
        Tests by the names that the list of allowed failures has.
    failed : dict
        The last line of what went wrong, by test.
    learners : dict
        The learners of each test.
    """

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: dict[str, str] = {}
        self.learners: dict[str, list[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what became of a test (a hook of pytest)."""
        learners = [str(name) for mark, name in report.user_properties if mark == _MARK]
        if report.when != "call" or not learners or report.skipped:
            return
        test = test_name(report.nodeid)
        self.learners[test] = learners
        if report.passed:
            self.passed.add(test)
        else:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.failed[test] = crash.message if crash else str(report.longrepr)


def test_name(nodeid: str) -> str:
    """Name a test without the folder that scikit-learn is installed in, and without addresses of objects."""
    name = re.sub(r"^.*sklearn/", "", nodeid)
    return re.sub(r"0x[0-9a-f]+", "0x", name)


def symptom(message: str) -> str:
    """Say in a word or two what a failure's message is about."""
    for expression, words in _SYMPTOMS:
        found = re.search(expression, message)
        if found:
            return words.format(next(filter(None, found.groups()), ""))
    return message.partition("\n")[0].partition(":")[0][:60]


def run_tests(processes: int, selection: str) -> Outcomes:
    """Run scikit-learn's tests in this process, or in several."""
    folder = Path(sklearn.__file__).parent
    paths = [str(folder / part / file) for part, files in FILES.items() for file in files]
    outcomes = Outcomes()
    with tempfile.TemporaryDirectory() as temporary:
        options = ["-q", "--no-header", "--no-summary", "-p", "no:cacheprovider", "-p", "sklearn_tests"]
        # scikit-learn's own settings stay out: they would turn warnings of other versions into errors.
        options += ["-c", "/dev/null", "--rootdir", str(folder.parent), "--basetemp", f"{temporary}/pytest"]
        options += ["--tb=short", "-W", "ignore"]
        options += ["-k", selection] if selection else []
        options += ["-n", str(processes)] if processes > 1 else []
        pytest.main([*options, *paths], plugins=[outcomes])
    return outcomes


def read_allowed() -> dict[str, dict[str, Any]]:
    """Read what may fail: for each group its reason and its tests."""
    groups: dict[str, dict[str, Any]] = json.loads(ALLOWED.read_text(encoding="utf-8"))
    return groups


def without_passing(groups: dict[str, dict[str, Any]], passed: set[str]) -> dict[str, dict[str, Any]]:
    """Take the tests that pass off the list, and the groups that become empty."""
    kept = {
        name: {**group, "tests": [test for test in group["tests"] if test not in passed]}
        for name, group in groups.items()
    }
    return {name: group for name, group in kept.items() if group["tests"]}


def print_failures(failed: dict[str, str]) -> None:
    """Print failures by symptom, the most frequent first."""
    by_symptom = defaultdict(list)
    for test, message in failed.items():
        by_symptom[symptom(message)].append(test)
    for words, tests in sorted(by_symptom.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(tests):4} {words}")
        for test in tests:
            print(f"     {test}: {failed[test].partition(chr(10))[0][:150]}")


@program
def main() -> int:
    """Do what the command line asks for."""
    return compare(sys.argv[1:])


def compare(arguments: list[str]) -> int:
    """Run the tests and compare what fails with what may."""
    parser = ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1, metavar="PROCESSES", help="by pytest-xdist")
    parser.add_argument("-k", default="", metavar="EXPRESSION", help="pytest's selection of tests")
    parser.add_argument("--list", action="store_true", help="print every failure, not only the new ones")
    parser.add_argument(
        "--shrink", action="store_true", help="take what passes off the list of what may fail"
    )
    options = parser.parse_args(arguments)
    if options.n < 1:
        parser.error(f"-n must be at least 1, got {options.n}")
    outcomes = run_tests(options.n, options.k)
    groups = read_allowed()
    allowed = {test for group in groups.values() for test in group["tests"]}
    new = {test: message for test, message in outcomes.failed.items() if test not in allowed}
    mended = sorted(allowed & outcomes.passed)

    if options.list:
        print_failures(outcomes.failed)
    elif new:
        print_failures(new)
    passed, failed = Counter(), Counter()
    for test, learners in outcomes.learners.items():
        for learner in learners:
            (passed if test in outcomes.passed else failed)[learner] += 1
    print()
    for learner in sorted(passed | failed):
        print(f"{learner}: {passed[learner]} of {passed[learner] + failed[learner]}")
    total = len(outcomes.passed) + len(outcomes.failed)
    print(f"{len(outcomes.passed)} of {total} tests that use a learner of cvkit pass, {len(new)} fail anew")
    if mended and options.shrink:
        groups = without_passing(groups, outcomes.passed)
        ALLOWED.write_text(json.dumps(groups, indent=1) + "\n", encoding="utf-8")
        print(f"{len(mended)} tests are off the list")
    elif mended:
        print(f"{len(mended)} tests pass that the list lets fail: --shrink takes them off")
    return 1 if new else 0


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
