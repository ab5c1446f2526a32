"""Compares the pages of a PDF with the frames of an image, as Pillow reads it: sample by sample, alpha too."""

import io
import pathlib

import numpy
import pikepdf
import pillow_jxl  # Pillow learns JPEG XL by it.
import png
from PIL import Image, ImageCms

from wrong import Unread, require, unpacked

CHANNELS = {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4, "/Lab": 3}


def channels_of(space):
    """Samples of a colour of this space."""
    if isinstance(space, pikepdf.Name) or space[0] == "/Lab":
        return CHANNELS[str(space if isinstance(space, pikepdf.Name) else space[0])]
    return int(space[1].N)


def colors_of(image, pdfium_image):
    """Colours as numbers from 0 to 1, and what is transparent by a key."""
    width, height = int(image.Width), int(image.Height)
    filters = str(image.get("/Filter"))
    space = image.get("/ColorSpace")
    if filters in ("/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/DCTDecode"):
        picture = pdfium_image.get_bitmap(render=False).to_pil()
        picture = picture.convert("L" if picture.mode in ("1", "L") else "RGB")
        colors = numpy.asarray(picture, numpy.float64).reshape(height, width, -1) / 255
        return colors, None
    bits = int(image.BitsPerComponent)
    is_palette = not isinstance(space, pikepdf.Name) and space[0] == "/Indexed"
    channels = 1 if is_palette else channels_of(space)
    data = image.read_bytes()
    require(bytes(pdfium_image.get_data(decode_simple=True)) == data, "PDFium reads other samples than qpdf")
    samples = unpacked(data, width, height, channels, bits)
    key = image.get("/Mask")
    hole = None if key is None else numpy.all(samples == [int(sample) for sample in key][::2], axis=2)
    if is_palette:
        table = numpy.frombuffer(bytes(space[3]), numpy.uint8).reshape(-1, 3)
        require(samples.max() < len(table), "an index without a colour")
        colors = table[samples[:, :, 0]] / 255
    else:
        colors = samples / (2**bits - 1)
    return (1 - colors if is_inverted(image) else colors), hole


def is_inverted(image):
    """Whether samples count backwards; those of Lab may have other ranges."""
    return int(image.get("/Decode", [0])[0]) == 1


def alpha_of(image, colors, hole):
    """The alpha, from 0 to 1; colours that were multiplied by it are divided again."""
    height, width = colors.shape[:2]
    mask = image.get("/SMask")
    if mask is None:
        return colors, numpy.ones((height, width)) if hole is None else 1.0 - hole
    if mask.get("/Filter") == "/JPXDecode":
        # Neither PDFium nor Pillow divides colours that were multiplied.
        return colors, mask_of(mask)
    bits = int(mask.BitsPerComponent)
    alpha = unpacked(mask.read_bytes(), width, height, 1, bits)[:, :, 0] / (2**bits - 1)
    if "/Matte" in mask:
        colors = numpy.minimum(1, colors / numpy.maximum(alpha, 1e-9)[:, :, None])
    return colors, alpha


def mask_of(mask):
    """A soft mask in JPEG 2000, as Pillow reads it, from 0 to 1."""
    with Image.open(io.BytesIO(mask.read_raw_bytes())) as opened:
        require(opened.mode in ("L", "I;16") and mask.ColorSpace == "/DeviceGray", "a mask that is not gray")
        require(opened.size == (mask.Width, mask.Height), "a mask of another size")
        return numpy.asarray(opened, numpy.float64) / (255 if opened.mode == "L" else 65535)


def expected_of(frame):
    """What Pillow reads: colours and alpha, from 0 to 1."""
    if frame.mode in ("CMYK", "L"):
        colors = numpy.asarray(frame, numpy.float64) / 255
        return colors.reshape(frame.height, frame.width, -1), numpy.ones((frame.height, frame.width))
    if frame.mode == "LAB":
        # Pillow gives a* and b* with their sign.
        samples = numpy.asarray(frame) ^ numpy.array([0, 128, 128], numpy.uint8)
        return samples / 255, numpy.ones((frame.height, frame.width))
    if frame.mode.startswith("I"):
        colors = numpy.asarray(frame).astype(numpy.float64)[:, :, None] / 65535
        return colors, numpy.ones((frame.height, frame.width))
    samples = numpy.asarray(frame.convert("RGBA"), numpy.float64) / 255
    return samples[:, :, :3], samples[:, :, 3]


def farbfeld(path):
    """A format that Pillow does not read."""
    data = pathlib.Path(path).read_bytes()
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (8, 12))
    samples = numpy.frombuffer(data[16 : 16 + width * height * 8], ">u2").reshape(height, width, 4) / 65535
    return [(samples[:, :, :3], samples[:, :, 3])]


def sixteen(path):
    """A PNG of 16 bits, which Pillow would cut to 8."""
    width, height, rows, info = png.Reader(filename=path).read()
    samples = numpy.array([list(row) for row in rows]).reshape(height, width, -1) / (2 ** info["bitdepth"] - 1)
    colors = info["planes"] - int(info["alpha"])
    return samples[:, :, :colors], samples[:, :, colors] if info["alpha"] else numpy.ones((height, width))


def sixteens(path):
    """A PNG of 16 bits, and those of further frames that lie beside it, with a number before the ending."""
    first, number = pathlib.Path(path), 0
    while (path := first.with_suffix(f".{number}.png") if number else first).exists():
        yield sixteen(path)
        number += 1


