"""Measurements as tables, drawings and pages."""
