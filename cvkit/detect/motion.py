"""Where objects of known motion are next: Kalman filters of a constant velocity."""

from __future__ import annotations

import numpy as np

# Standard deviations as shares of an object's height, each frame: of a measured place, of how far an object
# leaves its path, and of how its velocity changes.
_MEASURED, _PLACE, _VELOCITY = 1 / 20, 1 / 20, 1 / 160
# Of the velocity of a new object, about which nothing is known.
_FIRST_VELOCITY = 1 / 16


class Motion:
    """Places and velocities of objects.

    The center, the width and the height are four filters that know nothing of each other: the usual filter of
    eight numbers has the same values, for its noise has no correlations.

    Parameters
    ----------
    boxes : numpy.ndarray, (N, 4)
        Left, top, right and bottom, where the objects are first seen.

    References
    ----------
    N. Wojke, A. Bewley and D. Paulus, "Simple online and realtime tracking with a deep association metric",
    ICIP 2017 (the noise).

    Examples
    --------
    >>> motion = Motion(np.array([[0, 0, 10, 20]]))
    >>> for left in (4, 8, 12):
    ...     motion.advance()
    ...     motion.correct(np.array([0]), np.array([[left, 0, left + 10, 20]]))
    >>> motion.advance()
    >>> motion.boxes().round()
    array([[14.,  0., 24., 20.]])
    """

    def __init__(self, boxes: np.ndarray) -> None:
        self._place = _centers(boxes)
        self._velocity = np.zeros_like(self._place)
        height = self._place[:, 3:]
        self._place_variance = (2 * _MEASURED * height) ** 2 + np.zeros_like(self._place)
        self._velocity_variance = (_FIRST_VELOCITY * height) ** 2 + np.zeros_like(self._place)
        self._covariance = np.zeros_like(self._place)

    def boxes(self) -> np.ndarray:
        """Return left, top, right and bottom of the objects, as far as is known, (N, 4)."""
        half = np.maximum(self._place[:, 2:], 0) / 2
        return np.concatenate([self._place[:, :2] - half, self._place[:, :2] + half], axis=1)

    def advance(self) -> None:
        """Go on to the next frame."""
        height = np.maximum(self._place[:, 3:], 0)
        self._place = self._place + self._velocity
        self._place_variance = (
            self._place_variance + 2 * self._covariance + self._velocity_variance + (_PLACE * height) ** 2
        )
        self._covariance = self._covariance + self._velocity_variance
        self._velocity_variance = self._velocity_variance + (_VELOCITY * height) ** 2

    def correct(self, index: np.ndarray, boxes: np.ndarray) -> None:
        """Take over where some objects have been seen.

        Parameters
        ----------
        index : numpy.ndarray, (K,)
            Which ones.
        boxes : numpy.ndarray, (K, 4)
            Their boxes.
        """
        seen = _centers(boxes)
        error = seen - self._place[index]
        total = self._place_variance[index] + (_MEASURED * seen[:, 3:]) ** 2
        place_gain = self._place_variance[index] / total
        velocity_gain = self._covariance[index] / total
        self._place[index] += place_gain * error
        self._velocity[index] += velocity_gain * error
        self._velocity_variance[index] -= velocity_gain * self._covariance[index]
        self._covariance[index] *= 1 - place_gain
        self._place_variance[index] *= 1 - place_gain

    def add(self, boxes: np.ndarray) -> None:
        """Begin with more objects, which come after the others."""
        other = Motion(boxes)
        for name, values in vars(self).items():
            setattr(self, name, np.concatenate([values, getattr(other, name)]))

    def keep(self, kept: np.ndarray) -> None:
        """Forget all objects but those of a mask, (N,)."""
        for name, values in vars(self).items():
            setattr(self, name, values[kept])


def _centers(boxes: np.ndarray) -> np.ndarray:
    """Return center, width and height of boxes; of a height of 1 at least, by which the noise is measured."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    size = boxes[:, 2:] - boxes[:, :2]
    size[:, 1] = np.maximum(size[:, 1], 1)
    return np.concatenate([(boxes[:, :2] + boxes[:, 2:]) / 2, size], axis=1)
