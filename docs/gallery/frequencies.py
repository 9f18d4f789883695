"""
Filter in the frequency domain
==============================

Fourier transforms are those of ``scipy.fft``. Stripes over an image are two bright points of its spectrum;
without them the stripes are gone.
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.fft

import cvkit

gray = cvkit.read_image("../../samples/astronaut.jpg", "gray").astype(np.float32)
y, x = np.mgrid[: gray.shape[0], : gray.shape[1]]
striped = gray + 40 * np.sin(2 * np.pi * (x / 8 + y / 16)).astype(np.float32)

spectrum = scipy.fft.fftshift(scipy.fft.fft2(striped))
strength = cvkit.gaussian_blur(np.log1p(np.abs(spectrum)).astype(np.float32), 1)
center = np.array(gray.shape) // 2
distance = np.hypot(y - center[0], x - center[1])
# The brightest place away from the low frequencies, and the one that mirrors it.
peak = np.array(np.unravel_index(np.argmax(np.where(distance > 25, strength, 0)), gray.shape))
keep = np.ones_like(gray)
for row, column in (peak, 2 * center - peak):
    keep[np.hypot(y - row, x - column) < 8] = 0
keep = cvkit.gaussian_blur(keep, 2)
cleaned = scipy.fft.ifft2(scipy.fft.ifftshift(spectrum * keep)).real

figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for axis, (title, values) in zip(
    axes, {"striped": striped, "spectrum": strength * keep, "cleaned": cleaned}.items(), strict=True
):
    axis.imshow(values, cmap="gray")
    axis.set_title(title)
    axis.set_axis_off()
