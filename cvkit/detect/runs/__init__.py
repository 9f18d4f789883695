"""Resumable detection over pictures, videos and cameras."""
