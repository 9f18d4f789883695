"""Time ``cvkit.batch.run`` beside decoding and encoding the same files with OpenCV, at equal thread counts.

    python tools/batch_benchmark.py                        canny on 12-megapixel JPEGs and on 640x480 PNGs
    python tools/batch_benchmark.py --output mine.json     keep the measurements elsewhere
    python tools/page_tables.py                            write the table of docs/guide/folders.md

These take turns on the same files:

loop        OpenCV decodes each image and encodes it again in its format, one after another
transcode   the same in as many threads
result      OpenCV decodes the image and encodes the edges, which are known already: what is left of a batch
            when computing costs nothing
batch       cvkit.batch.run, everything included: finding the files, checks, manifest, renaming

The bar is 0.85 of the images per second of "transcode".
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import cvkit
from cvkit import batch
from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.measure.documents import open_document
from cvkit.compare.present.tables import to_text
from page_tables import BATCH, batch_summary

ROOT = Path(__file__).resolve().parents[1]
LOW, HIGH = 50, 150
BAR = 0.85


@dataclass(frozen=True)
class Case:
    """A kind of file, and how it is read."""

    key: str
    name: str
    size: tuple[int, int]
    suffix: str
    count: int
    mode: str


CASES = (
    Case("jpeg", "12-megapixel JPEG", (3000, 4000), ".jpg", 16, "keep"),
    Case("jpeg-gray", "12-megapixel JPEG, read as gray", (3000, 4000), ".jpg", 16, "gray"),
    Case("png", "640x480 PNG", (480, 640), ".png", 300, "keep"),
    Case("png-gray", "640x480 PNG, read as gray", (480, 640), ".png", 300, "gray"),
)


@program
def main() -> int:
    """Measure every kind of file, print and write the results."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="default: 2")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="turns of each; default: 5")
    keys = [case.key for case in CASES]
    parser.add_argument("--only", nargs="+", choices=keys, default=keys, help="kinds of files")
    parser.add_argument(
        "--output", type=Path, default=BATCH, metavar="FILE", help=f"JSON to continue; default: {BATCH}"
    )
    arguments = parser.parse_args()
    check_output_file(arguments.output, "--output", ".json")
    cvkit.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)  # the threads that are compared are Python's
    document = open_document(arguments.output)
    rows = []
    for case in CASES:
        if case.key in arguments.only:
            with tempfile.TemporaryDirectory() as place:
                rows.append(measure(case, Path(place), arguments.threads, arguments.rounds))
            document.add(rows[-1])
    document.write(arguments.output)
    print(to_text(batch_summary(rows)))
    return 0 if all(row["ratio"] >= BAR for row in rows) else 1


def measure(case: Case, place: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Let them take turns on files of one kind; images per second are those of the median turn."""
    source = place / "source"
    source.mkdir()
    make_files(case, source)
    files = sorted(source.iterdir())
    flags = cv2.IMREAD_GRAYSCALE if case.mode == "gray" else cv2.IMREAD_COLOR
    edges = cvkit.canny(cvkit.read_image(files[0], case.mode), LOW, HIGH)

    def transcode(file: Path) -> None:
        image = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), flags)
        (place / "copies" / file.name).write_bytes(cv2.imencode(case.suffix, image)[1])

    def result(file: Path) -> None:
        cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), flags)
        (place / "results" / file.name).write_bytes(cv2.imencode(case.suffix, edges)[1])

    def on_all(function: Callable[[Path], None], at_once: int = threads) -> None:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(function, files))

    def in_batch() -> None:
        canny = {"low": LOW, "high": HIGH}
        summary = batch.run(
            "canny", source, place / "batch", parameters=canny, mode=case.mode, overwrite=True
        )
        assert summary.done == len(files)

    for folder in ("copies", "results"):
        (place / folder).mkdir()
    turns: dict[str, Callable[[], None]] = {
        "loop": lambda: on_all(transcode, 1),
        "transcode": lambda: on_all(transcode),
        "result": lambda: on_all(result),
        "batch": in_batch,
    }
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    in_batch()  # compiles
    for _ in range(rounds):
        for name, turn in turns.items():
            start = time.perf_counter()
            turn()
            seconds[name].append(time.perf_counter() - start)
    rates = {name: len(files) / statistics.median(taken) for name, taken in seconds.items()}
    return {
        "section": "batch",
        "operation": "canny",
        "label": case.key,
        "files": case.name,
        "count": len(files),
        "threads": threads,
        "reference_version": f"OpenCV {cv2.__version__}",
        "images_per_second": {name: round(rate, 2) for name, rate in rates.items()},
        "ratio": round(rates["batch"] / rates["transcode"], 3),
        "bar": BAR,
    }


def make_files(case: Case, folder: Path) -> None:
    """Write images of the wanted size: the sample enlarged, with a sensor's noise."""
    image = cv2.imread(str(ROOT / "samples" / "street2.jpg"))
    enlarged = cv2.resize(image, case.size[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    random = np.random.default_rng(0)
    for number in range(case.count):
        if number < 4:  # the rest repeats these
            noisy = enlarged + random.normal(0, 4, enlarged.shape).astype(np.float32)
            data = cv2.imencode(case.suffix, np.clip(noisy, 0, 255).astype(np.uint8))[1].tobytes()
            (folder / f"{number:04d}{case.suffix}").write_bytes(data)
        else:
            first = folder / f"{number % 4:04d}{case.suffix}"
            (folder / f"{number:04d}{case.suffix}").write_bytes(first.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
