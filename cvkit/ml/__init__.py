"""Classic learners with the names, parameters and attributes of scikit-learn."""
