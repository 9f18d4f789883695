"""Find the people in an image, print their boxes and save the image with the boxes drawn in.

python samples/quickstart.py [IMAGE]
"""

import sys
from pathlib import Path

import cvkit
from cvkit.cli.programs import ArgumentParser, program
from cvkit.detect import draw_detections, pretrained


@program
def main() -> None:
    """Detect people in the image named on the command line, or in a sample."""
    parser = ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("image", type=Path, nargs="?", default=Path(__file__).parent / "street2.jpg")
    image = cvkit.read_image(parser.parse_args().image)
    people = pretrained("person-acf").detect(image)
    for (left, top, right, bottom), confidence, _ in people:
        print(f"a person from ({left:.0f}, {top:.0f}) to ({right:.0f}, {bottom:.0f}), score {confidence:.2f}")
    cvkit.write_image("quickstart.jpg", draw_detections(image, people))
    print(f"{len(people)} people; see quickstart.jpg")


if __name__ == "__main__":
    if code := main():
        sys.exit(code)
