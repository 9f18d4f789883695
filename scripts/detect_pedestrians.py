"""Find people in images with library calls: what ``cvkit detect`` does, without its care for mishaps.

python scripts/detect_pedestrians.py samples/street2.jpg
"""

import sys
from pathlib import Path

from cvkit import write_image
from cvkit._paths import fitting
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import draw_detections, open_results, pretrained
from cvkit.io import read_ahead, walk


@program
def main() -> None:
    """Detect people in every image of the sources; write boxes and annotated images to a folder."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sources", nargs="+", help="images, folders, glob patterns or list files")
    parser.add_argument("-o", "--output", type=Path, default=Path("pedestrians"), help="a new folder")
    parser.add_argument("--threshold", type=float, default=0.0, help="smallest score that counts")
    arguments = parser.parse_args()

    paths = walk(arguments.sources)
    detector = pretrained("person-hog", threshold=arguments.threshold)
    arguments.output.mkdir(parents=True)
    with open_results(arguments.output, format="coco") as results:
        for number, (path, image) in enumerate(read_ahead(paths)):
            if isinstance(image, OSError):
                print(f"skipped: {image}")
                continue
            people = detector.detect(image)
            results.add(path, image.shape, people)
            name = fitting(f"{number:05d}-{path.stem}.jpg")
            write_image(arguments.output / name, draw_detections(image, people))
            print(f"{path}: {len(people)} people")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
