"""What the README and the guide show runs, their commands and options exist, their links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest

import cvkit
from cvkit._jit_cuda import cuda
from cvkit.cli import main
from page_summaries import OTHERS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs").glob("*/*.md"))
GUIDE = [page for page in GUIDE if page.parent.name != "generated"]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md")]
# What a user reads, by the name of the page.
TEXTS = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for page in (ROOT / "README.md", *GUIDE)
}


def blocks(language: str, text: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """Return a page's calls of cvkit, as words."""
    lines = [part for block in blocks("sh", text) for line in block.splitlines() for part in line.split("&&")]
    return [words for line in lines if (words := shlex.split(line)) and words[0] == "cvkit"]


COMMANDS = [words for text in TEXTS.values() for words in commands(text)]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter an empty folder where the samples are."""
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= 8 * 1024


def test_there_are_examples() -> None:
    counts = {name: len(found) for name, text in TEXTS.items() if (found := blocks("python", text))}
    assert counts["README.md"] == 3
    assert {Path(name).stem for name in counts} >= {
        "images",
        "gpu",
        "detect",
        "folders",
        "videos",
        "learners",
    }
    assert sum(counts.values()) >= 12


# Its examples call half of all operations: the build of the site runs them.
BUILT = "docs/hundred_questions.md"


@pytest.mark.parametrize("page", [name for name in TEXTS if blocks("python", TEXTS[name]) and name != BUILT])
def test_python_examples_run_one_after_another(page: str, checkout: Path) -> None:
    namespace: dict[str, Any] = {}
    for example in blocks("python", TEXTS[page]):
        if "# needs a GPU" not in example or cuda.is_available():
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(example, page, "exec"), namespace)
    if Path(page).stem == "images":
        assert namespace["same"].dtype == namespace["features"].dtype
    if Path(page).stem in ("README", "detect"):
        assert (checkout / "people.jpg").exists()


def test_the_operations_are_all_listed() -> None:
    text = TEXTS["docs/operations.md"]
    rooms = {"color", "features", "filters", "geometry", "intensity", "morphology", "regions"}
    for room in rooms:
        there = {name for name, module in cvkit._FUNCTIONS.items() if module.split(".")[1] == room}
        assert set(re.findall(r"^\| `(\w+)` \|", section(text, room), flags=re.MULTILINE)) == there
    rest = {name: module.split(".")[1] for name, module in cvkit._FUNCTIONS.items()}
    rest = {name: room for name, room in rest.items() if room not in rooms}
    assert set(rest.values()) == {"_dispatch", "_jit", "io"}
    assert set(re.findall(r"^\| `(\w+)` \|", section(text, OTHERS), flags=re.MULTILINE)) == set(rest)
    for shelf, name in [("ml", "SVC"), ("detect", "pretrained"), ("batch", "run"), ("video", "read_frames")]:
        assert f"| `{shelf}.{name}` |" in section(text, f"cvkit.{shelf}")


def section(text: str, title: str) -> str:
    """Return what stands under one heading."""
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text, flags=re.DOTALL | re.MULTILINE)
    return str(found)


def test_every_page_and_example_is_on_the_site(root: Path) -> None:
    listed = {"docs/index.md"}
    for page, text in TEXTS.items():
        for names in re.findall(r"^```\{toctree\}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            found = re.findall(r"^\w[\w/]*$", names, flags=re.MULTILINE)
            listed |= {f"{Path(page).parent.as_posix()}/{name}.md" for name in found}
    listed = {page for page in listed if "/generated/" not in page}
    assert listed == {page for page in TEXTS if page.startswith("docs/")}
    examples = [path.read_text(encoding="utf-8") for path in (root / "docs" / "gallery").glob("*.py")]
    assert len(examples) >= 30
    assert all(re.match(r'"""\n(.+)\n=+\n', example) for example in examples)


def test_the_first_command_does_what_the_readme_says(checkout: Path) -> None:
    first = commands(README)[0]
    assert main(first[1:]) == 0
    assert (checkout / "detections" / "detections.json").exists()
    assert len(list((checkout / "detections" / "images").rglob("*.jpg"))) == 1


def test_quickstart(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["quickstart.py"])
    runpy.run_path(str(ROOT / "samples" / "quickstart.py"), run_name="__main__")
    assert "a person from (" in capsys.readouterr().out
    assert (checkout / "quickstart.jpg").exists()


def test_commands_over_folders_run_as_written(checkout: Path) -> None:
    over_folders = [words for words in COMMANDS if words[1] in ("batch", "pipeline", "report")]
    # Those whose SOURCE is there, and reports on what they wrote.
    ready = [words for words in over_folders if "samples" in "".join(words[3:4]) or words[1] == "report"]
    assert len(ready) >= 8
    for words in ready:
        assert main(words[1:]) == 0, words
    assert len(list((checkout / "lines").glob("*.jpg"))) >= 5
    assert len(list((checkout / "features").glob("*.npz"))) >= 5
    assert (checkout / "outlines" / "street.mp4").exists()
    assert (checkout / "edges" / "report.html").exists()


def test_the_maintainers_run_the_commands_that_install(root: Path) -> None:
    script = (root / ".ci" / "run").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"grep -E '(.+)' README\.md", script)
    found = re.findall(pattern, README, flags=re.MULTILINE)
    assert found == [
        'pip install ".[opencv]" && cvkit detect samples/street2.jpg',
        'pip install ".[test]" && pytest -n 2',
    ]
    assert {f"{command}\n" for command in found} <= set(blocks("sh", README))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_and_options_exist(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    subcommand = command[1:3] if command[1] == "batch" else command[1:2]
    assert main([*(word for word in subcommand if word != "--help"), "--help"]) == 0
    known = capsys.readouterr().out
    for word in command:
        if word.startswith("--"):
            assert re.search(rf"{word}\b", known), word


# The page that explains a command.
GUIDE_OF = {"detect": "docs/guide/detect.md"} | dict.fromkeys(
    ("batch", "pipeline", "report"), "docs/guide/folders.md"
)


@pytest.mark.parametrize("command", [["detect"], ["batch", "gray"], ["pipeline"], ["report"]], ids=" ".join)
def test_every_option_is_in_the_guide(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main([*command, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options
    assert options <= set(re.findall(r"--[a-z-]+", TEXTS[GUIDE_OF[command[0]]]))


@pytest.mark.parametrize("page", PAGES + GUIDE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_named_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"`[^`]*`", "", text)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", prose) if "://" not in link]
    paths = re.findall(r"`((?:cvkit|docs|scripts|tests|tools)/[\w./]+\w)`", text)
    for name in [*links, *paths]:
        assert (page.parent / name).exists() or (ROOT / name).exists(), name
