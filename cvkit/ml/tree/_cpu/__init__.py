"""CPU twins of ``cvkit.ml.tree.decision_tree``."""
