"""Makes the images that `cargo xtask bench engine` converts, beside the PNGs that it makes itself: engine_images.py FOLDER

Reads rgb.png of the folder, and writes the same picture as photo.jpg and photo.webp; page.tif, a page of A4 at 600 dpi in
fax codes; and large.png, of a gigabyte, whose data are stored and not compressed, so that it is made fast.
"""

import pathlib
import random
import struct
import sys
import zlib

from PIL import Image, ImageDraw

PAGE = (4960, 7016)
LARGE = 18_900


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
    photo = Image.open(folder / "rgb.png")
    photo.save(folder / "photo.jpg", quality=90)
    photo.save(folder / "photo.webp", quality=85, method=2)
    page(folder / "page.tif")
    large(folder / "large.png")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
