"""Values of images: thresholds, histograms, tables, sums and comparisons."""
