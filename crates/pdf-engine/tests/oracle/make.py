"""Makes images with Pillow, as programs in the field make them, in the folder that is named."""

import pathlib
import sys

import numpy
from PIL import Image, ImageCms

folder = pathlib.Path(sys.argv[1])


def picture(width, height):
    """Smooth colours with edges and some noise, alike in no direction."""
    y, x = numpy.mgrid[0:height, 0:width]
    red = (x * 255 / width).astype(numpy.uint8)
    green = (y * 255 / height).astype(numpy.uint8)
    blue = ((x // 16 + y // 24) % 5 * 50).astype(numpy.uint8)
    noise = numpy.random.default_rng(7).integers(0, 12, (height, width, 3), numpy.uint8)
    colors = numpy.stack([red, green, blue], axis=2)
    colors[height // 8 : height // 4, width // 8 : width // 2] = (250, 240, 20)
    return Image.fromarray(numpy.minimum(colors, 240) + noise)


def exif(orientation, dpi=None):
    block = Image.Exif()
    block[0x0112] = orientation
    if dpi:
        block[0x011A], block[0x011B], block[0x0128] = dpi, dpi, 2
    return block


rgb = picture(203, 131)
gray, cmyk = rgb.convert("L"), rgb.convert("CMYK")
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

for name, image in {"gray": gray, "rgb": rgb, "cmyk": cmyk}.items():
    for progressive in (False, True):
        kind = "progressive" if progressive else "baseline"
        image.save(folder / f"{name}-{kind}.jpg", quality=90, progressive=progressive)
        image.save(folder / f"{name}-{kind}-restart.jpg", progressive=progressive, restart_marker_rows=1)
for sampling in ("4:4:4", "4:2:2", "4:2:0"):
    rgb.save(folder / f"rgb-{sampling.replace(':', '')}.jpg", subsampling=sampling, optimize=True)
rgb.save(folder / "rgb-kept.jpg", keep_rgb=True)
rgb.save(folder / "rgb-profile.jpg", icc_profile=srgb)
# Longer than a segment can be: in parts.
rgb.save(folder / "rgb-large-profile.jpg", icc_profile=srgb[:128] + srgb[128:] + bytes(200_000))
rgb.save(folder / "rgb-dpi.jpg", dpi=(300, 300), comment=b"made for tests")
for orientation in range(1, 9):
    rgb.save(folder / f"turned-{orientation}.jpg", exif=exif(orientation), quality=95)
    rgb.save(folder / f"turned-{orientation}.png", exif=exif(orientation, 144))
rgb.save(folder / "profile.png", icc_profile=srgb, dpi=(150, 150))
gray.save(folder / "gray.png", optimize=True)
rgb.quantize(64).save(folder / "palette.png")
rgb.quantize(13).save(folder / "palette-4.png", bits=4, transparency=3)
gray.convert("1").save(folder / "bilevel.png")
with_alpha = rgb.convert("RGBA")
with_alpha.putalpha(gray)
with_alpha.save(folder / "rgba.png")
gray.convert("LA").save(folder / "la.png")
Image.fromarray(numpy.arange(203 * 131, dtype=numpy.uint16).reshape(131, 203) * 2).save(folder / "gray16.png")
