"""Measure how well people keep their numbers over videos: IDF1 and MOTA beside labels of the MOT challenge.

python tools/measure_tracks.py vtest.avi=gt.txt TUD-Campus.mp4=gt/gt.txt
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import cvkit.detect
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import Detections, TrackAccuracy, track_accuracy
from cvkit.detect.evaluation import standardize
from cvkit.video import read_frames

# Of people, as detectors' boxes have it.
_ASPECT = 0.41


@program
def main() -> int:
    """Detect and track in each video, and print the measures."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("videos", nargs="+", metavar="VIDEO=LABELS", help="a video and its gt.txt")
    parser.add_argument("--model", default=cvkit.detect.DEFAULT_MODEL)
    parser.add_argument("--upscale", type=float, help="as of cvkit detect")
    arguments = parser.parse_args()
    overrides = {} if arguments.upscale is None else {"upscale": arguments.upscale}
    for pair in arguments.videos:
        video, _, labels = pair.partition("=")
        if not labels:
            parser.error(f"videos must be VIDEO=LABELS, got {pair}")
        accuracy = measure(Path(video), Path(labels), arguments.model, overrides)
        figures = " ".join(f"{name} {value:.4g}" for name, value in accuracy._asdict().items())
        print(f"{Path(video).name}: {figures}", flush=True)
    return 0


def measure(video: Path, labels: Path, model: str, overrides: dict[str, float]) -> TrackAccuracy:
    """Compare what ``cvkit detect --track`` writes with the labels of a video."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "found")
        cvkit.detect.run(video, output, model=model, overrides=overrides, track=True, save_images=False)
        (tracks,) = (output / "tracks").rglob("*.txt")
        found = read_rows(tracks)
    truths = read_rows(labels)
    truths[:, 2:6] = standardize(truths[:, 2:6], _ASPECT)
    with read_frames(video) as frames:
        count = sum(1 for _ in frames)
    is_object = truths[:, 6] > 0
    return track_accuracy(
        [of_frame(found, number) for number in range(1, count + 1)],
        [of_frame(truths[is_object], number) for number in range(1, count + 1)],
        [of_frame(truths[~is_object], number).xyxy for number in range(1, count + 1)],
    )


def read_rows(path: Path) -> np.ndarray:
    """Read frame, number, left, top, right, bottom, and whether the row counts."""
    rows = np.loadtxt(path, delimiter=",", ndmin=2, usecols=range(7)).reshape(-1, 7)
    rows[:, 2:4] -= 1  # pixels are counted from 1
    rows[:, 4:6] += rows[:, 2:4]
    return rows


def of_frame(rows: np.ndarray, number: int) -> Detections:
    """Return the boxes of one frame."""
    rows = rows[rows[:, 0] == number]
    return Detections(rows[:, 2:6], np.ones(len(rows)), track_id=rows[:, 1].astype(np.int64))


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
