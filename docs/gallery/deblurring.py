"""
Undo a blur
===========

A blur multiplies the spectrum of an image; dividing takes it back, but where the blur left next to nothing
the division makes noise of it. Wiener's filter divides less where the noise is stronger than what is left.
"""

import matplotlib.pyplot as plt
import numpy as np
import scipy.fft

import cvkit

image = cvkit.read_image("../../samples/astronaut.jpg", "gray")[:288, 80:400]
# A camera that moved by 15 pixels while its shutter was open.
kernel = cvkit.warp_affine(
    np.pad(np.ones((1, 15), np.float32), ((10, 10), (3, 3))), cvkit.rotation_matrix((10, 10), 25), (21, 21)
)
kernel /= kernel.sum()
blurred = cvkit.filter2d(image.astype(np.float32), kernel, border="wrap")
noise = np.random.default_rng(0).normal(0, 2, image.shape)
blurred = (blurred + noise).clip(0, 255).astype(np.uint8)

# %%
# The kernel as large as the image, its center in the corner, as transforms count. ``filter2d`` correlates:
# its kernel is turned.

padded = np.zeros(image.shape, np.float32)
padded[:21, :21] = kernel[::-1, ::-1]
transfer = scipy.fft.fft2(np.roll(padded, (-10, -10), axis=(0, 1)))
spectrum = scipy.fft.fft2(blurred)
results = {"blurred": blurred}
for name, noise_to_signal in [("divided", 1e-5), ("Wiener's filter", 4e-3)]:
    inverse = np.conj(transfer) / (np.abs(transfer) ** 2 + noise_to_signal)
    restored = scipy.fft.ifft2(spectrum * inverse).real
    results[name] = restored.clip(0, 255).astype(np.uint8)

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
for axis, (name, result) in zip(axes, results.items(), strict=True):
    axis.imshow(result, cmap="gray")
    axis.set_title(f"{name}, {cvkit.psnr(image, result):.1f} dB")
    axis.set_axis_off()
