"""CPU twins of ``cvkit.ml.svm``."""
