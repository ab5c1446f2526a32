"""Compares PDFs with the images they were made of, through programs that are not ours.

Reads a manifest (JSON: a list of {"name", "image", "pdf", and optionally "points"}) and prints a list of
what is wrong as JSON. Samples and masks are taken out of the PDF by qpdf and by PDFium, and read from the
source by pypng (which keeps 16 bits and palette indexes) or Pillow; other formats, and files of several pages, are compared
in `raster`.
"""

import io
import json
import sys

import numpy
import pikepdf
import png
import pypdfium2
from PIL import Image, ImageChops, ImageCms, ImageOps

import animation
from raster import check_frames
from wrong import Unread, require, unpacked

Image.MAX_IMAGE_PIXELS = None


def read_png(path):
    """Samples, and what the file says of them; a palette only where the samples are its indexes."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        width, height, rows, info = png.Reader(bytes=content).read(lenient=True)
    except png.FormatError:
        # pypng refuses some files for advice that others pass over: those here have 8 bits.
        source = numpy.asarray(Image.open(path), numpy.int64)
        height, width = source.shape[:2]
        source = source.reshape(height, width, -1)
        return source, {"bitdepth": 8, "alpha": source.shape[2] in (2, 4)}
    source = numpy.array([list(row) for row in rows], numpy.int64).reshape(height, width, -1)
    color_type = content[25]
    if color_type != 3:
        info.pop("palette", None)
        info["alpha"] = color_type >= 4
    return source, info


def check_png(entry, image, pdfium_image):
    source, info = read_png(entry["image"])
    height, width, planes = source.shape
    bits, palette = info["bitdepth"], info.get("palette")
    colors = planes - (1 if info["alpha"] and palette is None else 0)

    require((image.Width, image.Height) == (width, height), "another size")
    require(image.BitsPerComponent == bits, "another depth")
    check_calibration(entry["image"], image, pdfium_image, source if palette is None else source[:, :, :0])
    data = image.read_bytes()
    samples = unpacked(data, width, height, colors, bits)
    require(numpy.array_equal(samples, source[:, :, :colors]), "other samples")
    pdfium_data = bytes(pdfium_image.get_data(decode_simple=True))
    require(pdfium_data == data, "PDFium reads other samples than qpdf")
    if palette is not None:
        check_palette(image, palette, samples)
    check_transparency(image, info, palette, samples, source, bits, colors)


# Places of white, red, green and blue by their number, and powers (H.273).
PRIMARIES = {
    1: [0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06],
    9: [0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046],
    12: [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06],
}
POWERS = {4: 2.2, 5: 2.8, 8: 1.0}


def check_calibration(path, image, pdfium_image, source):
    """The colours, worked out here from the chunks; those that are as good as sRGB are plain."""
    said = {}
    with open(path, "rb") as file:
        content = file.read()
    at = 8
    while content[at + 4 : at + 8] != b"IDAT":
        length = int.from_bytes(content[at : at + 4], "big")
        said.setdefault(content[at + 4 : at + 8], content[at + 8 : at + 8 + length])
        at += length + 12
    if b"iCCP" in said:
        return
    space = image.ColorSpace
    if not isinstance(space, pikepdf.Name) and space[0] == "/Indexed":
        space = space[1]
    is_plain = isinstance(space, pikepdf.Name)
    is_gray = (str(space) == "/DeviceGray") if is_plain else int(space[1].N) == 1
    srgb = numpy.array(PRIMARIES[1])
    if b"cICP" in said:
        # All other curves are shown as sRGB's, also those of a high range.
        primaries, transfer, _, _ = said[b"cICP"]
        places, power = numpy.array(PRIMARIES[primaries]), POWERS.get(transfer)
        is_srgb = power is None and (is_gray or numpy.array_equal(places, srgb))
    else:
        gamma = int.from_bytes(said.get(b"gAMA", b""), "big") / 100000
        power = 1 / gamma if gamma else None
        places = numpy.frombuffer(said[b"cHRM"], ">u4") / 100000 if b"cHRM" in said else srgb
        is_srgb = abs(gamma - 0.45455) <= 0.45455 * 0.05 and (is_gray or numpy.all(abs(places - srgb) <= 0.01))
        is_srgb = gamma == 0 or b"sRGB" in said or bool(is_srgb)
    require(is_plain == is_srgb, "a profile too few or too many")
    if is_plain or image.BitsPerComponent != 8 or source.shape[2] not in (1, 3):
        return
    share = source / 255
    light = share**power if power else numpy.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    if not is_gray:
        light = light @ (to_xyz(srgb, numpy.linalg.inv) @ adapted(places[:2], srgb[:2]) @ to_xyz(places)).T
    light = light.clip(0, 1)
    expected = numpy.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    shown = numpy.asarray(pdfium_image.get_bitmap(render=False).to_pil().convert("RGB"), numpy.float64)
    difference = abs(shown - expected).max()
    require(difference <= 3, f"colours that PDFium shows otherwise, by {difference:.1f}")


def to_xyz(places, turned=lambda matrix: matrix):
    """From the strengths of the primaries at these places to X, Y and Z."""
    lights = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in places.reshape(4, 2)])
    primaries = lights[1:].T
    return turned(primaries * numpy.linalg.solve(primaries, lights[0]))


def adapted(from_white, to_white):
    """From one white to another, by Bradford's responses."""
    bradford = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    source, target = (bradford @ [x / y, 1, (1 - x - y) / y] for x, y in (from_white, to_white))
    return numpy.linalg.inv(bradford) @ numpy.diag(target / source) @ bradford


