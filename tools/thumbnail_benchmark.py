"""Time thumbnails of large JPEGs beside libvips and Pillow's draft mode, and their memory.

    python tools/thumbnail_benchmark.py                    16 JPEGs of 12 megapixels, made 240 pixels high
    python tools/thumbnail_benchmark.py --output mine.json keep the measurements

These take turns on the same files, each in a process of its own, one file after another, on one thread:

cvkit      ``read_image`` of at least twice the thumbnail, ``resize`` with antialias, ``write_image``
batch      ``cvkit batch resize --at-least``, which reads and writes in threads, with all else a batch does
pillow     ``Image.draft``, ``resize`` by Pillow's bicubic filter with ``reducing_gap``, ``save``
vips       ``vipsthumbnail``, the program of libvips for many files, if it is there (Debian: libvips-tools)

Time begins after a first file, but for vips, whose start counts. Memory is the largest of the whole process,
its libraries included.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cvkit
from cvkit import batch
from cvkit.cli.outputs import check_output_file
from cvkit.cli.programs import ArgumentParser, program
from cvkit.compare.cases.images import scene

SIZE = (3000, 4000)
THUMBNAIL = (240, 320)


def by_cvkit(files: list[Path], folder: Path) -> None:
    """Decode what is enough, resize, encode."""
    height, width = THUMBNAIL
    for file in files:
        image = cvkit.read_image(file, at_least=(2 * height, 2 * width))
        cvkit.write_image(folder / file.name, cvkit.resize(image, THUMBNAIL, antialias=True))


def by_batch(files: list[Path], folder: Path) -> None:
    """Do the same, with a manifest."""
    height, width = THUMBNAIL
    parameters = {"output_shape": THUMBNAIL, "antialias": True}
    twice = 2 * height, 2 * width
    batch.run("resize", files, folder, parameters=parameters, mode="rgb", at_least=twice, overwrite=True)


def by_pillow(files: list[Path], folder: Path) -> None:
    """Let the decoder reduce, then the filter; what ``Image.thumbnail`` does, too."""
    from PIL import Image

    height, width = THUMBNAIL
    for file in files:
        with Image.open(file) as image:
            image.draft("RGB", (2 * width, 2 * height))
            resized = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
            resized.save(folder / file.name, quality=95)


WAYS: dict[str, Callable[[list[Path], Path], None]] = {
    "cvkit": by_cvkit,
    "batch": by_batch,
    "pillow": by_pillow,
}

# In a process that is small itself: what a child needs is counted from what its parent has.
_MEASURED = """
import os, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, env={**os.environ, "VIPS_CONCURRENCY": "1"})
seconds = time.perf_counter() - start
print(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def turn_of_vips(source: Path, folder: Path) -> dict[str, float]:
    """Make all thumbnails by a program; return seconds and peak memory."""
    height, width = THUMBNAIL
    size = ["--size", f"{width}x{height}!", "--output", f"{folder}/%s.jpg[Q=95]"]
    command = [
        sys.executable,
        "-S",
        "-c",
        _MEASURED,
        "vipsthumbnail",
        *size,
        *map(str, sorted(source.iterdir())),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, kilobytes = map(float, done.stdout.split())
    return {"seconds": seconds, "megabytes": kilobytes / 1024}


def turn_of(way: str, source: Path, folder: Path) -> dict[str, float]:
    """Let another process make all thumbnails; return seconds and peak memory."""
    command = [sys.executable, __file__, "--work", way, str(source), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def work(way: str, source: Path, folder: Path) -> None:
    """Make all thumbnails in this process, and print seconds and peak memory as JSON."""
    cvkit.set_num_threads(1)
    files = sorted(source.iterdir())
    WAYS[way](files[:1], folder)
    start = time.perf_counter()
    WAYS[way](files, folder)
    seconds = time.perf_counter() - start
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    print(json.dumps({"seconds": seconds, "megabytes": int(peak) / 1024}))


def measure(count: int, rounds: int) -> dict[str, Any]:
    """Let them take turns; a rate is that of the median turn."""
    ways = [*WAYS, "vips"] if shutil.which("vipsthumbnail") else [*WAYS]
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    load = os.getloadavg()
    with tempfile.TemporaryDirectory() as place:
        source = Path(place, "source")
        source.mkdir()
        for seed in range(count):
            cvkit.write_image(source / f"{seed:03}.jpg", scene(*SIZE, 3, seed=seed), quality=90)
        for turn in range(rounds):
            for way in ways:
                folder = Path(place, f"{way}{turn}")
                folder.mkdir()
                found = turn_of_vips(source, folder) if way == "vips" else turn_of(way, source, folder)
                assert len([*folder.glob("*.jpg")]) == count, way
                turns[way].append(found)
    return {
        "size": SIZE,
        "thumbnail": THUMBNAIL,
        "files": count,
        "cpu": platform.processor() or platform.machine(),
        "load": {"before": load, "after": os.getloadavg()},
        "images_per_second": {
            way: count / statistics.median(turn["seconds"] for turn in taken) for way, taken in turns.items()
        },
        "fastest": {way: count / min(turn["seconds"] for turn in taken) for way, taken in turns.items()},
        "peak_megabytes": {way: max(turn["megabytes"] for turn in taken) for way, taken in turns.items()},
    }


@program
def main() -> None:
    """Measure, print and, if asked to, write the results."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=16, metavar="N", help="files; default: 16")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of each; default: 3")
    parser.add_argument("--output", type=Path, metavar="FILE", help="JSON to write")
    parser.add_argument(
        "--work", nargs=3, metavar=("WAY", "SOURCE", "FOLDER"), help="one turn, as this program calls itself"
    )
    arguments = parser.parse_args()
    if arguments.work:
        way, source, folder = arguments.work
        work(way, Path(source), Path(folder))
        return
    if arguments.output is not None:
        check_output_file(arguments.output, "--output", ".json")
    found = measure(arguments.count, arguments.rounds)
    print(f"load {found['load']['before'][0]:.1f} before, {found['load']['after'][0]:.1f} after")
    for way, rate in found["images_per_second"].items():
        fastest, memory = found["fastest"][way], found["peak_megabytes"][way]
        print(f"{way:8}{rate:8.1f} images/s{fastest:8.1f} at best{memory:8.0f} MB at most")
    if arguments.output is not None:
        arguments.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
