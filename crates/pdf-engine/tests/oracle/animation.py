"""What is seen of an animated PNG, frame by frame: each frame read by pypng, which keeps 16 bits, as a PNG of its own,
and laid over what the frames before left, as the third edition of the standard says (section 11.3.6)."""

import struct
import zlib

import numpy
import png

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunks(content):
    at = len(SIGNATURE)
    while at + 8 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += length + 12


def is_animated(content):
    """Whether there is an animation, with a frame to show."""
    for kind, data in chunks(content):
        if kind == b"acTL":
            return int.from_bytes(data[:4], "big") > 0
        if kind == b"IDAT":
            return False
    return False


def still(header, width, height, said, data):
    """Red, green, blue and alpha of a frame, and the largest sample."""
    parts = [(b"IHDR", struct.pack(">II", width, height) + header[8:]), *said, (b"IDAT", data), (b"IEND", b"")]
    content = b"".join(len(part).to_bytes(4, "big") + kind + part + zlib.crc32(kind + part).to_bytes(4, "big") for kind, part in parts)
    _, _, rows, info = png.Reader(bytes=SIGNATURE + content).asRGBA()
    samples = numpy.array([list(row) for row in rows], numpy.int64).reshape(height, width, 4)
    return samples, 2 ** info["bitdepth"] - 1


def over(below, above, most):
    """Above on below, each with its alpha, to whole samples."""
    above_share = above[:, :, 3:] * most
    below_share = (most - above[:, :, 3:]) * below[:, :, 3:]
    share = above_share + below_share
    colors = above[:, :, :3] * above_share + below[:, :, :3] * below_share
    colors = (2 * colors + share) // numpy.maximum(2 * share, 1)
    return numpy.concatenate([colors, (2 * share + most) // (2 * most)], axis=2)


def frames(content):
    """Colours and alpha, from 0 to 1, of each frame."""
    header, said, images, controls, count = None, [], [], [], 0
    for kind, data in chunks(content):
        if kind == b"IHDR":
            header = data
        elif kind in (b"PLTE", b"tRNS"):
            said.append((kind, data))
        elif kind == b"acTL":
            count = int.from_bytes(data[:4], "big")
        elif kind == b"fcTL":
            controls.append(struct.unpack(">IIIIHHBB", data[4:]))
            images.append(b"")
        elif kind == b"IDAT" and not controls:
            images = [(images[0] if images else b"") + data]
        elif kind == b"IDAT":
            images[-1] += data
        elif kind == b"fdAT":
            images[-1] += data[4:]
    width, height = struct.unpack(">II", header[:8])
    if len(images) > len(controls):
        # The default image, which is no frame.
        samples, most = still(header, width, height, said, images.pop(0))
        yield samples[:, :, :3] / most, samples[:, :, 3] / most
    canvas = None
    for (wide, high, left, top, _, _, disposal, blend), image in list(zip(controls, images))[:count]:
        samples, most = still(header, wide, high, said, image)
        # Fewer bits than a byte has are spread to it, so that they can be mixed.
        samples, most = (samples, most) if most > 255 else (samples * (255 // most), 255)
        canvas = numpy.zeros((height, width, 4), numpy.int64) if canvas is None else canvas
        before = canvas.copy()
        place = canvas[top : top + high, left : left + wide]
        place[:] = over(place, samples, most) if blend else samples
        yield canvas[:, :, :3] / most, canvas[:, :, 3] / most
        if disposal == 1:
            place[:] = 0
        elif disposal == 2:
            canvas = before
