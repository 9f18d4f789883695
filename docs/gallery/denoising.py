"""
Remove noise
============

Averaging over a neighborhood removes noise and edges alike. A bilateral filter averages only what looks
alike, and non-local means averages over patches that look alike, wherever they are. PSNR and SSIM tell how
near each comes to the image without noise.
"""

import matplotlib.pyplot as plt
import numpy as np

import cvkit

clean = cvkit.read_image("../../samples/astronaut.jpg", "gray")[20:260, 120:380]
noise = np.random.default_rng(0).normal(0, 18, clean.shape)
noisy = (clean + noise).clip(0, 255).astype(np.uint8)
results = {
    "noisy": noisy,
    "gaussian_blur": cvkit.gaussian_blur(noisy, 1.3),
    "median_blur": cvkit.median_blur(noisy, 5),
    "bilateral_filter": cvkit.bilateral_filter(noisy, 9, 50, 3),
    "non_local_means": cvkit.non_local_means(noisy, 17),
}

figure, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
axes[0, 0].imshow(clean, cmap="gray")
axes[0, 0].set_title("without noise")
for axis, (name, result) in zip(axes.flat[1:], results.items(), strict=True):
    axis.imshow(result, cmap="gray")
    likeness = cvkit.structural_similarity(clean, result)
    axis.set_title(f"{name}\n{cvkit.psnr(clean, result):.1f} dB, SSIM {likeness:.2f}", fontsize=10)
for axis in axes.flat:
    axis.set_axis_off()
