"""How cvkit agrees with OpenCV, scikit-image and scikit-learn, and how fast it is beside them."""
