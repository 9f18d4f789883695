"""PBM, PGM, PPM, PAM and PFM: a header in letters and the samples behind it."""

from __future__ import annotations

import re
from functools import partial

import numpy as np

from cvkit._headers.head import Decode, Head, with_alpha

_SPACE = rb"(?:\s|#[^\n]*\n)+"
_NUMBER = rb"(\d{1,9})"
_SIZE = re.compile(rb"P[1-6]" + _SPACE + _NUMBER + _SPACE + _NUMBER)
_HEADER = re.compile(_SIZE.pattern + _SPACE + _NUMBER + rb"\s")
_COMMENT = re.compile(rb"#[^\n]*")
_FLOATS = re.compile(rb"P[Ff]\s+" + _NUMBER + rb"\s+" + _NUMBER + rb"\s+([-+.\deE]+)\s")
_PAM_LINE = re.compile(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)[ \t]+(\d{1,9})[ \t]*\r?$", re.MULTILINE)
_PAM_END = re.compile(rb"^ENDHDR[ \t]*\r?\n", re.MULTILINE)


def is_netpbm(data: bytes) -> bool:
    """Tell by the magic number."""
    return re.match(rb"P[1-7fF][\s#]", data) is not None


def read(data: bytes) -> Head:
    """Read the header; samples that OpenCV would not scale or order as their header says are read here."""
    if data[1:2] == b"7":
        return _read_pam(data)
    if data[1:2] in b"Ff":
        return _read_floats(data)
    found = _SIZE.match(data)
    if found is None:
        raise ValueError("truncated or damaged PNM: its header does not tell the size")
    width, height = int(found[1]), int(found[2])
    if data[1:2] in b"14":  # bits, which have no largest value
        return Head("PNM", height, width)
    header = _HEADER.match(data)
    if header is None:
        raise ValueError("truncated or damaged PNM: its header does not tell the largest value")
    shape = height, width, 1 if data[1:2] in b"25" else 3
    read_samples = _in_letters if data[1:2] in b"23" else _binary
    return Head("PNM", height, width, samples=read_samples(data[header.end() :], shape, int(header[3])))


def _read_pam(data: bytes) -> Head:
    end = _PAM_END.search(data)
    values = {found[1]: int(found[2]) for found in _PAM_LINE.finditer(data[: end.start()] if end else b"")}
    if end is None or len(values) < 4:
        raise ValueError("truncated or damaged PAM: its header does not tell the size")
    channels = values[b"DEPTH"]
    if not 1 <= channels <= 4:
        raise ValueError(f"a PAM of {channels} channels, where 1 to 4 are read")
    shape = values[b"HEIGHT"], values[b"WIDTH"], channels
    samples = _binary(data[end.end() :], shape, values[b"MAXVAL"])
    return Head("PAM", shape[0], shape[1], samples=samples)


def _sample_type(largest: int) -> np.dtype:
    if not 1 <= largest <= 65535:
        raise ValueError(f"the largest value of a PNM must be from 1 to 65535, got {largest}")
    return np.dtype(">u2" if largest > 255 else "u1")


def _binary(samples: bytes, shape: tuple[int, int, int], largest: int) -> partial[np.ndarray]:
    """Check that all samples are there, and say how they become an image."""
    dtype = _sample_type(largest)
    count = shape[0] * shape[1] * shape[2]
    if len(samples) < count * dtype.itemsize:
        raise ValueError("truncated PNM: the image does not end")
    return partial(_from_bytes, samples, shape, largest)


def _from_bytes(samples: bytes, shape: tuple[int, int, int], largest: int, decode: Decode) -> np.ndarray:
    stored = np.frombuffer(samples, _sample_type(largest), shape[0] * shape[1] * shape[2])
    return _image(stored.reshape(shape), largest)


def _in_letters(text: bytes, shape: tuple[int, int, int], largest: int) -> partial[np.ndarray]:
    """The same for samples in decimal numbers, of which the shortest are a digit and a space."""
    _sample_type(largest)
    if len(text) < 2 * shape[0] * shape[1] * shape[2] - 1:
        raise ValueError("truncated PNM: the image does not end")
    return partial(_from_letters, text, shape, largest)


def _from_letters(text: bytes, shape: tuple[int, int, int], largest: int, decode: Decode) -> np.ndarray:
    count = shape[0] * shape[1] * shape[2]
    numbers = _COMMENT.sub(b" ", text).split()[:count]
    if len(numbers) < count:
        raise ValueError("truncated PNM: the image does not end")
    if not all(number.isdigit() for number in numbers):
        raise ValueError("damaged PNM: a sample is no number")
    values = np.array([min(int(number), largest) for number in numbers], _sample_type(largest))
    return _image(values.reshape(shape), largest)


def _image(stored: np.ndarray, largest: int) -> np.ndarray:
    """Spread samples, (H, W, C), over the range of 8 or 16 bits."""
    image = stored.astype(stored.dtype.newbyteorder("="))
    full = np.iinfo(image.dtype).max
    if largest != full:
        levels = (np.arange(full + 1) * full + largest // 2) // largest
        image = levels.clip(0, full).astype(image.dtype)[image]
    if image.shape[2] > 2:
        return image
    gray = np.ascontiguousarray(image[..., 0])
    return gray if image.shape[2] == 1 else with_alpha(gray, image[..., 1])


def _read_floats(data: bytes) -> Head:
    """Read PFM: rows from the bottom up; the sign of the scale tells the byte order."""
    found = _FLOATS.match(data)
    if found is None:
        raise ValueError("truncated or damaged PFM: its header does not tell the size")
    shape = int(found[2]), int(found[1]), 3 if data[1:2] == b"F" else 1
    if len(data) - found.end() < 4 * shape[0] * shape[1] * shape[2]:
        raise ValueError("truncated PFM: the image does not end")
    dtype = "<f4" if found[3].startswith(b"-") else ">f4"
    return Head("PFM", shape[0], shape[1], samples=partial(_from_floats, data[found.end() :], shape, dtype))


def _from_floats(samples: bytes, shape: tuple[int, int, int], dtype: str, decode: Decode) -> np.ndarray:
    stored = np.frombuffer(samples, dtype, shape[0] * shape[1] * shape[2]).reshape(shape)[::-1]
    return np.ascontiguousarray(stored if shape[2] == 3 else stored[..., 0], np.float32)
