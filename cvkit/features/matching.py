"""Templates: how alike one and every window of an image are, and the windows that are most alike."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cvkit import _validate, _validate_masks
from cvkit._dispatch import Array, ImageStack, on_device, reshaped, to_host
from cvkit.features import _fourier
from cvkit.features._cpu import matching as matching_kernels
from cvkit.features._cpu import whole_sums
from cvkit.features._matching_math import COEFFICIENT, CORRELATION, SQUARED_DIFFERENCE, Rule
from cvkit.typing import ArrayT, MatchingMethod

_MEASURES = {
    "squared_difference": SQUARED_DIFFERENCE,
    "correlation": CORRELATION,
    "coefficient": COEFFICIENT,
}


class _Plan(NamedTuple):
    """What is summed, and what becomes of the sums.

    Attributes
    ----------
    weights : numpy.ndarray, (kinds, planes, height, width), float64
        What windows are multiplied with: of the channels, and for masks of their squares behind them.
    centers : numpy.ndarray, (2, C), float64
        What is subtracted from each channel, and the mean of the template less that.
    masses : numpy.ndarray or None, (2, C), float64
        For masks the sums of their weights and of the squares of these.
    rule : Rule
    template : numpy.ndarray or None, (C, height, width), float64
        The template, if it is of bytes and has no mask.
    """

    weights: np.ndarray
    centers: np.ndarray
    masses: np.ndarray | None
    rule: Rule
    template: np.ndarray | None = None


@_validate.unlike("cv2.matchTemplate(image, templ, method, result, mask)")
def match_template(
    image: ArrayT,
    template: Array,
    *,
    method: MatchingMethod = "squared_difference",
    normalize: bool = True,
    mask: Array | None = None,
    out: ArrayT | None = None,
) -> ArrayT:
    """Compare a template with every window of an image, as ``cv2.matchTemplate``.

    Parameters
    ----------
    image : array, (H, W), (H, W, C) or (N, H, W, C), uint8 or float32
        The image or stack.
    template : array, (h, w) or (h, w, C), of the dtype and channels of ``image``
        What is looked for, at most as large as the image. It may live on the host or on a GPU.
    method : {"squared_difference", "correlation", "coefficient"}
        The sum of squared differences, 0 where a window equals the template; the sum of products; or the sum
        of products of both less their means, so that brightness does not count. The larger the last two are,
        the more alike.
    normalize : bool
        Divide by the lengths of both as vectors, less their means for ``"coefficient"``: the result does not
        depend on contrast, and is at most 1.
    mask : array, (h, w) or (h, w, C), bool, uint8 or float32, optional
        Which pixels of the template count: those that are not 0, or for float32 by how much, 0 or more.
    out : array, optional
        Takes the result instead of new memory: contiguous, of the result's shape and dtype, and nowhere that
        the image is.

    Returns
    -------
    array, (H - h + 1, W - w + 1), or (N, H - h + 1, W - w + 1, 1) for a stack, float32
        At each place the score of the window that has its upper left corner there.

    Raises
    ------
    TypeError
        For other dtypes, or more arguments by position.
    ValueError
        For an empty or larger template, another number of channels, an unknown method, or a mask of another
        shape or without weight.

    See Also
    --------
    best_matches : the places of the best scores.

    Notes
    -----
    Sums of products with small templates are computed as such, with large ones on the CPU by Fourier
    transforms of blocks of the image, whatever takes less time. Lewis, J. P., "Fast normalized
    cross-correlation", 1995.

    Equals OpenCV within 1e-4 of the range of the result, but for windows of so little contrast that the sums
    of OpenCV, which are of float32, err by more. If normalized, a window without contrast, or without light,
    scores 0, or 1 as a difference; a template without contrast scores 1 everywhere. Where there is a mask,
    OpenCV divides 0 by 0 instead. Windows that hold a NaN become NaN, those that hold an infinity infinite or
    NaN.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> image = np.array([[1, 2, 3, 4], [5, 9, 0, 8], [7, 6, 5, 4]], np.uint8)
    >>> cvkit.match_template(image, image[1:, 1:3], normalize=False)
    array([[ 85.,  92.,  97.],
           [ 99.,   0., 147.]], dtype=float32)
    >>> int(cvkit.match_template(image, image[1:, 1:3], method="coefficient").argmax())
    4
    """
    stack = ImageStack.of(image, dtypes=(np.uint8, np.float32), out=out)
    plan = _plan(stack, template, mask, _validate.one_of(method, _MEASURES, "method"), bool(normalize))
    count, height, width, _ = stack.shape
    shape = count, height - plan.rule.height + 1, width - plan.rule.width + 1
    result = stack.output((*shape, 1), np.float32, is_gray=True)
    scores = reshaped(result, shape)
    if _takes_pairs(stack, plan):
        _match_whole(stack, plan, scores)
    else:
        _match(stack, plan, scores)
    return stack.restore(result)


def _match(stack: ImageStack, plan: _Plan, scores: Array) -> None:
    count, height, width, _ = stack.shape
    rule = plan.rule
    # Holds sums of few bytes, which are whole numbers; transforms mostly err by less than one.
    dtype = np.dtype(np.float32)
    kernels = stack.kernels(matching_kernels)
    planes = stack.empty((count, plan.weights.shape[1], height, width), dtype)
    kernels.spread(stack.array, plan.centers[0].astype(dtype), planes)
    shape = count, len(plan.weights), *scores.shape[1:]
    sums = stack.empty(shape, np.float64 if stack.is_on_device else dtype)
    weights = plan.weights.astype(dtype)
    is_faster = not stack.is_on_device and _fourier.is_faster(planes.shape, weights.shape)
    if not (is_faster and _fourier.correlate(planes, weights, sums, stack.dtype == np.uint8)):
        kernels.correlate(planes, weights, weights.any(axis=(2, 3)), sums)
    if plan.masses is not None:
        kernels.measure_masked(sums, plan.masses, rule, scores)
    elif not rule.is_normalized and rule.measure != SQUARED_DIFFERENCE:
        kernels.measure_products(sums, rule, scores)
    elif not stack.is_on_device and _sums_fit(plan):
        whole_sums.measure_whole(planes, sums[:, 0], plan.centers, rule, scores)
    else:
        kernels.measure(planes, sums, plan.centers, rule, scores)


def _sums_fit(plan: _Plan) -> bool:
    """Tell whether all sums over a window are those of so few bytes that int32 holds them."""
    return plan.template is not None and plan.template.size * 255**2 < 2**31


def _takes_pairs(stack: ImageStack, plan: _Plan) -> bool:
    """Tell whether exact sums of products of bytes fit, and take less time than transforms."""
    if stack.is_on_device or not _sums_fit(plan):
        return False
    count, height, width, channels = stack.shape
    planes = count, channels, height, width
    return not _fourier.is_faster(planes, plan.weights.shape, _fourier.PRODUCTS_OF_BYTES)


def _match_whole(stack: ImageStack, plan: _Plan, scores: np.ndarray) -> None:
    """Sum bytes as they are: whole numbers lose no digits that smaller ones would keep."""
    assert plan.template is not None
    count, height, width, channels = stack.shape
    measure, nothing = plan.rule.measure, np.zeros(channels)
    offsets = plan.template.mean(axis=(1, 2)) if measure == COEFFICIENT else nothing
    constant = float((plan.template**2).sum()) if measure == SQUARED_DIFFERENCE else 0.0
    rule = plan.rule._replace(is_whole=True, needs_values=measure == COEFFICIENT, constant=constant)
    planes = np.empty((count, channels, height, width), np.int16)
    matching_kernels.spread(stack.array, nothing.astype(np.int16), planes)
    sums = np.empty(scores.shape, np.int32)
    whole_sums.correlate_whole(planes, whole_sums.paired(plan.template), sums)
    whole_sums.measure_whole(planes, sums, np.stack([nothing, offsets]), rule, scores)


def _plan(stack: ImageStack, template: Array, mask: Array | None, measure: int, is_normalized: bool) -> _Plan:
    values = to_host(template)
    _, high, wide, channels = _validate.image(
        values[np.newaxis, ..., np.newaxis] if values.ndim == 2 else values[np.newaxis],
        dtypes=(stack.dtype.type,),
        channels=(stack.shape[3],),
        name="template",
    )
    if high > stack.shape[1] or wide > stack.shape[2]:
        raise ValueError(
            f"template must be at most as large as the image, {stack.shape[1:3]}, got shape {values.shape}"
        )
    values = values.reshape(high, wide, channels).astype(np.float64)
    if mask is not None:
        weights = _validate_masks.template_mask(to_host(mask), (high, wide, channels))
        return _plan_of_mask(values, weights, measure, is_normalized, stack.dtype == np.uint8)
    return _plan_of_all(values, measure, is_normalized, stack.dtype == np.uint8)


def _plan_of_all(values: np.ndarray, measure: int, is_normalized: bool, of_bytes: bool) -> _Plan:
    high, wide, channels = values.shape
    means = values.mean(axis=(0, 1))
    # Sums of small numbers lose fewer digits.
    centers = np.rint(means) if of_bytes else means.astype(np.float32).astype(np.float64)
    if measure == CORRELATION:
        centers = np.zeros(channels)
    weights, constant, is_whole = values - centers, 0.0, of_bytes
    if measure == SQUARED_DIFFERENCE:
        constant = float((weights**2).sum())
    elif measure == COEFFICIENT and not is_normalized:
        weights, is_whole = values - means, False
    difference = values - means if measure == COEFFICIENT else values
    length, unlike = math.sqrt(float((difference**2).sum())), float(measure == SQUARED_DIFFERENCE)
    if measure == COEFFICIENT and length**2 < np.finfo(float).eps * high * wide:
        length, unlike = 0.0, 1.0
    needs_values = is_normalized and measure != CORRELATION
    rule = Rule(measure, is_normalized, is_whole, needs_values, constant, length, unlike, high, wide)
    offsets = means - centers if measure == COEFFICIENT else np.zeros(channels)
    template = np.moveaxis(values, 2, 0) if of_bytes else None
    return _Plan(_first_kind(weights), np.stack([centers, offsets]), None, rule, template)


def _first_kind(weights: np.ndarray) -> np.ndarray:
    """Put the channels first, and an axis of kinds before them."""
    return np.ascontiguousarray(np.moveaxis(weights, 2, 0)[np.newaxis])


def _plan_of_mask(
    values: np.ndarray, mask: np.ndarray, measure: int, is_normalized: bool, is_whole: bool
) -> _Plan:
    """Sum squares and products of the template and its mask, as in OpenCV: the mask weighs both."""
    high, wide, channels = values.shape
    squared = mask**2
    masses = np.stack([mask.sum(axis=(0, 1)), squared.sum(axis=(0, 1))])
    nothing = np.zeros_like(mask)
    centers = np.zeros(channels)
    is_whole = is_whole and measure != COEFFICIENT and bool((mask == squared).all())
    unlike = float(measure == SQUARED_DIFFERENCE)
    weighted = values * mask
    kinds = [(squared * values, nothing)]
    constant = 0.0
    if measure == SQUARED_DIFFERENCE:
        kinds, constant = [(-2 * squared * values, squared)], float((weighted**2).sum())
    elif measure == COEFFICIENT:
        means = (mask * values).sum(axis=(0, 1)) / masses[0]
        centers = np.rint(means)
        weighted = mask * (values - means)
        products = mask * weighted
        kinds = [(products - mask * (products.sum(axis=(0, 1)) / masses[0]), nothing)]
    if is_normalized:
        kinds.append((nothing, squared))
        if measure == COEFFICIENT:
            for weights in (mask, squared):
                kinds += [
                    (weights * (np.arange(channels) == channel), nothing) for channel in range(channels)
                ]
    length = math.sqrt(float((weighted**2).sum()))
    if measure == COEFFICIENT and length**2 < np.finfo(float).eps * masses[1].max():
        length, unlike = 0.0, 1.0
    stacked = np.stack([np.concatenate(kind, axis=2) for kind in kinds])
    rule = Rule(measure, is_normalized, is_whole, False, constant, length, unlike, high, wide)
    centers = np.stack([centers, np.zeros(channels)])
    return _Plan(np.ascontiguousarray(np.moveaxis(stacked, 3, 1)), centers, masses, rule)


def best_matches(
    scores: Array,
    count: int = 1,
    *,
    lowest: bool = False,
    distance: int | tuple[int, int] = 1,
    limit: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Find the places of the best scores that are not too near to better ones.

    Parameters
    ----------
    scores : array, (H, W)
        As :func:`match_template` gives them, of any real dtype.
    count : int
        How many places at most.
    lowest : bool
        Whether low scores are good, as those of ``"squared_difference"``.
    distance : int or (int, int)
        A place that is nearer than that many rows and columns to one found before is left out: for both axes,
        or (rows, columns). The shape of the template keeps windows from overlapping, 1 leaves nothing out.
    limit : float, optional
        The worst score that is accepted.

    Returns
    -------
    points : numpy.ndarray, (n, 2), int64
        Places as (x, y), the best first. Of equal scores the one farther up comes first, then the one
        farther to the left.
    values : numpy.ndarray, (n,), of the dtype of ``scores``
        Their scores. NaN is never among them.

    Raises
    ------
    TypeError
        For what is no array of real numbers.
    ValueError
        For an empty array or one of other rank, or a count or distance less than 1.

    Examples
    --------
    >>> import cvkit, numpy as np
    >>> scores = np.array([[0.1, 0.9, 0.8], [0.2, 0.3, 0.7]], np.float32)
    >>> points, values = cvkit.best_matches(scores, 2, distance=(1, 2))
    >>> points
    array([[1, 0],
           [2, 1]])
    """
    array = _validate.real_array(to_host(scores) if on_device(scores) else scores, "scores")
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"scores must be (H, W) and not empty, got shape {array.shape}")
    most = _validate.integer(count, "count", minimum=1)
    rows, columns = _validate.kernel_size(distance, "distance", odd=False)
    order = np.negative(array.astype(np.float64)) if lowest else array.astype(np.float64)
    order[np.isnan(order)] = -np.inf
    least = -np.inf
    if limit is not None:
        worst = _validate.number(limit, "limit")
        least = -worst if lowest else worst
    places = order.argmax(axis=1)
    best = order[np.arange(len(order)), places]
    found: list[tuple[int, int]] = []
    while len(found) < most:
        y = int(best.argmax())
        x = int(places[y])
        if best[y] == -np.inf or best[y] < least:
            break
        found.append((x, y))
        near = slice(max(y - rows + 1, 0), y + rows)
        order[near, max(x - columns + 1, 0) : x + columns] = -np.inf
        places[near] = order[near].argmax(axis=1)
        best[near] = np.take_along_axis(order[near], places[near, np.newaxis], axis=1)[:, 0]
    points = np.array(found, np.int64).reshape(-1, 2)
    return points, array[points[:, 1], points[:, 0]]
