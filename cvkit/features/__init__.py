"""Image features: histograms of oriented gradients."""
