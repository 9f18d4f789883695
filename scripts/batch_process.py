"""Process a folder of images with library calls: what ``cvkit pipeline`` does, without its progress.

python scripts/batch_process.py samples edges
"""

import sys

from cvkit.batch import Pipeline, Processes, read_manifest, run
from cvkit.cli.programs import ArgumentParser, program


@program
def main() -> int:
    """Find the edges in every image of a source; write them to a folder."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", help="an image, a folder, a glob pattern or a list file")
    parser.add_argument("output", help="a new folder, or one to go on in")
    parser.add_argument("--workers", type=int, help="work in so many processes")
    arguments = parser.parse_args()

    edges = Pipeline.of("gray").then("gaussian_blur", sigma=1.2).then("canny", low=50, high=150)
    executor = Processes(arguments.workers) if arguments.workers else None
    summary = run(edges, arguments.source, arguments.output, resume=True, executor=executor)
    print(f"{summary.done} done, {summary.failed} failed, {summary.unchanged} were done before")
    for entry in read_manifest(arguments.output):
        if entry.status == "failed":
            print(f"{entry.path}: {entry.error}")
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
