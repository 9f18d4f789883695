"""CPU twins of ``cvkit.ml.cluster.k_means``."""
