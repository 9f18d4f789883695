"""Videos: which frames come, what a damaged file gives, and that what is written is complete or not there."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

import cvkit
from cvkit._containers import declared_length
from cvkit.video import (
    SUFFIXES,
    WRITTEN,
    UnreadableVideoError,
    camera_index,
    is_stream,
    is_video,
    open_video,
    read_frames,
)
from cvkit.video.files import stream_name

LEVELS = tuple(range(20, 220, 10))  # gray level of each of twenty frames


def write_clip(path: Path, height: int = 48, width: int = 64, rate: float = 10.0) -> Path:
    """Write a clip whose frames are told apart by their gray level, with a red corner."""
    with open_video(path, rate) as video:
        for level in LEVELS:
            image = np.full((height, width, 3), level, np.uint8)
            image[: height // 2, : width // 2] = (230, 10, 10)
            video.write(image)
    return path


def numbers_by_level(frames: object) -> list[tuple[int, int]]:
    """Return each frame's number and the number that its gray level stands for."""
    return [
        (number, round((float(np.median(image[image.shape[0] // 2 :])) - LEVELS[0]) / 10))
        for number, image in frames  # type: ignore[attr-defined]
    ]


def truncate(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


@pytest.mark.parametrize("suffix", sorted(WRITTEN))
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", rate=30000 / 1001)
    assert os.listdir(tmp_path) == [path.name]
    assert declared_length(path) == path.stat().st_size
    with read_frames(path) as frames:
        assert frames.rate == pytest.approx(29.97, abs=1e-6)
        assert frames.count == 20
        found = list(frames)
        assert frames.fault is None
    assert numbers_by_level(found) == [(number, number) for number in range(20)]
    corner = found[3][1][5, 5].astype(int)
    assert np.abs(corner - (230, 10, 10)).max() < 30, "red stays red"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"every": 7}, range(0, 20, 7)),
        ({"start": 5, "stop": 9}, range(5, 9)),
        ({"every": 3, "start": 4, "stop": 14}, range(4, 14, 3)),
        ({"stop": 100, "every": 30}, range(1)),
    ],
)
def test_frames_asked_for_are_the_ones_that_come(
    tmp_path: Path, options: dict[str, int], wanted: range
) -> None:
    with read_frames(write_clip(tmp_path / "clip.mp4"), **options) as frames:
        assert frames.count == len(wanted)
        assert frames.rate == pytest.approx(10 / options.get("every", 1))
        assert numbers_by_level(frames) == [(number, number) for number in wanted]
        assert frames.fault is None


@pytest.mark.parametrize(("height", "width"), [(75, 101), (1, 1), (49, 2)])
@pytest.mark.parametrize("suffix", [".mp4", ".avi"])
def test_odd_and_tiny_sizes_are_filled_up_and_lose_nothing(
    tmp_path: Path, suffix: str, height: int, width: int
) -> None:
    with open_video(tmp_path / f"odd{suffix}", 5) as video:
        for _ in range(3):
            video.write(np.full((height, width), 200, np.uint8))
    with read_frames(tmp_path / f"odd{suffix}") as frames:
        images = [image for _, image in frames]
    assert len(images) == 3
    assert images[0].shape == (max(16, height + height % 2), max(16, width + width % 2), 3)
    assert np.abs(images[2].astype(int) - 200).max() < 8


@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
@pytest.mark.parametrize("share", [0.6, 0.8])
def test_a_cut_off_file_gives_its_good_frames_and_says_so(tmp_path: Path, suffix: str, share: float) -> None:
    path = write_clip(tmp_path / f"clip{suffix}")
    truncate(path, share)
    with read_frames(path) as frames:
        found = numbers_by_level(frames)
        assert 0 < len(found) < 20
        assert found == [(number, number) for number in range(len(found))]
        assert frames.fault == f"the file is cut off: {len(found)} of 20 frames are there"
    with read_frames(path, stop=2) as frames:
        assert (len(list(frames)), frames.fault) == (2, None), "what is missing was not asked for"


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", rate=2)
    data = bytearray(path.read_bytes())
    middle = len(data) // 4
    data[middle : 3 * middle] = bytes(2 * middle)
    path.write_bytes(data)
    with read_frames(path) as frames:
        count = len(list(frames))
        assert frames.fault == f"only {count} of 20 frames can be decoded"


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_file_that_lost_its_index_says_so(tmp_path: Path, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}")
    truncate(path, 0.7)
    with pytest.raises(UnreadableVideoError, match=rf"clip\{suffix}: cut off, without its index"):
        read_frames(path)


def test_files_without_frames(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no video, " * 100)
    with pytest.raises(UnreadableVideoError, match=r"empty\.mp4: the file is empty"):
        read_frames(tmp_path / "empty.mp4")
    with pytest.raises(UnreadableVideoError, match=r"text\.mp4: not a video, or a damaged one"):
        read_frames(tmp_path / "text.mp4")
    with pytest.raises(FileNotFoundError):
        read_frames(tmp_path / "gone.mp4")
    with read_frames(write_clip(tmp_path / "clip.mp4"), start=20) as frames:
        assert (list(frames), frames.fault) == ([], "it has 20 frames, none from 20 on")
    with open_video(tmp_path / "nothing.mp4", 10):
        pass
    assert not (tmp_path / "nothing.mp4").exists()
    assert capfd.readouterr().err == "", "OpenCV's own messages stay away"


@pytest.mark.parametrize("name", ["12:30.mp4", "ü %03d.mp4", "-i.avi"])
def test_names_that_ffmpeg_might_misread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path(name))
    with read_frames(name) as frames:
        assert len(list(frames)) == 20


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there")
def test_a_name_that_crashes_opencv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a\udce4.mp4"
    path.write_bytes(b"anything")
    with pytest.raises(UnreadableVideoError, match="a video's name must be valid Unicode"):
        read_frames(path)


def test_reading_ahead_is_bounded_and_ends_its_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    class Counting:
        """Counts on behalf of a capture; a subclass of it would crash."""

        def __init__(self, *arguments: object) -> None:
            self._capture = VideoCapture(*arguments)

        def __getattr__(self, name: str) -> object:
            return getattr(self._capture, name)

        def retrieve(self) -> object:
            decoded.append(1)
            return self._capture.retrieve()

    path = write_clip(tmp_path / "clip.mp4")
    VideoCapture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", Counting)
    with read_frames(path, depth=3) as frames:
        assert len(list(islice(frames, 2))) == 2
    assert len(decoded) <= 2 + 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cvkit-read")]


class FakeCamera:
    """A camera that gives ``total`` images and then fails."""

    total = 5

    def __init__(self, index: int) -> None:
        self.left = self.total
        self.index = index

    def isOpened(self) -> bool:  # noqa: N802
        return self.index == 0

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: 0.0, cv2.CAP_PROP_FRAME_COUNT: -1.0}[what]

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.zeros((6, 8, 3), np.uint8)

    def release(self) -> None:
        pass


def use_fake_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give OpenCV one camera; files are read as they are."""
    real = cv2.VideoCapture
    monkeypatch.setattr(
        cv2, "VideoCapture", lambda source, *api: real(source, *api) if api else FakeCamera(source)
    )


def test_cameras(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    use_fake_camera(monkeypatch)
    with read_frames("0", stop=3) as frames:
        assert (frames.count, frames.rate) == (3, 25.0)
        assert [number for number, _ in frames] == [0, 1, 2]
        assert frames.fault is None
    with read_frames(0) as frames:
        assert frames.count is None
        assert len(list(frames)) == 5
        assert frames.fault == "the camera gives no more frames after 5"
    with pytest.raises(UnreadableVideoError, match="camera 3: there is none of this number"):
        read_frames(3)
    Path("0").touch()
    assert camera_index("0") is None, "a file of that name comes first"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"start": -1}, "start must be at least 0, got -1"),
        ({"start": 5, "stop": 5}, "stop must be at least 6, got 5"),
    ],
)
def test_wrong_ranges(tmp_path: Path, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_frames(tmp_path / "clip.mp4", **options)


def test_wrong_writing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"path must end in one of .*, got '\.gif'"):
        open_video(tmp_path / "clip.gif", 10)
    with pytest.raises(ValueError, match="rate must be greater than 0"):
        open_video(tmp_path / "clip.mp4", 0)
    with (
        pytest.raises(ValueError, match=r"size of the first, \(4, 6\), got \(4, 8\)"),
        open_video(tmp_path / "clip.mp4", 10) as video,
    ):
        video.write(np.zeros((4, 6), np.uint8))
        video.write(np.zeros((4, 8), np.uint8))
    with (
        pytest.raises(TypeError, match="image must have dtype uint8"),
        open_video(tmp_path / "clip.mp4", 10) as video,
    ):
        video.write(np.zeros((4, 6)))
    with (
        pytest.raises(OSError, match="cannot write a video of 4x6"),
        open_video(tmp_path / "gone" / "clip.mp4", 10) as video,
    ):
        video.write(np.zeros((4, 6), np.uint8))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("keep_partial", "left"), [(False, 20), (True, 1)])
def test_an_exception_throws_the_video_away_or_keeps_what_there_is(
    tmp_path: Path, keep_partial: bool, left: int
) -> None:
    path = write_clip(tmp_path / "clip.mp4")
    with pytest.raises(KeyboardInterrupt), open_video(path, 10, keep_partial=keep_partial) as video:
        video.write(np.zeros((48, 64), np.uint8))
        assert len(os.listdir(tmp_path)) == 2
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["clip.mp4"]
    with read_frames(path) as frames:
        assert len(list(frames)) == left


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files")
def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    code = """
        import resource, signal
        import numpy as np
        from cvkit.video import WRITTEN, open_video

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        generator = np.random.default_rng(0)
        for suffix in WRITTEN:
            try:
                with open_video(f"clip{suffix}", 10) as video:
                    for _ in range(20):
                        video.write(generator.integers(0, 255, (240, 320, 3), np.uint8))
            except OSError as error:
                print(error)
        """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(cvkit.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == [
        f"clip{suffix}: the video could not be written to its end; is the disk full?" for suffix in WRITTEN
    ]
    assert os.listdir(tmp_path) == []


def test_videos_are_known_by_their_ending() -> None:
    assert set(WRITTEN) <= SUFFIXES
    assert is_video("a/B.MOV")
    assert not is_video("a.mp4/000001.png")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serve a folder with a clip, and give its address, with a password."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    write_clip(tmp_path / "clip.avi")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(tmp_path))) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://me:secret@127.0.0.1:{served.server_port}/"
        served.shutdown()
        thread.join()


def test_streams(server: str) -> None:
    with read_frames(f"{server}clip.avi?key=7", stop=5) as frames:
        assert (frames.count, frames.rate) == (5, 10.0)
        assert numbers_by_level(frames) == [(number, number) for number in range(5)]
    with pytest.raises(UnreadableVideoError, match="-gone-avi: nothing is sent from there") as caught:
        read_frames(f"{server}gone.avi?key=7")
    assert not any(secret in str(caught.value) for secret in ("me", "secret", "key"))


def test_a_stream_without_a_length_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda source, api: FakeCamera(0))
    with read_frames("RTSP://192.168.0.7/live") as frames:
        assert frames.count is None
        assert len(list(frames)) == 5
    assert frames.fault == "the stream gives no more frames after 5"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://me:secret@camera.local:554/live?token=1", "rtsp-camera-local-554-live"),
        ("http://[::1]:80/a/b.mp4#t", "http-1-80-a-b-mp4"),
        ("HTTPS://host/", "https-host"),
        ("http://me:p@ss@host/a@b", "http-host-a-b"),
    ],
)
def test_names_of_streams_hold_no_secrets(address: str, name: str) -> None:
    assert is_stream(address)
    assert stream_name(address) == name


@pytest.mark.parametrize("source", [0, "0", "clip.mp4", "http.mp4", Path("rtsp://a")])
def test_other_sources_are_no_streams(source: object) -> None:
    assert not is_stream(source)
