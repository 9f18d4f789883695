"""Names of choices and kinds of arrays for type checkers, as ``numpy.typing`` has them for NumPy.

Each ``Literal`` holds exactly what the functions accept; ``tests/test_typing.py`` keeps the two the same.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeVar

import numpy as np

NumPyArray = np.ndarray[Any, np.dtype[Any]]


class CUDAArray(Protocol):
    """An array on a GPU, as CuPy, Numba and PyTorch have them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """Where its memory is, and how it is laid out."""


class DLPackArray(Protocol):
    """An array on a GPU that is handed over by DLPack, as JAX has them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""

    def __dlpack__(self, *, stream: Any = None) -> Any:
        """Give its memory."""

    def __dlpack_device__(self) -> tuple[Any, Any]:
        """Name the device."""


ArrayT = TypeVar("ArrayT", NumPyArray, CUDAArray, DLPackArray)
"""A NumPy array in, a NumPy array out, of a dtype that may be another; the same of arrays on a GPU."""

BorderMode = Literal["constant", "replicate", "reflect", "wrap", "reflect101"]

WarpInterpolation = Literal["nearest", "bilinear", "bicubic"]
ResizeInterpolation = Literal[
    "nearest", "nearest_exact", "bilinear_exact", "bilinear", "bicubic", "area", "lanczos"
]

ReadMode = Literal["rgb", "gray", "keep", "unchanged"]
BayerPattern = Literal["rggb", "grbg", "gbrg", "bggr"]
DemosaicMethod = Literal["bilinear", "edge_aware"]

ThresholdMethod = Literal["binary", "binary_inverse", "truncate", "to_zero", "to_zero_inverse"]
ThresholdFinder = Literal["otsu", "triangle"]
AdaptiveMethod = Literal["mean", "gaussian"]
SimilarityMethod = Literal["uniform", "gaussian"]
SharpenMethod = Literal["laplacian", "sobel"]

ElementShape = Literal["rectangle", "ellipse", "cross"]
DistanceMetric = Literal["l2", "l1", "chessboard"]
MaskSize = Literal["exact", 3, 5]
ReconstructionMethod = Literal["dilation", "erosion"]
ThinningMethod = Literal["zhang_suen", "guo_hall"]

ContourMode = Literal["external", "list", "two_level", "tree"]
ContourMethod = Literal["none", "simple"]
FloodMethod = Literal["floating", "fixed"]

Padding = Literal["same", "valid", "full"]
PoolingPadding = Literal["same", "valid"]
GlobalPooling = Literal["average", "max"]
ConvolutionMethod = Literal["direct", "im2col"]

MatchingMethod = Literal["squared_difference", "correlation", "coefficient"]
CornerMethod = Literal["minimum_eigenvalue", "harris"]
BinaryPatternMethod = Literal["default", "ror", "uniform", "nri_uniform", "var"]
BlockNorm = Literal["L1", "L1-sqrt", "L2", "L2-Hys"]
HOGLayout = Literal["opencv", "skimage"]
HomographyMethod = Literal["ransac", "least_squares"]

Overlap = Literal["iou", "smaller"]
SoftSuppression = Literal["gaussian", "linear"]
ConfidenceKind = Literal["raw", "probability"]
DetectionFormat = Literal["coco", "yolo", "csv"]
Conversion = Literal["none", "saturate", "absolute"]

ClassifierCriterion = Literal["gini", "entropy", "log_loss", "gain_ratio"]
RegressorCriterion = Literal["squared_error"]
CategoricalCriterion = Literal["entropy", "gain_ratio"]
BoostingCriterion = Literal["error", "gini", "exponential"]
BoostingKind = Literal["discrete", "real", "gentle"]
MaxFeatures = Literal["sqrt", "log2"]
Balanced = Literal["balanced"]
ForestBalanced = Literal["balanced", "balanced_subsample"]
KernelName = Literal["linear", "poly", "rbf", "sigmoid", "precomputed"]
GammaRule = Literal["scale", "auto"]
DecisionShape = Literal["ovr", "ovo"]
LinearLoss = Literal["hinge", "squared_hinge"]
LinearPenalty = Literal["l2"]
LinearMultiClass = Literal["ovr"]
Automatic = Literal["auto"]
LogisticPenalty = Literal["auto", "l1", "l2", "elasticnet"]
LogisticSolver = Literal["lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]
RidgeSolver = Literal["auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"]
CoordinateOrder = Literal["cyclic", "random"]
ComponentRule = Literal["mle"]
PCASolver = Literal["auto", "full", "covariance_eigh", "arpack", "randomized"]
PowerNormalizer = Literal["auto", "QR", "LU", "none"]
CovarianceType = Literal["full", "tied", "diag", "spherical"]
MixtureStart = Literal["kmeans", "k-means++", "random", "random_from_data"]
KMeansStart = Literal["k-means++", "random"]
KMeansAlgorithm = Literal["lloyd", "elkan"]
NeighborWeights = Literal["uniform", "distance"]
NeighborSearch = Literal["auto", "kd_tree", "ball_tree", "brute"]
NeighborMetric = Literal[
    "euclidean", "l2", "manhattan", "l1", "cityblock", "chebyshev", "cosine", "minkowski"
]