def frames(path):
    """Colours and alpha of each frame."""
    with open(path, "rb") as file:
        if file.read(8) == b"farbfeld":
            yield from farbfeld(path)
            return
    try:
        with Image.open(path) as image:
            count = 1 if image.format in ("ICO", "CUR") else getattr(image, "n_frames", 1)
            for frame in range(count):
                image.seek(frame)
                yield expected_of(image)
    except (OSError, ValueError) as error:
        raise Unread(f"{type(error).__name__}: {error}") from error


def check_copied(image, expected):
    """A JPEG 2000, and its mask, that Pillow reads out of the PDF as it reads the file: colours and alpha. Gives how far PDFium may be from that."""
    colors, alpha = expected
    with Image.open(io.BytesIO(image.read_raw_bytes())) as copied:
        found, found_alpha = expected_of(copied)
        # It rounds what it shows to 8 bits, and cuts what has more.
        steps = 2 if copied.mode.startswith("I") else 1
    if "/SMask" in image:
        require(numpy.all(found_alpha == 1), "an alpha beside a mask")
        found_alpha = mask_of(image.SMask)
    # Pillow makes three of gray with an alpha.
    same = numpy.array_equal(numpy.broadcast_to(found, colors.shape), colors) and numpy.array_equal(found_alpha, alpha)
    require(same, "other samples in the JPEG 2000 than in the file")
    return steps / 255 + 1e-6


def check_lab(pdfium_image, colors):
    """What PDFium shows of colours of Lab, against what Little CMS makes of them."""
    samples = numpy.rint(colors * 255).astype(numpy.uint8) ^ numpy.array([0, 128, 128], numpy.uint8)
    lab = Image.frombytes("LAB", colors.shape[1::-1], samples.tobytes())
    profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    expected = numpy.asarray(ImageCms.profileToProfile(lab, *profiles, outputMode="RGB"), numpy.float64)
    shown = numpy.asarray(pdfium_image.get_bitmap(render=False).to_pil().convert("RGB"), numpy.float64)
    difference = numpy.abs(shown - expected)
    # PDFium knows no white but that of screens, which colours show more, the stronger they are, and grays do not.
    is_gray = numpy.abs(colors[:, :, 1:] * 255 - 128).max(axis=2) < 2
    require(difference.mean() <= 10, f"colours that PDFium shows otherwise, by {difference.mean():.1f} on average")
    require(difference[is_gray].max(initial=0) <= 4, "grays that PDFium shows otherwise")


def check_frames(entry, pdf, reader, expected=None):
    """Every page against its frame, as Pillow reads it or as it is given."""
    reference = entry.get("reference")
    if expected is None:
        expected = list(sixteens(reference)) if reference and reference.endswith(".png") else list(frames(reference or entry["image"]))
    if entry.get("first"):
        expected = expected[:1]
    require(len(pdf.pages) == len(expected), f"{len(pdf.pages)} pages for {len(expected)} frames")
    # Where fractions are rounded to 16 bits, the last bit may be another.
    allowed = max(2 / 65535 if reference else 0, entry.get("tolerance", 0) / 255 + 1e-6)
    for number, (page, (colors, alpha)) in enumerate(zip(pdf.pages, expected)):
        image = page.Resources.XObject["/Im0"]
        pdfium_image = next(iter(reader[number].get_objects()))
        tolerance = allowed
        space = image.get("/ColorSpace")
        if isinstance(space, pikepdf.Array) and space[0] == "/Lab":
            check_lab(pdfium_image, colors)
        if image.get("/Filter") == "/JPXDecode":
            tolerance = max(allowed, check_copied(image, (colors, alpha)))
        found, found_alpha = alpha_of(image, *colors_of(image, pdfium_image))
        if "/SMaskInData" in image:
            require(numpy.any(alpha < 1), "an alpha where there is none")
            # PDFium shows colours as they lie on white, and of gray the samples without their alpha.
            if found.shape[2] > 1:
                colors = colors * alpha[:, :, None] + 1 - alpha[:, :, None]
            alpha = numpy.ones(alpha.shape)
        if found.shape[:2] != colors.shape[:2]:
            require(found.shape[:2] == colors.shape[1::-1], f"another size, {found.shape} not {colors.shape}")
            # Turned: the rendering says how.
            continue
        if found.shape[2] != colors.shape[2]:
            found, colors = (numpy.broadcast_to(side, side.shape[:2] + (3,)) if side.shape[2] == 1 else side for side in (found, colors))
        require(found.shape == colors.shape, f"other channels, {found.shape} not {colors.shape}")
        require(numpy.abs(found_alpha - alpha).max() <= tolerance, f"another alpha on page {number}")
        # What is let through wholly has no colour.
        difference = numpy.where(alpha[:, :, None] > 0, numpy.abs(found - colors), 0)
        if image.get("/Filter") == "/DCTDecode":
            if colors.shape[2] == 1 and not is_inverted(image):
                # Gray has nothing to spread: strips and tiles that were joined are what they were.
                copied = expected_of(Image.open(io.BytesIO(image.read_raw_bytes())))[0]
                require(numpy.array_equal(copied, colors), f"other samples in the JPEG on page {number} than in the file")
            # Decoders spread coarse colours in ways of their own, and over the edges of strips or not.
            require(difference.mean() <= 1 / 255, f"other colours on page {number}")
            continue
        require(difference.max() <= tolerance, f"other samples on page {number}, by {difference.max() * 255:.2f} of 255")
