"""What differs, and samples as numbers."""

import numpy


class Wrong(Exception):
    """What differs."""


class Unread(Exception):
    """The reference itself does not read the image."""


def require(condition, what):
    if not condition:
        raise Wrong(what)


def unpacked(data, width, height, channels, bits):
    """Samples of packed rows, as an array of height, width, channels."""
    row_bytes = (width * channels * bits + 7) // 8
    require(len(data) == row_bytes * height, f"{len(data)} bytes of samples instead of {row_bytes * height}")
    rows = numpy.frombuffer(data, numpy.uint8).reshape(height, row_bytes)
    if bits == 16:
        rows = rows.view(">u2")
    elif bits < 8:
        split = numpy.unpackbits(rows, axis=1).reshape(height, -1, bits)
        weights = 1 << numpy.arange(bits - 1, -1, -1)
        rows = (split * weights).sum(axis=2)[:, : width * channels]
    return rows.astype(numpy.int64).reshape(height, width, channels)
