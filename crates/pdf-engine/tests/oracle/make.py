"""Makes images with Pillow, as programs in the field make them: FOLDER [WIDTH HEIGHT]."""

import io
import itertools
import pathlib
import struct
import sys

import numpy
import pillow_jxl  # Pillow learns JPEG XL by it.
from PIL import Image, ImageCms

folder = pathlib.Path(sys.argv[1])
width, height = map(int, sys.argv[2:]) if len(sys.argv) > 2 else (203, 131)


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


def tiles(path, image, tile_width, tile_height, photometric, **options):
    """A TIFF in tiles, each a whole JPEG of its own, which Pillow reads and does not write."""
    data, places = bytearray(b"II*\0\0\0\0\0"), []
    for top in range(0, image.height, tile_height):
        for left in range(0, image.width, tile_width):
            tile = io.BytesIO()
            image.crop((left, top, left + tile_width, top + tile_height)).save(tile, "JPEG", **options)
            jpeg = tile.getvalue()
            # The first segment, JFIF's or Adobe's, says something of a whole file.
            jpeg = jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]
            places.append((len(data), len(jpeg)))
            data += jpeg
    samples = len(image.getbands())
    numbers = [struct.pack(f"<{len(places)}I", *numbers) for numbers in zip(*places)]
    fields = [(256, image.width), (257, image.height), (258, 8), (259, 7), (262, photometric), (277, samples), (322, tile_width), (323, tile_height)]
    entries = []
    for number, value in [*fields, (324, numbers[0]), (325, numbers[1])]:
        value = struct.pack("<I", value) if isinstance(value, int) else value
        place = value if len(value) == 4 else struct.pack("<I", len(data))
        data += value if len(value) > 4 else b""
        entries.append(struct.pack("<HHI", number, 4, len(value) // 4) + place)
    data[4:8] = struct.pack("<I", len(data))
    path.write_bytes(data + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))


rgb = picture(width, height)
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
Image.fromarray(numpy.arange(width * height, dtype=numpy.uint16).reshape(height, width) * 2).save(folder / "gray16.png")

# Several pictures of one file. Pillow counts the places of more than three wrong.
rgb.save(folder / "several.jpg", format="MPO", save_all=True, append_images=[gray, rgb.rotate(90, expand=True)])

# Formats that are decoded, and those of them that are copied.
alpha = rgb.convert("RGBA")
alpha.putalpha(gray)
cut = rgb.convert("RGBA")
cut.putalpha(gray.point(lambda sample: 255 if sample > 90 else 0))
few = rgb.quantize(13)
bilevel = gray.convert("1")
wide = Image.fromarray(numpy.arange(width * height, dtype=numpy.uint16).reshape(height, width) * 2)

for name, image in {"rgb": rgb, "alpha": alpha, "cut": cut, "gray": gray.convert("RGB"), "few": few.convert("RGB")}.items():
    image.save(folder / f"{name}-lossless.webp", lossless=True, exact=True)
rgb.save(folder / "rgb.webp", quality=80)
alpha.save(folder / "alpha.webp", quality=80)
for orientation in (1, 6):
    rgb.save(folder / f"turned-{orientation}-lossless.webp", lossless=True, exif=exif(orientation, 144))
rgb.save(folder / "profile-lossless.webp", lossless=True, icc_profile=srgb)
moving = [rgb, cut.convert("RGBA"), rgb.rotate(90), alpha]
moving[0].save(folder / "moving-lossless.webp", save_all=True, append_images=moving[1:], lossless=True, minimize_size=True)

for name, image in {"gray": gray, "few": few, "bilevel": bilevel, "rgb": rgb.quantize(256)}.items():
    image.save(folder / f"{name}.gif")
few.save(folder / "hole.gif", transparency=3)
few.save(folder / "plain.gif", interlace=False)
frames = [few.rotate(10 * turn) for turn in range(5)]
for name, image in {"gray": gray, "rgb": rgb, "few": few, "bilevel": bilevel, "la": gray.convert("LA"), "cut": cut, "alpha": alpha}.items():
    turned = [image.rotate(180), image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), image]
    # A few rows alone change, then nothing.
    part = image.copy()
    part.paste(image.crop((0, 0, width // 2, 9)), (width // 3, height // 2))
    # Pillow draws nothing over a frame without an alpha.
    for disposal, blend in itertools.product((0, 1, 2), (0, 1)) if image.mode == "RGBA" else [(0, 0)]:
        path = folder / f"apng-{name}-{disposal}-{blend}.png"
        image.save(path, save_all=True, append_images=[part, *turned], disposal=disposal, blend=blend, duration=50)
    image.save(folder / f"apng-{name}-apart.png", save_all=True, append_images=turned, default_image=True, duration=50)
for disposal in (0, 1, 2, 3):
    frames[0].save(folder / f"moving-{disposal}.gif", save_all=True, append_images=frames[1:], disposal=disposal, optimize=False)
    cut.save(folder / f"moving-cut-{disposal}.gif", save_all=True, append_images=[cut.rotate(90), cut.rotate(180)], disposal=disposal)

lab = ImageCms.profileToProfile(rgb, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB")
modes = {"bilevel": bilevel, "gray": gray, "few": few, "rgb": rgb, "alpha": alpha, "cmyk": cmyk, "la": gray.convert("LA"), "wide": wide, "lab": lab}
for name, image in modes.items():
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "zstd", "lzma"):
        image.save(folder / f"{name}-{compression}.tiff", compression=compression)
for compression in ("group3", "group4", "tiff_ccitt"):
    bilevel.save(folder / f"bilevel-{compression}.tiff", compression=compression)
    bilevel.save(folder / f"bilevel-{compression}-strips.tiff", compression=compression, tiffinfo={278: 16})
    bilevel.save(folder / f"bilevel-{compression}-one.tiff", compression=compression, tiffinfo={278: height})
    bilevel.save(folder / f"bilevel-{compression}-black.tiff", compression=compression, tiffinfo={262: 1, 278: height})
    bilevel.save(folder / f"bilevel-{compression}-black-strips.tiff", compression=compression, tiffinfo={262: 1, 278: 16})
bilevel.save(folder / "bilevel-group3-two.tiff", compression="group3", tiffinfo={292: 1, 278: height})
for compression in ("zstd", "lzma"):
    for name, image in {"rgb": rgb, "gray": gray, "lab": lab}.items():
        image.save(folder / f"{name}-{compression}-predictor.tiff", compression=compression, tiffinfo={317: 2})
    rgb.save(folder / f"rgb-{compression}-one.tiff", compression=compression, tiffinfo={278: height})
for name, image in {"rgb": rgb, "gray": gray}.items():
    image.save(folder / f"{name}-jpeg.tiff", compression="jpeg", quality=90)
    image.save(folder / f"{name}-jpeg-strips.tiff", compression="jpeg", tiffinfo={278: 16})
    image.save(folder / f"{name}-predictor.tiff", compression="tiff_lzw", tiffinfo={317: 2})
    image.save(folder / f"{name}-deflate-one.tiff", compression="tiff_adobe_deflate", tiffinfo={278: height})
    image.save(folder / f"{name}-deflate-one-predictor.tiff", compression="tiff_adobe_deflate", tiffinfo={278: height, 317: 2})
tiles(folder / "gray-jpeg-tiles.tiff", gray, 64, 48, 1, quality=80)
tiles(folder / "gray-jpeg-one-tile.tiff", gray, 208, 144, 1, quality=80)
for sampling in ("4:2:0", "4:2:2", "4:4:4"):
    tiles(folder / f"rgb-jpeg-tiles-{sampling.replace(':', '')}.tiff", rgb, 48, 32, 6, quality=85, subsampling=sampling)
tiles(folder / "rgb-jpeg-tiles-kept.tiff", rgb, 64, 64, 2, keep_rgb=True)
for compression in ("raw", "tiff_lzw", "packbits"):
    rgb.convert("YCbCr").save(folder / f"ycbcr-{compression}.tiff", compression=compression)
wide.save(folder / "wide-predictor.tiff", compression="tiff_lzw", tiffinfo={317: 2})
rgb.save(folder / "pages.tiff", save_all=True, append_images=[gray, bilevel, few], compression="tiff_lzw")
rgb.save(folder / "big.tiff", big_tiff=True, dpi=(300, 300), icc_profile=srgb)

for name in ("bilevel", "gray", "few", "rgb", "alpha"):
    modes[name].save(folder / f"{name}.bmp", dpi=(150, 150))
for name in ("bilevel", "gray", "rgb"):
    modes[name].save(folder / f"{name}.pnm")
wide.save(folder / "wide.pgm")
for name in ("bilevel", "gray", "few", "rgb", "alpha", "la"):
    for packing in ("raw", "tga_rle"):
        if name != "bilevel":
            modes[name].save(folder / f"{name}-{packing}.tga", compression=packing)
alpha.save(folder / "alpha.ico", sizes=[(16, 16), (64, 64)])
alpha.save(folder / "alpha-bmp.ico", sizes=[(16, 16), (48, 48)], bitmap_format="bmp")
rgb.save(folder / "rgb.qoi")
alpha.save(folder / "alpha.qoi")
for name in ("gray", "rgb", "alpha", "la"):
    modes[name].save(folder / f"{name}.jp2", irreversible=False)
for name, image in {"rgb": rgb, "alpha": alpha, "la": alpha.convert("LA")}.items():
    image.save(folder / f"{name}.j2k", irreversible=False, no_jp2=True)
# JPEG 2000 in all the ways that lay its packets otherwise.
ways = {
    "lossy": {"irreversible": True, "quality_mode": "rates", "quality_layers": [40, 20, 10]},
    "layers": {"quality_mode": "rates", "quality_layers": [200, 100, 50, 20, 10, 5, 0]},
    "lengths": {"plt": True, "comment": "of every packet", "mct": 0},
    "one-resolution": {"num_resolutions": 1},
    "code-blocks": {"codeblock_size": (16, 64), "num_resolutions": 3},
    "tiles": {"tile_size": (64, 48), "offset": (13, 7), "tile_offset": (5, 3)},
}
for progression in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
    options = {"progression": progression, "quality_layers": [30, 10, 0], "num_resolutions": 4}
    ways[progression] = options | {"precinct_size": (64, 64)}
    ways[f"{progression}-tiles"] = options | {"tile_size": (50, 70), "precinct_size": (32, 32)}
for name, (way, options) in itertools.product(("gray", "la", "rgb", "alpha", "wide"), ways.items()):
    modes[name].save(folder / f"{name}-{way}.jp2", **options)

for sampling in ("4:0:0", "4:2:0", "4:2:2", "4:4:4"):
    for quality in (50, 100):
        name = f"{sampling.replace(':', '')}-{quality}"
        rgb.save(folder / f"rgb-{name}.avif", subsampling=sampling, quality=quality)
        alpha.save(folder / f"alpha-{name}.avif", subsampling=sampling, quality=quality, range="limited")
cut.save(folder / "cut.avif")
alpha.save(folder / "alpha-premultiplied.avif", alpha_premultiplied=True, subsampling="4:4:4", quality=100)
rgb.save(folder / "rgb-profile.avif", icc_profile=srgb)
picture(1, 1).save(folder / "one.avif")
picture(2, 1).resize((1, 9)).save(folder / "narrow.avif")
for orientation in range(1, 9):
    rgb.save(folder / f"turned-{orientation}.avif", exif=exif(orientation, 144))
moving = [rgb.transform(rgb.size, Image.Transform.AFFINE, (1, 0, -7 * frame, 0, 1, 3 * frame)) for frame in range(5)]
moving_alpha = [alpha.rotate(30 * frame) for frame in range(4)]
for name, frames in {"rgb": moving, "alpha": moving_alpha, "cut": [cut, cut.rotate(180)], "sometimes": [rgb.convert("RGBA"), alpha]}.items():
    for quality in (50, 100):
        options = {"append_images": frames[1:], "subsampling": "4:2:0" if quality == 50 else "4:4:4", "quality": quality}
        frames[0].save(folder / f"moving-{name}-{quality}.avif", save_all=True, **options)
moving_alpha[0].save(folder / "moving-premultiplied.avif", save_all=True, append_images=moving_alpha[1:], alpha_premultiplied=True, quality=100)
gray.save(folder / "moving-gray.avif", save_all=True, append_images=[gray.rotate(20)], subsampling="4:0:0")
rgb.save(folder / "moving-profile.avif", save_all=True, append_images=moving[1:], exif=exif(1, 144), icc_profile=srgb)
picture(37, 23).save(folder / "moving-small.avif", save_all=True, append_images=[picture(37, 23).rotate(180)], quality=30)

for name, image in {"rgb": rgb, "alpha": alpha, "cut": cut, "gray": gray, "la": gray.convert("LA"), "opaque": rgb.convert("RGBA")}.items():
    image.save(folder / f"{name}-lossless.jxl", lossless=True)
    image.save(folder / f"{name}-lossy.jxl", quality=80)
rgb.save(folder / "rgb-profile-lossless.jxl", lossless=True, icc_profile=srgb)
for orientation in range(1, 9):
    rgb.save(folder / f"turned-{orientation}-lossless.jxl", lossless=True, exif=exif(orientation, 144).tobytes())
rgb.save(folder / "container-lossless.jxl", lossless=True, use_container=True)
