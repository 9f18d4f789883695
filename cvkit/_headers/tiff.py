"""TIFF: what its tags say of the samples, and which of them OpenCV decodes rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cvkit._headers import samples
from cvkit._headers.head import Decode, Head, with_alpha
from cvkit._headers.ifd import Directory

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 256, 257, 258, 259, 262
_STRIP_OFFSETS, _ORIENTATION, _CHANNELS, _STRIP_ROWS, _STRIP_BYTES = 273, 274, 277, 278, 279
_PLANAR, _PREDICTOR, _COLORMAP, _TILE_WIDTH, _TILE_HEIGHT = 284, 317, 320, 322, 323
_TILE_OFFSETS, _TILE_BYTES, _EXTRA, _SAMPLE_FORMAT = 324, 325, 338, 339

_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_ASSOCIATED, _STRAIGHT = 1, 2
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_FORMATS = {_UNSIGNED: "unsigned", _SIGNED: "signed", _FLOAT: "float"}
_UNCOMPRESSED = 1
# Compressions whose output has no bytes that could be read as gray: of faxes, and JPEG.
_NOT_OF_BYTES = frozenset([2, 3, 4, 6, 7])
_COMPRESSIONS = (
    {1: "none", 2: "fax", 3: "fax", 4: "fax", 5: "LZW", 6: "old JPEG", 7: "JPEG", 8: "deflate"}
    | {32773: "PackBits", 32946: "deflate", 34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA"}
    | {50000: "Zstandard", 50001: "WebP", 52546: "JPEG XL"}
)


def read(data: bytes) -> Head:
    """Read the first image's tags."""
    layout = _layout(Directory.of(data))
    layout.check(len(data))
    orientation = layout.directory.number(_ORIENTATION, 1)
    kind = f"TIFF ({layout.describe()})"
    turned = orientation if 1 <= orientation <= 8 else 1
    return Head(kind, layout.height, layout.width, turned, samples=partial(_decode, data, layout))


