"""What both targets share: codes of kernel functions, and classes from the decisions of pairs of classes."""

from cvkit._jit import helper

LINEAR, POLY, RBF, SIGMOID, PRECOMPUTED = range(5)

KERNEL_FUNCTIONS = {
    "linear": LINEAR,
    "poly": POLY,
    "rbf": RBF,
    "sigmoid": SIGMOID,
    "precomputed": PRECOMPUTED,
}


@helper
def _pair_value(pairs, first, second, class_count):
    """Return the decision of two classes, positive for ``first``; stored are (0,1), (0,2)... (1,2)..."""
    if first < second:
        return pairs[first * class_count - first * (first + 1) // 2 + second - first - 1]
    return -pairs[second * class_count - second * (second + 1) // 2 + first - second - 1]


@helper
def winner_of_votes(pairs, class_count):
    """Return the class that wins most pairs; a decision of zero goes to the second class of its pair."""
    winner, most = 0, -1
    for label in range(class_count):
        votes = 0
        for other in range(class_count):
            if other == label:
                continue
            value = _pair_value(pairs, label, other, class_count)
            if value > 0.0 or (value == 0.0 and label > other):
                votes += 1
        if votes > most:
            winner, most = label, votes
    return winner


@helper
def one_vs_rest_row(pairs, out):
    """Write votes plus a share below one half that orders classes of equal votes by their decisions.

    scikit-learn's rule: a decision of zero counts for the first class of its pair, unlike in the vote.
    """
    class_count = out.shape[0]
    for label in range(class_count):
        votes, total = 0, 0.0
        for other in range(class_count):
            if other == label:
                continue
            value = _pair_value(pairs, label, other, class_count)
            total += value
            if value > 0.0 or (value == 0.0 and label < other):
                votes += 1
        out[label] = votes + total / (3.0 * (abs(total) + 1.0))
