"""Training channel detectors on generated images: what they find, determinism, interruption, filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cvkit
from cvkit.cli import main
from cvkit.compare.cases.images import noise, scene
from cvkit.detect import ChannelDetector, box_iou, load
from cvkit.detect.channel_detector import Trees
from cvkit.detect.training import channels
from cvkit.detect.training.channels import train_channels
from cvkit.detect.training.examples import ExampleReader, Scene
from cvkit.detect.training.filters import learn_decorrelation
from cvkit.detect.training.pyramids import UNTRAINED, Augmentation, ChannelCutter
from cvkit.features.channels import ldcf_features

SETTINGS: dict[str, Any] = {"window": (32, 32), "object_size": (0.75, 0.75)}
FAST = {"trees": 64, "rounds": 2, "copies": 3, "zoom": 0.08}


def with_ring(image: np.ndarray, top: int, left: int, size: int) -> np.ndarray:
    """Draw a bright ring that fills three quarters of a square."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    radius = np.hypot(y, x) / size
    image = image.copy()
    image[top : top + size, left : left + size][(radius > 0.25) & (radius < 0.375)] = 230
    return image


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a folder with crops of rings and images without any."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "rings").mkdir()
    (folder / "others").mkdir()
    for index in range(24):
        crop = with_ring(scene(64, 64, seed=100 + index), 16, 16, 32)
        cvkit.write_image(folder / "rings" / f"{index}.png", crop)
        cvkit.write_image(folder / "others" / f"{index}.png", scene(120, 150, seed=index))
    return folder


