"""Rows of the table whose reference is scikit-image; every operation is to take a fifth of its time at most.

scikit-image computes in floats, so that most rows are for images of float32.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import cvkit
from cvkit._dispatch import Array
from cvkit.compare.cases.case import EXACT, Case, Tolerance, image_size
from cvkit.compare.cases.geometry import LAST_BITS, rotation

_BAR = 0.2
_AGAINST = "scikit-image"
# An image is sampled where its coordinates, of some 1000 pixels, have an error of 2^-14 as float32; between
# neighbors it changes by up to 255 a pixel along each axis.
_COORDINATES = Tolerance(absolute=2 * 255 * 2**-14)


def _float_case(
    operation: str,
    name: str,
    ours: Callable[[Array], Array],
    reference: Callable[[np.ndarray], np.ndarray],
    *,
    channels: int = 1,
    tolerance: Tolerance = LAST_BITS,
) -> Case:
    return Case(
        operation,
        f"{name} as scikit-image",
        ours,
        reference,
        against=_AGAINST,
        tolerance=tolerance,
        device_tolerance=tolerance,
        dtype="float32",
        channels=channels,
        bar=_BAR,
        # Derivatives of a single row or column are those of a line to scikit-image, without smoothing.
        minimum_shape=(3, 3),
    )


def _filter(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a filter of scikit-image that takes an image alone; the library is imported when called."""

    def call(image: np.ndarray) -> np.ndarray:
        import skimage.filters

        return getattr(skimage.filters, name)(image)

    return call


def _gaussian(image: np.ndarray) -> np.ndarray:
    import skimage.filters

    channel_axis = 2 if image.ndim == 3 else None
    return skimage.filters.gaussian(image, 1.5, mode="mirror", preserve_range=True, channel_axis=channel_axis)


def _median(image: np.ndarray) -> np.ndarray:
    import skimage.filters

    return skimage.filters.median(image, np.ones((5, 5), bool), mode="nearest")


def _larger(image: Array) -> tuple[int, int]:
    height, width = image_size(image)
    return height * 3 // 2, width * 3 // 2


def _resize(image: np.ndarray) -> np.ndarray:
    import skimage.transform

    return skimage.transform.resize(
        image, _larger(image), order=1, mode="edge", anti_aliasing=False, preserve_range=True
    )


def _warp(image: np.ndarray) -> np.ndarray:
    import skimage.transform

    inverse = np.vstack([cvkit.invert_affine(rotation(image)), [0, 0, 1]])
    return skimage.transform.warp(image, inverse, order=1, preserve_range=True)


# scikit-image divides the kernels of first derivatives by the sum of their smoothing weights.
SKIMAGE_CASES: list[Case] = [
    *(
        _float_case(
            "gaussian_blur",
            "sigma 1.5",
            lambda image: cvkit.gaussian_blur(image, 1.5),
            _gaussian,
            channels=channels,
        )
        for channels in (1, 3)
    ),
    Case(
        "median_blur",
        "5 as scikit-image",
        lambda image: cvkit.median_blur(image, 5),
        _median,
        against=_AGAINST,
        tolerance=EXACT,
        bar=_BAR,
    ),
    _float_case(
        "sobel",
        "dx",
        lambda image: cvkit.sobel(image, 1, 0, scale=1 / 4, border="reflect"),
        _filter("sobel_v"),
    ),
    _float_case(
        "scharr",
        "dy",
        lambda image: cvkit.scharr(image, 0, 1, scale=1 / 16, border="reflect"),
        _filter("scharr_h"),
    ),
    _float_case(
        "laplacian",
        "ksize 1",
        lambda image: cvkit.laplacian(image, ksize=1, scale=-1, border="reflect"),
        _filter("laplace"),
    ),
    _float_case(
        "roberts", "reflect", lambda image: cvkit.roberts(image, border="reflect"), _filter("roberts")
    ),
    *(
        _float_case(
            "resize",
            "bilinear 1.5",
            lambda image: cvkit.resize(image, _larger(image)),
            _resize,
            channels=channels,
        )
        for channels in (1, 3)
    ),
    _float_case(
        "warp_affine",
        "bilinear",
        lambda image: cvkit.warp_affine(image, rotation(image), image_size(image)),
        _warp,
        tolerance=_COORDINATES,
    ),
]


def _canny(image: np.ndarray) -> np.ndarray:
    import skimage.feature

    return skimage.feature.canny(image, 1.4, 30, 90)


def _bilateral(image: np.ndarray) -> np.ndarray:
    import skimage.restoration

    return skimage.restoration.denoise_bilateral(image, 9, 75 / 255, 75)


def _non_local_means(image: np.ndarray) -> np.ndarray:
    import skimage.restoration

    return skimage.restoration.denoise_nl_means(image, 7, 10, h=10 / 255)


def _skeletonize(image: np.ndarray) -> np.ndarray:
    from skimage.morphology import skeletonize

    return np.asarray(skeletonize(image >= 128))


TIMED_CASES: list[Case] = [
    Case(operation, name, ours, reference, against=_AGAINST, bar=_BAR)
    for operation, name, ours, reference in (
        ("canny", "sigma 1.4, time only", lambda image: cvkit.canny(image, 30, 90, sigma=1.4), _canny),
        (
            "bilateral_filter",
            "9 75 75, time only",
            lambda image: cvkit.bilateral_filter(image, 9, 75, 75),
            _bilateral,
        ),
        (
            "non_local_means",
            "10 7 21, time only",
            lambda image: cvkit.non_local_means(image, 10),
            _non_local_means,
        ),
    )
]
TIMED_CASES += [
    Case("thin", "zhang_suen, time only", cvkit.thin, _skeletonize, against=_AGAINST, bar=0.2),
]
"""Operations that scikit-image defines otherwise, so that only their times can be compared."""
