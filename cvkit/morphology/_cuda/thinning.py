"""Thinning on CUDA: one thread for each word of 64 pixels, turn after turn until nothing changes."""

import numpy as np

from cvkit._cuda_threads import pixel_of_thread
from cvkit._jit import helper
from cvkit._jit_cuda import cuda_kernel, temporary
from cvkit.morphology._thinning_math import neighbors_of, removed_by

_WORD = 64
_ONE = np.uint64(1)
# Turns between two looks at what they did, for each of which the host waits.
_TURNS = 8


@cuda_kernel
def _pack(source, words, last_change):
    """Set the bits of pixels from 128 on."""
    word, y, image = pixel_of_thread()
    count, height, width, _ = source.shape
    if image >= count or y >= height or word >= words.shape[2]:
        return
    begin = np.uint32(word * np.uint32(_WORD))
    bits = np.uint64(0)
    for place in range(min(np.uint32(_WORD), np.uint32(np.uint32(width) - begin))):
        is_set = np.uint64(source[image, y, np.uint32(begin + np.uint32(place)), np.uint32(0)] >> 7)
        bits |= is_set << np.uint64(place)
    words[image, y, word] = bits
    if image == 0 and y == 0 and word == 0:
        last_change[0] = 0


@helper
def _three_words(words, image, y, word):
    """Return a word of a row and those beside it; beyond the row there is nothing."""
    before = words[image, y, np.uint32(word - np.uint32(1))] if word > 0 else np.uint64(0)
    following = np.uint32(word + np.uint32(1))
    after = words[image, y, following] if following < words.shape[2] else np.uint64(0)
    return before, words[image, y, word], after


@cuda_kernel
def _peel(words, width, method, turn, last_change, out):
    """Take a turn; the outermost rows and columns stay as they are."""
    word, y, image = pixel_of_thread()
    count, height, row_words = words.shape
    if image >= count or y >= height or word >= row_words:
        return
    here = words[image, y, word]
    removed = np.uint64(0)
    if here != 0 and y > 0 and np.uint32(y + np.uint32(1)) < np.uint32(height):
        neighbors = neighbors_of(
            _three_words(words, image, np.uint32(y - np.uint32(1)), word),
            _three_words(words, image, y, word),
            _three_words(words, image, np.uint32(y + np.uint32(1)), word),
        )
        removed = removed_by(method, neighbors, turn % 2 == 0) & here
        if word == 0:
            removed &= ~_ONE
        last = np.uint32(np.uint32(width) - np.uint32(1))
        if word == last // np.uint32(_WORD):
            removed &= ~(_ONE << np.uint64(last % np.uint32(_WORD)))
        if removed != 0:
            last_change[0] = turn
    out[image, y, word] = here & ~removed


@cuda_kernel
def _draw(words, out):
    x, y, image = pixel_of_thread()
    count, height, width, _ = out.shape
    if image >= count or y >= height or x >= width:
        return
    bit = (words[image, y, x // np.uint32(_WORD)] >> np.uint64(x % np.uint32(_WORD))) & _ONE
    out[image, y, x, np.uint32(0)] = 255 if bit else 0


def _last_turn_with_a_change(last_change):
    """Wait for what the turns have written."""
    found = last_change.copy_to_host()
    if last_change.stream:
        last_change.stream.synchronize()
    return int(found[0])


def thin(source, method, out):
    """Remove pixels from the outlines of regions until only lines are left."""
    count, height, width, _ = source.shape
    shape = count, height, -(-width // _WORD)
    words, others = temporary(shape, np.uint64, source), temporary(shape, np.uint64, source)
    last_change = temporary((1,), np.int32, source)
    _pack[shape](source, words, last_change)
    turn = 0
    is_done = count == 0
    while not is_done:
        for _ in range(_TURNS):
            turn += 1
            _peel[shape](words, width, method, turn, last_change, others)
            words, others = others, words
        is_done = _last_turn_with_a_change(last_change) < turn - 1
    _draw[count, height, width](words, out)
