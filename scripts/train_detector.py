"""Train a detector: ``cvkit train`` as a script.

python scripts/train_detector.py person-hog --positives DIR --negatives DIR -o model.npz
"""

import sys

from cvkit.cli import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
