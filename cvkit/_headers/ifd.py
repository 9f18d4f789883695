"""The first image file directory of a TIFF or BigTIFF: read, and written again with other values."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

# How many bytes a value has, by the code of its type from 0 on; unknown types count one.
_TYPE_BYTES = (1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8)
# Types whose values are unsigned numbers, offsets among them, and their letters for struct.
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_LONG, _LONG8 = 4, 16


@dataclass(frozen=True)
class Directory:
    """The tags of the first image.

    Attributes
    ----------
    order : {"<", ">"}
        The byte order of the file, as for struct.
    is_big : bool
        Whether offsets have 64 bits.
    tags : mapping
        Number of the tag -> code of its type, how many values, their bytes.
    """

    order: str
    is_big: bool
    tags: Mapping[int, tuple[int, int, bytes]]

    @classmethod
    def of(cls, data: bytes) -> Directory:
        """Read the first directory of a file."""
        order = {b"II": "<", b"MM": ">"}.get(data[:2])
        if order is None:
            raise ValueError("not a TIFF")
        try:
            is_big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
            offset_letter, count_letter, entry_bytes = ("Q", "Q", 20) if is_big else ("I", "H", 12)
            (start,) = struct.unpack_from(order + offset_letter, data, 8 if is_big else 4)
            (count,) = struct.unpack_from(order + count_letter, data, start)
            position = start + struct.calcsize(count_letter)
            if position + count * entry_bytes > len(data):
                raise ValueError("truncated TIFF: its directory is not there")
            tags: dict[int, tuple[int, int, bytes]] = {}
            for entry in range(position, position + count * entry_bytes, entry_bytes):
                tag, code, number = struct.unpack_from(f"{order}HH{offset_letter}", data, entry)
                length = (_TYPE_BYTES[code] if code < len(_TYPE_BYTES) else 1) * number
                inline = entry + entry_bytes - struct.calcsize(offset_letter)
                if length > struct.calcsize(offset_letter):
                    (inline,) = struct.unpack_from(order + offset_letter, data, inline)
                tags.setdefault(tag, (code, number, data[inline : inline + length]))
        except (struct.error, OverflowError):
            raise ValueError("truncated TIFF: its directory is not there") from None
        return cls(order, is_big, tags)

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a tag's values, none where it is not there or holds no unsigned numbers."""
        code, count, values = self.tags.get(tag, (0, 0, b""))
        if code not in _NUMBERS:
            return ()
        if len(values) < count * _TYPE_BYTES[code]:
            raise ValueError(f"truncated TIFF: the values of tag {tag} are not there")
        return struct.unpack(f"{self.order}{count}{_NUMBERS[code]}", values)

    def number(self, tag: int, default: int) -> int:
        """Return a tag's only or first value."""
        return next(iter(self.numbers(tag)), default)

    def changed(self, **values: Sequence[int] | None) -> Directory:
        """Return the directory with other values, under keys such as ``tag274``; None drops a tag."""
        tags = dict(self.tags)
        for name, numbers in values.items():
            tag = int(name.removeprefix("tag"))
            tags.pop(tag, None)
            if numbers is not None:
                code = _LONG8 if self.is_big else _LONG
                content = struct.pack(f"{self.order}{len(numbers)}{_NUMBERS[code]}", *numbers)
                tags[tag] = (code, len(numbers), content)
        return replace(self, tags=tags)

    def appended_to(self, data: bytes) -> bytes:
        """Return the file with this as its only directory; the old one stays as bytes that nothing names."""
        letter, count_letter = ("Q", "Q") if self.is_big else ("I", "H")
        room = struct.calcsize(letter)
        tail = bytearray(-len(data) % 8)
        entries = []
        for tag, (code, count, values) in sorted(self.tags.items()):
            field = values
            if len(values) > room:
                field = struct.pack(self.order + letter, len(data) + len(tail))
                tail += values + bytes(-len(values) % 8)
            entries.append(struct.pack(f"{self.order}HH{letter}", tag, code, count) + field)
            entries.append(bytes(room - len(field)))
        start = struct.pack(self.order + letter, len(data) + len(tail))
        tail += struct.pack(self.order + count_letter, len(self.tags)) + b"".join(entries) + bytes(room)
        at = 8 if self.is_big else 4
        return b"".join([data[:at], start, memoryview(data)[at + room :], tail])
