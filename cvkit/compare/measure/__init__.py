"""Measuring agreement and speed."""
