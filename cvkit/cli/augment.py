"""``cvkit augment``: make a larger data set of a small one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cvkit.cli.errors import WrongUsageError, wrong_usage
from cvkit.cli.options import with_options
from cvkit.cli.outputs import check_output_folder
from cvkit.cli.progress import open_progress, tell, told_warnings

if TYPE_CHECKING:
    from cvkit.augment import Transform


class LabelFormat(str, Enum):
    """Formats of labels."""

    coco = "coco"
    voc = "voc"
    yolo = "yolo"


@dataclass(kw_only=True)
class AugmentOptions:
    """The options of ``cvkit augment``."""

    source: Annotated[Path, typer.Argument(help="Folder of images.")]
    output: Annotated[Path, typer.Argument(help="Folder of the new data set; the same call goes on there.")]
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML",
            help="What to do to the copies. [default: mirror, rotate, scale, color and brightness, a little]",
        ),
    ] = None
    copies: Annotated[int, typer.Option(min=1, help="Changed copies of each image.")] = 1
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Boxes: COCO .json, Pascal VOC .xml or a folder of them, YOLO .txt in a folder, data.yaml."
        ),
    ] = None
    label_format: Annotated[LabelFormat, typer.Option("--format", help="Of the copies' labels.")] = (
        LabelFormat.coco
    )
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same copies.")] = 0
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False


@with_options(AugmentOptions)
def augment(options: AugmentOptions) -> None:
    """Write changed copies of all images of a folder, with their labels and a contact sheet.

    Exit code: 0 all went well, 1 some images could not be read, 2 wrong usage.
    """
    from cvkit.detect.labels import read_labels
    from cvkit.detect.training.enlargement import enlarge
    from cvkit.io import walk

    check_output_folder(options.output)
    if not options.source.is_dir():
        raise WrongUsageError(f"SOURCE must be a folder of images, got {options.source}")
    with wrong_usage(), told_warnings():
        transform = _transform(options.recipe)
        labeled = [] if options.labels is None else read_labels(options.labels, images=options.source)
    total = sum(1 for _ in walk(options.source))
    with wrong_usage(), open_progress(total, quiet=options.quiet) as progress:
        result = enlarge(
            options.source,
            options.output,
            transform,
            copies=options.copies,
            labeled=labeled,
            kind=options.label_format.value,
            seed=options.seed,
            progress=progress.advance,
        )
    for reason in result.failed.values():
        tell(reason)
    print(f"{result.copies} copies in {options.output}, labels in {result.labels}")
    if result.failed:
        raise typer.Exit(1)


def _transform(recipe: Path | None) -> Transform:
    from cvkit.augment import Brightness, ColorShift, Compose, Mirror, Rotate, Scale, read_recipe

    if recipe is not None:
        return read_recipe(recipe)
    # Black margins would be learned.
    warps = Rotate(5, border="replicate"), Scale((0.9, 1.1), border="replicate")
    return Compose((Mirror(), *warps, ColorShift(10), Brightness(0.15)))
