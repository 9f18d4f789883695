"""Forests, boosting, and what is made of forests."""
