"""Vector instructions."""
