"""Measurements as tables, drawings and a page."""
