"""Morphology: minima and maxima over structuring elements, and what is built from them."""
