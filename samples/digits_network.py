"""Train a network that reads digits, layer by layer by hand: ``python samples/digits_network.py [epochs]``.

Two convolutions, pooling and a linear layer, on the 8 x 8 images that come with scikit-learn; a quarter of
them is kept back for the test.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from cvkit import layers
from cvkit.cli.programs import ArgumentParser, program

BATCH, RATE, MOMENTUM = 50, 0.05, 0.9


class Network:
    """Its parameters, and how far each moved last."""

    def __init__(self, generator: np.random.Generator) -> None:
        shapes = {"first": (16, 1, 3, 3), "second": (32, 16, 3, 3), "linear": (32 * 2 * 2, 10)}
        self.parameters: dict[str, np.ndarray] = {}
        for name, shape in shapes.items():
            inputs = np.prod(shape[1:]) if len(shape) == 4 else shape[0]
            weights = generator.normal(0, np.sqrt(2 / inputs), shape)
            self.parameters[name] = weights.astype(np.float32)
            self.parameters[f"bias of {name}"] = np.zeros(shape[0] if len(shape) == 4 else 10, np.float32)
        self.moved = {name: np.zeros_like(value) for name, value in self.parameters.items()}

    def forward(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return what each layer gives: at the end, the share of confidence in each digit."""
        of = self.parameters
        found = {"images": images}
        found["first"] = np.maximum(layers.conv2d(images, of["first"], of["bias of first"]), 0)
        found["pooled"] = layers.max_pool2d(found["first"], 2)
        found["second"] = np.maximum(layers.conv2d(found["pooled"], of["second"], of["bias of second"]), 0)
        found["features"] = layers.avg_pool2d(found["second"], 2)
        flat = found["features"].reshape(len(images), -1)
        scores = flat @ of["linear"] + of["bias of linear"]
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        found["shares"] = scores / scores.sum(axis=1, keepdims=True)
        return found

    def backward(self, found: dict[str, np.ndarray], digits: np.ndarray) -> dict[str, np.ndarray]:
        """Return the gradient of the cross-entropy by each parameter, from the last layer to the first."""
        of, gradients = self.parameters, {}
        gradient = (found["shares"] - np.eye(10, dtype=np.float32)[digits]) / len(digits)
        flat = found["features"].reshape(len(digits), -1)
        gradients["linear"], gradients["bias of linear"] = flat.T @ gradient, gradient.sum(axis=0)
        gradient = (gradient @ of["linear"].T).reshape(found["features"].shape)
        second: Any = found["second"]
        gradient = layers.avg_pool2d_backward(gradient, second.shape, 2) * (second > 0)
        gradient, gradients["second"], gradients["bias of second"] = layers.conv2d_backward(
            gradient, found["pooled"], of["second"]
        )
        gradient = layers.max_pool2d_backward(gradient, found["first"], 2) * (found["first"] > 0)
        _, gradients["first"], gradients["bias of first"] = layers.conv2d_backward(
            gradient, found["images"], of["first"]
        )
        return gradients

    def learn(self, images: np.ndarray, digits: np.ndarray, rate: float) -> None:
        """Make one step down the gradient, with momentum."""
        for name, gradient in self.backward(self.forward(images), digits).items():
            self.moved[name] = MOMENTUM * self.moved[name] - np.float32(rate) * gradient
            self.parameters[name] += self.moved[name]

    def accuracy(self, images: np.ndarray, digits: np.ndarray) -> float:
        """Return the share of digits that are read right."""
        return float((self.forward(images)["shares"].argmax(axis=1) == digits).mean())


@program
def main() -> None:
    """Train, and print how well the network reads after each epoch."""
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("epochs", nargs="?", default="25", help="how often all images are seen")
    given = parser.parse_args().epochs
    if not given.isdigit():
        raise ValueError(f"epochs must be a whole number, got {given!r}")
    epochs = int(given)
    data = load_digits()
    images = (data.images[:, np.newaxis] / 16).astype(np.float32)
    parts = train_test_split(images, data.target, test_size=0.25, random_state=0, stratify=data.target)
    seen, unseen, digits, unseen_digits = parts
    generator = np.random.default_rng(0)
    network = Network(generator)
    for epoch in range(1, epochs + 1):
        rate = RATE * (1 - (epoch - 1) / epochs)
        for batch in np.array_split(generator.permutation(len(seen)), len(seen) // BATCH):
            network.learn(seen[batch], digits[batch], rate)
        print(f"epoch {epoch}: {network.accuracy(unseen, unseen_digits):.2%} of unseen digits are read right")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
