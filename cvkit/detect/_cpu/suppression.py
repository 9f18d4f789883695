"""Suppression on the CPU: each kept box looks once at all boxes of its class that follow it."""

import numpy as np

from cvkit._jit import helper, serial_kernel


@helper(allocates=True)
def _suppress_row(box, boxes, against_smaller, threshold, alive):
    """Clear ``alive`` where ``box`` overlaps by more than ``threshold``.

    ``intersection > threshold * divisor`` instead of a division, which two empty boxes would make 0 / 0.
    """
    box_left, box_top, box_right, box_bottom = box
    left, top, right, bottom = boxes
    box_area = (box_right - box_left) * (box_bottom - box_top)
    for other in range(alive.shape[0]):
        width = max(min(box_right, right[other]) - max(box_left, left[other]), 0.0)
        height = max(min(box_bottom, bottom[other]) - max(box_top, top[other]), 0.0)
        intersection = width * height
        area = (right[other] - left[other]) * (bottom[other] - top[other])
        divisor = min(box_area, area) if against_smaller else box_area + area - intersection
        alive[other] = alive[other] & np.uint8(intersection <= threshold * divisor)


@serial_kernel(allocates=True)
def suppress(boxes, class_end, threshold, against_smaller, alive):
    """Greedy suppression of boxes sorted by class, then by falling confidence."""
    left, top, right, bottom = boxes
    for this in range(alive.shape[0]):
        if alive[this]:
            box = (left[this], top[this], right[this], bottom[this])
            rest = slice(this + 1, class_end[this])
            others = (left[rest], top[rest], right[rest], bottom[rest])
            _suppress_row(box, others, against_smaller, threshold, alive[rest])


@helper(allocates=True)
def _decay_row(boxes, this, gaussian, sigma, threshold, done, confidence):
    """Lower the confidence of the boxes not yet done by their overlap with ``this``."""
    left, top, right, bottom = boxes
    area = (right[this] - left[this]) * (bottom[this] - top[this])
    for other in range(confidence.shape[0]):
        width = min(right[this], right[other]) - max(left[this], left[other])
        height = min(bottom[this], bottom[other]) - max(top[this], top[other])
        if done[other] or width <= 0 or height <= 0:
            continue
        other_area = (right[other] - left[other]) * (bottom[other] - top[other])
        iou = width * height / (area + other_area - width * height)
        if gaussian:
            confidence[other] *= np.exp(-iou * iou / sigma)
        elif iou > threshold:
            confidence[other] *= 1.0 - iou


@serial_kernel(allocates=True)
def decay(boxes, class_end, gaussian, sigma, threshold, confidence):
    """Soft suppression of boxes sorted by class: take the surest of the rest, lower the others, repeat."""
    left, top, right, bottom = boxes
    done = np.zeros(confidence.shape[0], np.bool_)
    start = 0
    while start < confidence.shape[0]:
        end = class_end[start]
        of_class = (left[start:end], top[start:end], right[start:end], bottom[start:end])
        for _ in range(start, end):
            surest = -1
            for candidate in range(end - start):
                if not done[start + candidate] and (
                    surest < 0 or confidence[start + candidate] > confidence[start + surest]
                ):
                    surest = candidate
            done[start + surest] = True
            _decay_row(of_class, surest, gaussian, sigma, threshold, done[start:end], confidence[start:end])
        start = end
