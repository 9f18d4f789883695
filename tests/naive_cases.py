"""Rows of the table whose only reference is a naive version in tests/reference.py."""

from __future__ import annotations

from cvkit.compare.cases import Case

NAIVE_CASES: list[Case] = []