@pytest.fixture(autouse=True)
def _few_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw fewer random windows than a real training has use for."""
    monkeypatch.setattr(channels, "_RANDOM_NEGATIVES", 2000)


def examples(folder: Path) -> tuple[list[Path], list[Path]]:
    return sorted((folder / "rings").iterdir()), sorted((folder / "others").iterdir())


def train(folder: Path, **options: Any) -> ChannelDetector:
    return train_channels(*examples(folder), **{**FAST, **SETTINGS, **options})


def assert_same(first: ChannelDetector, second: ChannelDetector) -> None:
    for name, array in first._model_arrays().items():
        np.testing.assert_array_equal(array, second._model_arrays()[name], err_msg=name)
    assert first.settings == second.settings


@pytest.mark.parametrize("decorrelate", [False, True])
def test_a_trained_detector_finds_its_object(images: Path, decorrelate: bool) -> None:
    lines: list[str] = []
    detector = train(images, decorrelate=decorrelate, progress=lines.append)
    assert lines[0] == "144 windows of the object, 2016 others"
    assert lines[1].startswith("4 trees, ")
    assert lines[2].startswith("round 1: ")
    assert lines[-1].startswith("64 trees, ")
    for size in (32, 48):
        found = detector.detect(with_ring(scene(120, 160, seed=999), 40, 60, size))
        margin = size / 8
        ring = [[60 + margin, 40 + margin, 60 + size - margin, 40 + size - margin]]
        assert box_iou(found.xyxy[:1], ring).item() > 0.5


@pytest.mark.parametrize("decorrelate", [False, True])
def test_the_same_seed_gives_the_same_model_at_any_thread_count(images: Path, decorrelate: bool) -> None:
    threads = cvkit.get_num_threads()
    try:
        cvkit.set_num_threads(1)
        first = train(images, decorrelate=decorrelate)
        cvkit.set_num_threads(threads)
        assert_same(first, train(images, decorrelate=decorrelate))
    finally:
        cvkit.set_num_threads(threads)
    other = train(images, decorrelate=decorrelate, seed=1)
    assert not np.array_equal(first.trees.feature, other.trees.feature)


def test_pyramids_beyond_the_limit_are_computed_again(images: Path) -> None:
    samples = (144 + channels._NEGATIVES) * 640
    assert_same(train(images), train(images, max_memory=samples + 20_000))
    assert_same(train(images), train(images, max_memory=0))


def test_an_interrupted_training_goes_on(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(images, decorrelate=True, calibrate=True)
    boost = channels.boost
    calls = 0

    def interrupted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls in (2, 4, 6):
            raise KeyboardInterrupt
        return boost(*arguments)

    monkeypatch.setattr(channels, "boost", interrupted)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            train(images, decorrelate=True, calibrate=True, work=tmp_path)
    assert_same(whole, train(images, decorrelate=True, calibrate=True, work=tmp_path))
    assert calls == 6 + 3  # each of the six boostings once, but for those that were interrupted
    with pytest.raises(ValueError, match="holds another training"):
        train(images, decorrelate=True, calibrate=True, work=tmp_path, seed=1)


def test_calibration_gives_probabilities(images: Path) -> None:
    detector = train(images, calibrate=True)
    assert detector.probability(detector.confidence_of(0.9)) == pytest.approx(0.9)
    ring = detector.detect(with_ring(scene(120, 160, seed=999), 40, 60, 32))
    assert detector.probability(ring.confidence[0]) > 0.5


def cutter_of(**settings: Any) -> ChannelCutter:
    settings = {**SETTINGS, **settings}
    return ChannelCutter(ExampleReader(settings["window"], 0.75, print), settings)


def test_objects_are_cut_from_the_middle(images: Path) -> None:
    rings, _ = examples(images)
    generator = np.random.default_rng(0)
    vectors = list(cutter_of().object_vectors(rings[:1], 3, Augmentation(2.0, 0.1), generator))
    assert len(vectors) == 6
    crop = cvkit.read_image(rings[0])
    for view, vector in ((crop, vectors[0]), (np.ascontiguousarray(crop[:, ::-1]), vectors[3])):
        expected = cvkit.channel_features(view)[:, 4:12, 4:12].astype(int).ravel()
        assert np.abs(vector.astype(int) - expected).max() <= 1
        assert np.abs(vectors[1].astype(int) - expected).max() > 10


def test_crops_without_a_margin_get_one(tmp_path: Path) -> None:
    cvkit.write_image(tmp_path / "tight.png", with_ring(scene(33, 34), 0, 0, 32))
    generator = np.random.default_rng(0)
    assert (
        len(list(cutter_of().object_vectors([tmp_path / "tight.png"], 1, Augmentation(0, 0), generator))) == 2
    )


def test_windows_are_found_again_at_their_places(images: Path) -> None:
    _, others = examples(images)
    cutter = cutter_of()
    found = list(cutter.random_windows(others, 100, np.random.default_rng(0)))
    again = cutter_of().windows_at(others, [place for place, _ in found][::-1])
    for (_, vector), second in zip(found[::-1], again, strict=True):
        np.testing.assert_array_equal(vector, second)


def test_small_images_are_enlarged(tmp_path: Path) -> None:
    """Four windows across are wanted, at most twice the size is given."""
    cutter = cutter_of(upscale=1.5, scales_per_octave=1, padding=0)
    for size, factor in ((40, 2.0), (80, 1.6), (128, 1.0), (300, 1.0)):
        path = tmp_path / f"{size}.png"
        cvkit.write_image(path, scene(size, 2 * size))
        places = [place for place, _ in cutter.random_windows([path], 3000, np.random.default_rng(0))]
        rows = max(place.row for place in places if place.level == 0)
        assert rows == (round(size * 1.5 * factor) - 32) // 4


def test_windows_near_objects_are_no_negatives(images: Path) -> None:
    path = sorted((images / "others").iterdir())[0]
    scene_with_box = Scene(path, ((40.0, 30.0, 64.0, 54.0),))
    cutter = cutter_of()
    everywhere, elsewhere = (cutter.other_scores(UNTRAINED, [example]) for example in (path, scene_with_box))
    assert 0 < len(everywhere) - len(elsewhere) < len(everywhere) / 2
    always = Trees(UNTRAINED.feature, UNTRAINED.threshold, np.ones((1, 2), np.float32))
    places, vectors = cutter.hard_windows(always, [scene_with_box], 30, 100, np.random.default_rng(0))
    assert 0 < len(places) == len(vectors) <= 30
    detector = cutter.detector(always)
    levels = list(detector.levels(cvkit.read_image(path)))
    for place in places:
        window = detector.window_boxes(
            levels[place.level].scale, np.array([place.row]), np.array([place.column])
        )
        assert box_iou(detector.object_boxes(window), np.array(scene_with_box.boxes)).item() <= 0.3


def test_filters_are_the_main_components() -> None:
    generator = np.random.default_rng(0)
    images = [cvkit.gaussian_blur(noise(120, 90, seed=index), 3) for index in range(8)]
    decorrelation = learn_decorrelation(images, generator)
    assert decorrelation.filters.shape == (10, 4, 5, 5)
    np.testing.assert_allclose(np.abs(decorrelation.filters).sum(axis=(2, 3)), 1, atol=1e-5)
    brightness = decorrelation.filters[0].reshape(4, 25)
    assert (brightness[0] > 0).all()  # the first component of what is smooth is its average
    np.testing.assert_allclose(np.tril(brightness @ brightness.T, -1), 0, atol=1e-6)
    features = np.concatenate([ldcf_features(image, *decorrelation).reshape(40, -1) for image in images], 1)
    varied = features[12:]  # gray images have no color
    assert (np.mean((varied == 0) | (varied == 255), axis=1) < 0.03).all()
    assert (varied.std(axis=1) > 15).all()


def test_filters_need_a_image() -> None:
    with pytest.raises(ValueError, match="at least 12x12 pixels"):
        learn_decorrelation([np.zeros((11, 40), np.uint8)], np.random.default_rng(0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trees": 0}, "trees must be at least 1"),
        ({"copies": 0}, "copies must be at least 1"),
        ({"zoom": -1}, "zoom must be at least 0"),
        ({"window": (30, 32)}, "window must be multiples of 4"),
        ({"wrong_size": "crop"}, "wrong_size must be one of"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_options_out_of_range(images: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(images, **options)


def test_no_images_are_named(images: Path, tmp_path: Path) -> None:
    rings, others = examples(images)
    with pytest.raises(ValueError, match="positives must hold at least one image"):
        train_channels([], others, **SETTINGS)
    with pytest.raises(ValueError, match="negatives must hold at least one image"):
        train_channels(rings, [], **SETTINGS)
    with pytest.raises(ValueError, match="at least two images"):
        train_channels(rings[:1], others, calibrate=True, **SETTINGS)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    lines: list[str] = []
    train_channels(rings, [broken, *others], rounds=1, trees=8, progress=lines.append, **SETTINGS)
    assert sum("broken.png" in line for line in lines) == 1


COMMAND = ["--positives", "rings", "--negatives", "others", "--window", "32", "--object-size", "0.75"]


def test_the_command(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(images)
    options = ["--trees", "64", "--rounds", "2", "--copies", "3", "--zoom", "0.08", "--no-calibrate"]
    model = tmp_path / "model.npz"
    assert (
        main(["train", "person-ldcf", *COMMAND, *options, "-o", str(model), "--work", str(tmp_path / "work")])
        == 0
    )
    assert f"written to {model}" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
    assert_same(load(model), train(images, decorrelate=True))


@pytest.mark.parametrize(
    ("kind", "option"),
    [
        ("person-acf", ["--pixels-per-cell", "4"]),
        ("person-ldcf", ["--C", "1"]),
        ("person-hog", ["--trees", "100"]),
        ("person-hog", ["--copies", "2"]),
        ("person-hog", ["--zoom", "0.1"]),
    ],
)
def test_options_of_other_kinds_are_refused(
    images: Path,
    kind: str,
    option: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(images)
    assert main(["train", kind, *COMMAND, *option, "-o", "model.npz"]) == 2
    assert f"cvkit: {option[0]} is no option of {kind}" in capsys.readouterr().err
    assert not Path("model.npz").exists()
