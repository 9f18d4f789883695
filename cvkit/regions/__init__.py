"""Regions of binary images: labeled, measured, filled, and followed along their outlines."""