@dataclass(frozen=True)
class _Layout:
    """What the tags say of the samples."""

    directory: Directory
    height: int
    width: int
    channels: int
    bits: int
    format: int
    photometric: int
    compression: int
    predictor: int
    is_planar: bool
    is_tiled: bool
    alpha: int | None

    def describe(self) -> str:
        """Say for messages what kind of TIFF it is."""
        compression = _COMPRESSIONS.get(self.compression, f"number {self.compression}")
        parts = [f"{self.channels} x {self.bits} bits", _FORMATS.get(self.format, "unknown samples")]
        parts += [f"compression {compression}", "planar" * self.is_planar, "tiled" * self.is_tiled]
        return ", ".join(filter(None, parts))

    @property
    def colors(self) -> int:
        """Channels that are no alpha and nothing unknown."""
        return {_MIN_IS_WHITE: 1, _MIN_IS_BLACK: 1, _PALETTE: 1, _CMYK: 4}.get(self.photometric, 3)

    def offsets(self) -> tuple[int, ...]:
        """Where strips or tiles start."""
        return self.directory.numbers(_TILE_OFFSETS if self.is_tiled else _STRIP_OFFSETS)

    def lengths(self) -> tuple[int, ...]:
        """How long they are, empty where the file leaves it out."""
        return self.directory.numbers(_TILE_BYTES if self.is_tiled else _STRIP_BYTES)

    def pieces(self) -> int:
        """How many strips or tiles one plane has."""
        if self.is_tiled:
            across = max(1, self.directory.number(_TILE_WIDTH, 0))
            down = max(1, self.directory.number(_TILE_HEIGHT, 0))
            return -(-self.width // across) * -(-self.height // down)
        rows = min(self.directory.number(_STRIP_ROWS, self.height), self.height)
        return -(-self.height // max(1, rows))

    def check(self, size: int) -> None:
        """Raise where colors, strips or tiles are missing, or end behind a file of ``size`` bytes."""
        if self.photometric == _PALETTE and len(self.directory.numbers(_COLORMAP)) != 3 << self.bits:
            raise ValueError("damaged TIFF: its palette has not as many colors as its samples have values")
        offsets, lengths = self.offsets(), self.lengths()
        planes = self.channels if self.is_planar else 1
        if len(offsets) < self.pieces() * planes:
            raise ValueError("truncated TIFF: a part of the image is not there")
        if any(start + length > size for start, length in zip(offsets, lengths, strict=False)):
            raise ValueError("truncated TIFF: a part of the image is not there")
        if self.compression == _UNCOMPRESSED and self.photometric != _YCBCR:  # which may be subsampled
            row_bytes = (self.width * self.channels // planes * self.bits + 7) // 8
            if row_bytes * self.height * planes > size:
                raise ValueError("truncated TIFF: a part of the image is not there")


def _layout(directory: Directory) -> _Layout:
    height, width = directory.number(_HEIGHT, 0), directory.number(_WIDTH, 0)
    if not height or not width:
        raise ValueError("damaged TIFF: its header does not tell the size")
    channels = directory.number(_CHANNELS, 1)
    bits = directory.numbers(_BITS) or (1,)
    formats = directory.numbers(_SAMPLE_FORMAT) or (_UNSIGNED,)
    if len(set(bits)) > 1 or len(set(formats)) > 1:
        raise ValueError(f"a TIFF whose channels differ, in bits {bits} or format {formats}: it is not read")
    photometric = directory.number(_PHOTOMETRIC, _MIN_IS_BLACK)
    return _Layout(
        directory,
        height,
        width,
        channels,
        bits[0],
        formats[0] if formats[0] in _FORMATS else _UNSIGNED,
        photometric,
        directory.number(_COMPRESSION, 1),
        directory.number(_PREDICTOR, 1),
        is_planar=channels > 1 and directory.number(_PLANAR, 1) == 2,
        is_tiled=bool(directory.numbers(_TILE_OFFSETS)),
        alpha=next((extra for extra in directory.numbers(_EXTRA) if extra in (_ASSOCIATED, _STRAIGHT)), None),
    )


def _decode(data: bytes, layout: _Layout, decode: Decode) -> np.ndarray:
    """Give the image as it is stored: gray, RGB or RGBA with straight alpha."""
    if _is_plain(layout):
        image = decode(_plain(data, layout))
        if layout.photometric == _CMYK:  # OpenCV makes RGB of it, and an alpha for the fourth channel
            return np.ascontiguousarray(image[..., :3])
    else:
        image = _colors(_samples(data, layout, decode), layout)
    if layout.photometric == _MIN_IS_WHITE and not (_is_plain(layout) and layout.bits <= 8):
        image = _inverted(image, layout)
    if layout.alpha == _ASSOCIATED and image.ndim == 3 and image.shape[2] == 4:
        return samples.divided_by_alpha(image)
    return image


def _is_plain(layout: _Layout) -> bool:
    """Tell whether OpenCV decodes such samples rightly by itself."""
    if layout.bits == 1:
        return layout.channels == 1 and layout.photometric != _PALETTE
    if layout.bits == 8:
        return layout.format == _UNSIGNED and layout.channels in (1, 3, 4)
    if layout.is_planar or layout.photometric not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB):
        return False
    kinds = {(16, _UNSIGNED): (1, 3, 4), (32, _FLOAT): (1, 3, 4), (64, _FLOAT): (1, 3)}
    return layout.channels in kinds.get((layout.bits, layout.format), ())


def _plain(data: bytes, layout: _Layout) -> bytes:
    """Keep OpenCV from turning the image, which it does by itself, and from multiplying colors by alpha."""
    directory = layout.directory
    if directory.number(_ORIENTATION, 1) != 1:
        directory = directory.changed(tag274=[1])
    if layout.alpha == _STRAIGHT:
        directory = directory.changed(tag338=[_ASSOCIATED] * len(directory.numbers(_EXTRA)))
    return data if directory is layout.directory else directory.appended_to(data)


def _samples(data: bytes, layout: _Layout, decode: Decode) -> np.ndarray:
    """Read samples of any kind, (H, W, C), as bytes of a gray image, which OpenCV only decompresses."""
    is_float_predicted = layout.predictor == 3
    is_broken_up = layout.is_tiled and (layout.predictor != 1 or layout.bits % 8 != 0)
    if layout.compression in _NOT_OF_BYTES or is_broken_up:
        raise ValueError(f"a {layout.describe()} TIFF, which is not read")
    planes = layout.channels if layout.is_planar else 1
    channels = layout.channels // planes
    count = layout.pieces()
    images = []
    for plane in range(planes):
        piece = slice(plane * count, (plane + 1) * count)
        rows = decode(_as_gray_bytes(data, layout, channels, piece))
        if is_float_predicted:
            rows = samples.float_predicted(rows, layout.bits // 8, channels)
        order = ">" if is_float_predicted else layout.directory.order
        image = samples.unpacked(rows, (layout.width, channels), layout.bits, order)
        images.append(np.cumsum(image, axis=1, dtype=image.dtype) if layout.predictor == 2 else image)
    image = np.concatenate(images, axis=-1)
    return samples.typed(image, layout.bits, _FORMATS[layout.format])


def _as_gray_bytes(data: bytes, layout: _Layout, channels: int, piece: slice) -> bytes:
    """Rewrite the tags so that the file holds a gray image of 8 bits, as wide as a row has bytes."""
    offsets, lengths = layout.offsets()[piece], layout.lengths()[piece]
    row_bytes = (layout.width * channels * layout.bits + 7) // 8
    values: dict[str, Sequence[int] | None] = {
        f"tag{_WIDTH}": [row_bytes],
        f"tag{_BITS}": [8],
        f"tag{_PHOTOMETRIC}": [_MIN_IS_BLACK],
        f"tag{_CHANNELS}": [1],
        f"tag{_ORIENTATION}": [1],
        f"tag{_TILE_OFFSETS if layout.is_tiled else _STRIP_OFFSETS}": offsets,
        f"tag{_TILE_BYTES if layout.is_tiled else _STRIP_BYTES}": lengths or None,
    }
    if layout.is_tiled:
        across = layout.directory.number(_TILE_WIDTH, 0)
        values[f"tag{_TILE_WIDTH}"] = [across * channels * layout.bits // 8]
    dropped = (_PLANAR, _PREDICTOR, _COLORMAP, _EXTRA, _SAMPLE_FORMAT)
    return layout.directory.changed(**values, **{f"tag{tag}": None for tag in dropped}).appended_to(data)


def _colors(image: np.ndarray, layout: _Layout) -> np.ndarray:
    """Make gray, RGB or RGBA of samples, (H, W, C)."""
    if layout.photometric == _PALETTE and image.shape[2] == 1 and layout.format == _UNSIGNED:
        return _from_palette(image[..., 0], layout)
    if layout.photometric not in (_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB):
        raise ValueError(f"a {layout.describe()} TIFF of color space {layout.photometric}, which is not read")
    if layout.bits < 16 and layout.format == _UNSIGNED:
        image = samples.spread(image, layout.bits)
    extra = layout.channels - layout.colors
    if extra == 0:
        return image[..., 0] if layout.colors == 1 else image
    if extra == 1 and layout.colors == 3:
        return image
    if extra == 1 and layout.alpha is not None:
        return with_alpha(np.ascontiguousarray(image[..., 0]), image[..., 1])
    raise ValueError(f"a TIFF of {layout.channels} channels, where gray, RGB and RGBA are read")


def _from_palette(indices: np.ndarray, layout: _Layout) -> np.ndarray:
    values = np.array(layout.directory.numbers(_COLORMAP), np.uint16)
    # Some programs write 8 bits where 16 are due.
    levels = (values >> 8 if values.max() > 255 else values).astype(np.uint8)
    return np.ascontiguousarray(levels.reshape(3, -1).T[indices])


def _inverted(image: np.ndarray, layout: _Layout) -> np.ndarray:
    """Turn a negative into the image."""
    if layout.format != _UNSIGNED:
        raise ValueError(f"a {layout.describe()} TIFF whose smallest value is white, which is not read")
    full = np.iinfo(image.dtype).max
    if image.ndim == 3:  # alpha stays
        return np.concatenate([full - image[..., :3], image[..., 3:]], axis=-1)
    return np.asarray(full - image)
