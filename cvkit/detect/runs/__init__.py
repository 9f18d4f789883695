"""Resumable detection over images, videos and cameras."""
