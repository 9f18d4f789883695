"""Probabilities from decision values: Platt's sigmoid for two classes, pairwise coupling for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cvkit.ml.svm.binary_svm import PairProblem

_FOLDS = 5


def calibrate(problem: PairProblem, random: np.random.RandomState) -> tuple[float, float]:
    """Fit the sigmoid of one binary SVM to decisions of samples it was not trained on.

    Parameters
    ----------
    problem : PairProblem
        The two-class problem; its positive class is the sigmoid's.
    random : RandomState
        Draws the folds: five, or one for each sample where there are fewer.

    Returns
    -------
    (float, float)
        Platt's A and B.
    """
    order = random.permutation(len(problem.signs))
    decisions = np.empty(len(order))
    for fold in np.array_split(order, min(_FOLDS, len(order))):
        training = np.setdiff1d(order, fold)
        decisions[fold] = problem.held_out(training, fold)
    return fit_sigmoid(decisions, problem.signs > 0)


def fit_sigmoid(decisions: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Fit ``P(positive | f) = 1 / (1 + exp(A f + B))`` by maximum likelihood.

    Parameters
    ----------
    decisions : ndarray of shape (n,)
        Decision values f, of samples that the SVM was not trained on.
    positive : bool ndarray of shape (n,)
        Which samples belong to the positive class.

    Returns
    -------
    (float, float)
        A and B.

    Notes
    -----
    Newton's method with backtracking and targets drawn towards one half: Lin, Lin, Weng, "A note on
    Platt's probabilistic outputs for support vector machines", Machine Learning 68 (2007); the constants are
    LIBSVM's.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = fit_sigmoid(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    >>> a < 0 and abs(b) < 1e-6
    True
    """
    above = int(positive.sum())
    below = len(positive) - above
    targets = np.where(positive, (above + 1.0) / (above + 2.0), 1.0 / (below + 2.0))
    parameters = np.array([0.0, np.log((below + 1.0) / (above + 1.0))])
    likelihood = _negative_log_likelihood(decisions, targets, parameters)
    for _ in range(100):
        probabilities = sigmoid(decisions, *parameters)
        weights = probabilities * (1.0 - probabilities)
        slopes = targets - probabilities
        gradient = np.array([decisions @ slopes, slopes.sum()])
        if np.all(np.abs(gradient) < 1e-5):
            break
        mixed = weights @ decisions
        hessian = np.array([[weights @ decisions**2 + 1e-12, mixed], [mixed, weights.sum() + 1e-12]])
        step = -np.linalg.solve(hessian, gradient)
        length = 1.0
        while length >= 1e-10:
            moved = parameters + length * step
            lower = _negative_log_likelihood(decisions, targets, moved)
            if lower < likelihood + 1e-4 * length * (gradient @ step):
                break
            length /= 2.0
        else:  # rounding leaves no decrease
            break
        parameters, likelihood = moved, lower
    return float(parameters[0]), float(parameters[1])


def _negative_log_likelihood(decisions: np.ndarray, targets: np.ndarray, parameters: np.ndarray) -> float:
    exponents = decisions * parameters[0] + parameters[1]
    return float(np.sum(np.logaddexp(0.0, exponents) - (1.0 - targets) * exponents))


def sigmoid(decisions: np.ndarray, a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Return ``1 / (1 + exp(a * decisions + b))`` without overflow."""
    return np.exp(-np.logaddexp(0.0, decisions * a + b))


def couple(pairs: np.ndarray, class_count: int) -> np.ndarray:
    """Combine probabilities of pairs of classes into probabilities of the classes.

    Parameters
    ----------
    pairs : float64 ndarray of shape (n, class_count * (class_count - 1) / 2)
        Probability of the first class of each pair (0, 1), (0, 2) ... (1, 2) ...
    class_count : int
        Number of classes.

    Returns
    -------
    float64 ndarray of shape (n, class_count)
        Rows that sum to one.

    Notes
    -----
    Second method of Wu, Lin, Weng, "Probability estimates for multi-class classification by pairwise
    coupling", JMLR 5 (2004): minimize ``sum over i != j of (r_ji p_i - r_ij p_j)^2``, which under
    ``sum(p) = 1`` is one linear system for each sample.

    Examples
    --------
    >>> import numpy as np
    >>> couple(np.array([[0.8, 0.9, 0.6]]), 3).round(2)
    array([[0.73, 0.17, 0.09]])
    """
    if class_count == 2:
        return np.column_stack([pairs[:, 0], 1.0 - pairs[:, 0]])
    count = len(pairs)
    first, second = np.triu_indices(class_count, 1)
    wins = np.zeros((count, class_count, class_count))
    wins[:, first, second] = pairs
    wins[:, second, first] = 1.0 - pairs
    # The stationary point with a Lagrange multiplier for the sum.
    system = np.zeros((count, class_count + 1, class_count + 1))
    system[:, :class_count, :class_count] = -wins * wins.transpose(0, 2, 1)
    diagonal = np.arange(class_count)
    system[:, diagonal, diagonal] = np.sum(wins**2, axis=1)
    system[:, :class_count, class_count] = 1.0
    system[:, class_count, :class_count] = 1.0
    target = np.zeros((count, class_count + 1, 1))
    target[:, class_count] = 1.0
    solution = np.linalg.solve(system, target)[:, :class_count, 0]
    solution = np.maximum(solution, 0.0)
    return solution / solution.sum(axis=1, keepdims=True)
