"""Makes the images that `cargo xtask bench engine` converts: engine_images.py FOLDER

A photograph of 12 megapixels as rgb.png, rgba.png, photo.jpg and photo.webp; page.tif, a page of A4 at 600 dpi in fax codes;
large.png, of a gigabyte, whose data are stored and not compressed, so that it is made fast; and rest.png, of one pixel.
"""

import pathlib
import random
import struct
import sys
import zlib

from PIL import Image, ImageChops, ImageDraw

PHOTO = (4000, 3000)
PAGE = (4960, 7016)
LARGE = 18_900


def photo():
    """Detail of four sizes, each weaker than the coarser one, under the grain of a camera: near a normal distribution of 3 levels.

    It packs as a photograph of a phone does: to 1.6 bytes a pixel as PNG, to 0.18 as JPEG and to 0.09 as WebP.
    """
    width, height = PHOTO
    draw = random.Random(1)
    picture = Image.new("RGB", PHOTO)
    for step, share in ((640, 1.0), (160, 0.5), (40, 0.3), (10, 0.18)):
        size = (width // step + 2, height // step + 2)
        detail = Image.frombytes("RGB", size, draw.randbytes(3 * size[0] * size[1]))
        detail = detail.resize((size[0] * step, size[1] * step), Image.Resampling.BICUBIC).crop((0, 0, width, height))
        picture = Image.blend(picture, detail, share)
    for _ in range(3):
        grain = Image.frombytes("RGB", PHOTO, draw.randbytes(3 * width * height)).point(lambda level: level * 6 // 256)
        picture = ImageChops.add(picture, grain)
    return picture


def page(path):
    """Lines of marks as wide and as far apart as letters are."""
    image = Image.new("1", PAGE, 1)
    draw = ImageDraw.Draw(image)
    grain = random.Random(1)
    for top in range(400, PAGE[1] - 400, 90):
        left = 400
        while left < PAGE[0] - 400:
            width = grain.randrange(6, 36)
            draw.rectangle((left, top + grain.randrange(12), left + width, top + grain.randrange(30, 60)), fill=0)
            left += width + grain.randrange(6, 40)
    image.save(path, compression="group4", dpi=(600, 600))


def large(path):
    """RGB; each row its own piece of the same noise, so that no byte of it is where the last row had it."""
    noise = random.Random(1).randbytes(LARGE * 3 + LARGE)
    pack = zlib.compressobj(0)
    with path.open("wb") as file:

        def chunk(name, data):
            file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))

        file.write(b"\x89PNG\r\n\x1a\n")
        chunk(b"IHDR", struct.pack(">IIBBBBB", LARGE, LARGE, 8, 2, 0, 0, 0))
        for row in range(LARGE):
            data = pack.compress(b"\0" + noise[row : row + LARGE * 3])
            if data:
                chunk(b"IDAT", data)
        chunk(b"IDAT", pack.flush())
        chunk(b"IEND", b"")


def main(folder):
    picture = photo()
    picture.save(folder / "rgb.png")
    picture.save(folder / "photo.jpg", quality=90)
    picture.save(folder / "photo.webp", quality=85, method=2)
    picture.putalpha(Image.linear_gradient("L").rotate(90).resize(PHOTO))
    picture.save(folder / "rgba.png")
    page(folder / "page.tif")
    large(folder / "large.png")
    Image.new("RGB", (1, 1)).save(folder / "rest.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