def check_palette(image, palette, samples):
    space = image.ColorSpace
    require(space[0] == "/Indexed", "no palette")
    table = bytes(space[3])
    require(len(table) == (int(space[2]) + 1) * 3, "a palette of another length")
    require(len(table) >= (int(samples.max()) + 1) * 3, "a palette without some colours")
    for at, color in enumerate(palette[: len(table) // 3]):
        require(tuple(table[at * 3 : at * 3 + 3]) == tuple(color[:3]), f"another colour {at}")
    require(not any(table[len(palette) * 3 :]), "colours that the palette does not have")


def check_transparency(image, info, palette, samples, source, bits, colors):
    mask = image.get("/SMask")
    alpha = None
    if palette is not None:
        alphas = [color[3] if len(color) > 3 else 255 for color in palette] + [255] * 256
        if any(alphas[at] != 255 for at in range(2**bits)):
            alpha = numpy.array(alphas)[samples[:, :, 0]]
            # Where there is all and nothing, a bit says it.
            depth = 8 if numpy.any((alpha > 0) & (alpha < 255)) else 1
    elif info["alpha"]:
        alpha, depth = source[:, :, colors], bits
        if mask is not None and mask.BitsPerComponent == 1:
            # What was interlaced is packed anew, and a bit is enough for all and nothing.
            require(set(numpy.unique(alpha)) <= {0, 2**bits - 1}, "a mask without depth")
            alpha, depth = alpha // (2**bits - 1) * 255, 1
    require((mask is not None) == (alpha is not None), "a soft mask is missing, or one too many")
    if alpha is not None:
        require(mask.ColorSpace == "/DeviceGray" and mask.BitsPerComponent == depth, "another kind of mask")
        found = unpacked(mask.read_bytes(), image.Width, image.Height, 1, depth)
        require(numpy.array_equal(found[:, :, 0] * (255 if depth == 1 else 1), alpha), "another soft mask")
    key = info.get("transparent")
    found = image.get("/Mask")
    if key is not None and palette is None and not info["alpha"]:
        key = [key] if isinstance(key, int) else list(key)
        expected = [sample & (2**bits - 1) for sample in key for _ in range(2)]
        require(found is not None and [int(sample) for sample in found] == expected, "another colour key")
    else:
        require(found is None, "a colour key")


def open_image(path):
    """The image as Pillow reads it, its profile applied as PDFium does.

    But for inks: Pillow takes them for inverted even where no Adobe marker says so.
    """
    image = Image.open(path)
    if image.mode == "RGB" and "icc_profile" in image.info:
        info, profile = image.info, io.BytesIO(image.info["icc_profile"])
        image = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
        image.info = info
    if image.mode == "CMYK" and "adobe" not in image.info:
        info, image = image.info, ImageChops.invert(image)
        image.info = info
    return image


def check_jpeg(entry, image, pdfium_image):
    with open(entry["image"], "rb") as file:
        source = file.read()
    embedded = image.read_raw_bytes()
    if not entry.get("edited"):
        require(source.startswith(embedded) and embedded.endswith(b"\xff\xd9"), "other bytes")
    decoded = open_image(entry["image"])
    channels = {"L": 1, "RGB": 3, "CMYK": 4}[decoded.mode]
    space = image.ColorSpace
    found = int(space[1].N) if not isinstance(space, pikepdf.Name) else {"/DeviceGray": 1, "/DeviceRGB": 3, "/DeviceCMYK": 4}[str(space)]
    require(found == channels, "another colour space")
    require((image.Width, image.Height) == decoded.size, "another size")
    bitmap = pdfium_image.get_bitmap(render=False)
    # PDFium turns inks into colours at once, in its own way: only whether they are dark or light can be compared.
    shown = bitmap.to_pil().convert("RGB")
    expected = decoded.convert("RGB")
    difference = numpy.abs(numpy.asarray(shown, numpy.int64) - numpy.asarray(expected, numpy.int64))
    # Decoders differ a little in how they round and how they spread the colours of a coarser channel.
    limit = 160 if channels == 4 else 4
    require(shown.size == expected.size and difference.mean() <= limit / 4, f"other colours, on average by {difference.mean():.1f}")
    if channels != 4 and image.get("/ColorSpace") in ("/DeviceGray", "/DeviceRGB"):
        require(difference.max() <= max(limit, entry.get("tolerance", 0)), f"other colours, by {difference.max()}")


def check_page(entry, page, pdf_page):
    """The page's size, and the image's place and turn, as PDFium shows them."""
    unit = float(pdf_page.get("/UserUnit", 1))
    box = [float(side) * unit for side in pdf_page.MediaBox]
    points = entry.get("points")
    if points is not None:
        require(all(abs(a - b) < 0.002 for a, b in zip(box[2:], points)), f"a page of {box[2:]} points, not {points}")
    source = open_image(entry["image"])
    source = source if entry.get("upright") else ImageOps.exif_transpose(source)
    # Inks become colours in another way in each program.
    limit = 40 if source.mode == "CMYK" else entry.get("rendering", 12)
    width, height = source.size
    if width * height > 4_000_000 or min(width, height) < 8:
        return
    # One pixel of the picture for one of the rendering, where the pixels are square.
    shown = page.render(scale=width / page.get_width(), fill_color=(255, 255, 255, 255)).to_pil().convert("L")
    paper = Image.new("RGBA", source.size, (255, 255, 255, 255))
    # 16 bits of gray are cut by Pillow's conversion, not scaled.
    if source.mode.startswith("I"):
        source = Image.fromarray((numpy.asarray(source) >> 8).astype(numpy.uint8))
    paper.alpha_composite(source.convert("RGBA"))
    expected = paper.convert("L").resize(shown.size)
    require(abs(shown.size[1] / shown.size[0] - box[3] / box[2]) < 0.1, "a page of another shape")
    difference = numpy.abs(numpy.asarray(shown, numpy.int64) - numpy.asarray(expected, numpy.int64)).mean()
    turned = [
        expected.transpose(turn).resize(shown.size)
        for turn in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180)
    ]
    others = [numpy.abs(numpy.asarray(shown, numpy.int64) - numpy.asarray(turn, numpy.int64)).mean() for turn in turned]
    require(difference <= limit, f"a rendering that differs by {difference:.1f} on average")
    require(difference <= min(others) + 0.5, "a rendering that is turned")


def check(entry):
    with open(entry["image"], "rb") as file:
        content = file.read()
    head = content[:4]
    with pikepdf.open(entry["pdf"]) as pdf:
        if head != b"\x89PNG" and head[:3] != b"\xff\xd8\xff":
            reader = pypdfium2.PdfDocument(entry["pdf"])
            check_frames(entry, pdf, reader)
            # Whose mask is of its kind, which few programs write.
            if "/SMask" in pdf.pages[0].Resources.XObject["/Im0"] and content.startswith((b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51")):
                check_page(entry | {"rendering": 1}, reader[0], pdf.pages[0])
            return
        if head == b"\x89PNG" and animation.is_animated(content):
            check_frames(entry, pdf, pypdfium2.PdfDocument(entry["pdf"]), list(animation.frames(content)))
            if entry.get("by_pillow"):
                check_frames(entry, pdf, pypdfium2.PdfDocument(entry["pdf"]))
            return
        if head[:3] == b"\xff\xd8\xff" and len(pdf.pages) > 1:
            check_frames(entry, pdf, pypdfium2.PdfDocument(entry["pdf"]))
            copied = [page.Resources.XObject["/Im0"].read_raw_bytes() for page in pdf.pages]
            require(content == b"".join(copied), "other bytes")
            return
        require(len(pdf.pages) == 1, "more than one page")
        pdf_page = pdf.pages[0]
        image = pdf_page.Resources.XObject["/Im0"]
        reader = pypdfium2.PdfDocument(entry["pdf"])
        page = reader[0]
        pdfium_image = next(iter(page.get_objects()))
        (check_png if head == b"\x89PNG" else check_jpeg)(entry, image, pdfium_image)
        if not entry.get("unrendered"):
            check_page(entry, page, pdf_page)


def main():
    wrong, unread = [], []
    with open(sys.argv[1], encoding="utf-8") as file:
        manifest = json.load(file)
    for entry in manifest:
        try:
            check(entry)
        except Unread as error:
            unread.append(f"{entry['name']}: {error}")
        except Exception as error:  # Whatever a foreign reader cannot do with the file is a finding.
            wrong.append(f"{entry['name']}: {type(error).__name__}: {error}")
    print(json.dumps({"checked": len(manifest), "unread": unread, "wrong": wrong}))


if __name__ == "__main__":
    main()
