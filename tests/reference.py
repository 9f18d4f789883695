"""Naive NumPy versions of operations: slow, obvious, and sharing no code with cvkit."""
