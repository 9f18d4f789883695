"""Classical computer vision and machine learning on every CPU and any CUDA GPU.

Functions take images as ``(H, W)`` or ``(H, W, C)`` arrays, RGB, and stacks as ``(N, H, W, C)``. They run
where the array lives: NumPy on the CPU, anything with ``__cuda_array_interface__`` or DLPack on its GPU.
Names are loaded when they are first used, so that ``import cvkit`` costs next to nothing.
"""

from __future__ import annotations

from cvkit._lazy import lazy_names
from cvkit._version import __version__

# Public name -> the module that defines it.
_FUNCTIONS = {
    "adaptive_threshold": "cvkit.intensity.threshold",
    "adjust_gamma": "cvkit.intensity.lookup",
    "affine_matrix": "cvkit.geometry.matrices",
    "bilateral_filter": "cvkit.filters.bilateral",
    "bilinear_sample": "cvkit.geometry.warp",
    "black_hat": "cvkit.morphology.combinations",
    "blend": "cvkit.intensity.lookup",
    "box_filter": "cvkit.filters.smoothing",
    "canny": "cvkit.filters.canny",
    "canny_from_gradients": "cvkit.filters.canny",
    "channel_features": "cvkit.features.channels",
    "clahe": "cvkit.intensity.clahe",
    "closing": "cvkit.morphology.combinations",
    "compose": "cvkit.geometry.matrices",
    "demosaic": "cvkit.color.demosaic",
    "dilate": "cvkit.morphology.erosion",
    "equalize_histogram": "cvkit.intensity.equalization",
    "erode": "cvkit.morphology.erosion",
    "filter2d": "cvkit.filters.convolution",
    "find_homography": "cvkit.geometry.homography",
    "gaussian_blur": "cvkit.filters.smoothing",
    "get_num_threads": "cvkit._jit",
    "gray_to_rgb": "cvkit.color.gray",
    "histogram": "cvkit.intensity.histogram",
    "hit_or_miss": "cvkit.morphology.hit_or_miss",
    "hls_to_rgb": "cvkit.color.hue",
    "hog": "cvkit.features.hog",
    "hsv_to_rgb": "cvkit.color.hue",
    "integral_image": "cvkit.intensity.integral",
    "invert_affine": "cvkit.geometry.matrices",
    "invert_perspective": "cvkit.geometry.matrices",
    "lab_to_rgb": "cvkit.color.lightness",
    "laplacian": "cvkit.filters.derivatives",
    "laplacian_of_gaussian": "cvkit.filters.laplacian_of_gaussian",
    "ldcf_features": "cvkit.features.channels",
    "lookup": "cvkit.intensity.lookup",
    "luv_to_rgb": "cvkit.color.lightness",
    "match_histogram": "cvkit.intensity.equalization",
    "median_blur": "cvkit.filters.median",
    "morphological_gradient": "cvkit.morphology.combinations",
    "non_local_means": "cvkit.filters.denoising",
    "normalize": "cvkit.intensity.lookup",
    "opening": "cvkit.morphology.combinations",
    "otsu_threshold": "cvkit.intensity.threshold",
    "perspective_matrix": "cvkit.geometry.matrices",
    "prewitt": "cvkit.filters.derivatives",
    "psnr": "cvkit.intensity.metrics",
    "pyramid_down": "cvkit.geometry.pyramid",
    "pyramid_up": "cvkit.geometry.pyramid",
    "read_image": "cvkit.io",
    "reconstruct": "cvkit.morphology.reconstruction",
    "remap": "cvkit.geometry.warp",
    "resize": "cvkit.geometry.resize",
    "rgb_to_bgr": "cvkit.color.spaces",
    "rgb_to_gray": "cvkit.color.gray",
    "rgb_to_hls": "cvkit.color.hue",
    "rgb_to_hsv": "cvkit.color.hue",
    "rgb_to_lab": "cvkit.color.lightness",
    "rgb_to_luv": "cvkit.color.lightness",
    "rgb_to_xyz": "cvkit.color.spaces",
    "rgb_to_ycrcb": "cvkit.color.spaces",
    "roberts": "cvkit.filters.derivatives",
    "rotation_matrix": "cvkit.geometry.matrices",
    "scharr": "cvkit.filters.derivatives",
    "sep_filter2d": "cvkit.filters.convolution",
    "set_num_threads": "cvkit._jit",
    "sharpen": "cvkit.filters.sharpening",
    "similarity_matrix": "cvkit.geometry.matrices",
    "sobel": "cvkit.filters.derivatives",
    "structural_similarity": "cvkit.intensity.metrics",
    "structuring_element": "cvkit.morphology.elements",
    "threshold": "cvkit.intensity.threshold",
    "to_device": "cvkit._dispatch",
    "to_host": "cvkit._dispatch",
    "top_hat": "cvkit.morphology.combinations",
    "transform_points": "cvkit.geometry.matrices",
    "triangle_threshold": "cvkit.intensity.threshold",
    "unsharp_mask": "cvkit.filters.sharpening",
    "warp_affine": "cvkit.geometry.warp",
    "warp_perspective": "cvkit.geometry.warp",
    "write_image": "cvkit.io",
    "xyz_to_rgb": "cvkit.color.spaces",
    "ycrcb_to_rgb": "cvkit.color.spaces",
}
_MODULES = (
    "batch",
    "color",
    "compare",
    "detect",
    "features",
    "filters",
    "geometry",
    "intensity",
    "io",
    "ml",
    "morphology",
)

__all__ = ["__version__", *_FUNCTIONS, *_MODULES]

__getattr__, __dir__ = lazy_names(
    globals(), {**_FUNCTIONS, **{module: f"cvkit.{module}" for module in _MODULES}}
)
