"""Makes the images that `cargo xtask conformance` converts beside those it is given: conformance_images.py FOLDER

AVIF, JPEG XL and JPEG 2000 in all the ways that Pillow writes them, and TIFFs of YCbCr; avifenc, cjxl and tiffcp add, where they
are installed, what Pillow cannot write. They go to FOLDER/images. To one that Pillow reads in 8 bits alone, or not all of, or in other
colours than the file says, belongs what avifdec, djxl or tiff2rgba makes of it, or what it was made of without loss, under the same
name with an ending more in FOLDER/references.
"""

import pathlib
import shutil
import struct
import subprocess
import sys
import zlib

import numpy
import pillow_jxl  # noqa: F401 - Pillow learns JPEG XL by it.
import png
from PIL import Image, ImageCms

SIZE = (150, 97)


def picture(bits=8):
    """Colours and an alpha, smooth with edges and some grain, alike in no direction."""
    width, height = SIZE
    y, x = numpy.mgrid[0:height, 0:width]
    most = 2**bits - 1
    step = (x // 16 + y // 24) % 5 / 5
    colors = numpy.stack([x / width, y / height, step, 1 - x / width], axis=2) * 0.9 * most
    colors[height // 8 : height // 4, width // 8 : width // 2, :3] = (0.9 * most, 0.8 * most, 0.1 * most)
    grain = numpy.random.default_rng(7).integers(0, most // 20, (height, width, 4))
    return (colors.astype(numpy.int64) + grain).astype(numpy.uint8 if bits == 8 else numpy.uint16)


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


class Folder:
    def __init__(self, folder):
        self.images, self.references = folder / "images", folder / "references"
        for path in (self.images, self.references):
            path.mkdir(parents=True)
        self.rgba = Image.fromarray(picture())
        self.rgb, self.gray = self.rgba.convert("RGB"), self.rgba.convert("L")
        self.la = Image.merge("LA", (self.gray, self.rgba.getchannel("A")))
        self.wide = Image.fromarray(picture(16)[:, :, 0].copy())
        self.profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    def save(self, image, name, **options):
        image.save(self.images / name, **options)

    def tool(self, program, *arguments):
        subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sixteen(self, name, channels, shift=0):
        """A PNG of 16 bits, for programs that read one, moved by so many pixels."""
        path = self.references / name
        samples = numpy.roll(picture(16), shift, axis=1)[:, :, {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]]
        if channels in (2, 4):
            # Of an alpha cjxl 0.7 keeps 8 bits, whatever it is given.
            samples[:, :, -1] = samples[:, :, -1] // 257 * 257
        writer = png.Writer(*SIZE, greyscale=channels < 3, alpha=channels in (2, 4), bitdepth=16)
        with path.open("wb") as file:
            writer.write(file, samples.reshape(SIZE[1], -1))
        return path


def avif(folder):
    for sampling in ("4:0:0", "4:2:0", "4:2:2", "4:4:4"):
        for quality in (10, 50, 90, 100):
            for limits in ("full", "limited"):
                name = f"{sampling.replace(':', '')}-{quality}-{limits}.avif"
                options = {"subsampling": sampling, "quality": quality, "range": limits}
                folder.save(folder.rgb, f"rgb-{name}", **options)
                folder.save(folder.rgba, f"alpha-{name}", **options)
    folder.save(folder.gray.convert("RGB"), "gray.avif")
    folder.save(folder.la.convert("RGBA"), "gray-alpha.avif")
    folder.save(folder.rgb, "profile.avif", icc_profile=folder.profile)
    folder.save(folder.rgb.crop((0, 0, 149, 95)), "odd.avif", subsampling="4:2:0")
    folder.save(folder.rgb.resize((1, 1)), "one.avif")
    for orientation in range(1, 9):
        folder.save(folder.rgb, f"turned-{orientation}.avif", exif=exif(orientation))
    for codec in ("aom", "rav1e", "svt"):
        try:
            folder.save(folder.rgb, f"by-{codec}.avif", codec=codec)
        except (OSError, ValueError):
            # Pillow may be built without this one.
            (folder.images / f"by-{codec}.avif").unlink(missing_ok=True)
    for name, image in {"rgb": folder.rgb, "alpha": folder.rgba}.items():
        frames = [image, image.rotate(90), image.rotate(180), image.rotate(185)]
        for quality in (10, 50, 90, 100):
            folder.save(frames[0], f"moving-{name}-{quality}.avif", save_all=True, append_images=frames[1:], quality=quality)
    folder.save(folder.rgb, "moving-profile.avif", save_all=True, append_images=frames[1:], icc_profile=folder.profile)


def avif_by_avifenc(folder):
    if shutil.which("avifenc") is None or shutil.which("avifdec") is None:
        return print("avifenc is not there: no AVIF of 10 or 12 bits, no lossless one")
    for channels in (1, 3, 4):
        source = folder.sixteen(f"{channels}.png", channels)
        for bits in (10, 12):
            for sampling in ("400",) if channels == 1 else ("420", "422", "444"):
                for limits in ("full", "limited"):
                    name = f"{bits}-bits-{channels}-channels-{sampling}-{limits}.avif"
                    image = folder.images / name
                    folder.tool("avifenc", "-d", bits, "-y", sampling, "-r", limits, "--min", 4, "--max", 12, "-s", 8, source, image)
                    folder.tool("avifdec", "-d", 16, image, folder.references / f"{name}.png")
        source.unlink()
    sources = [folder.sixteen(f"{shift}.png", 4, shift) for shift in (0, 9, 18)]
    for bits in (10, 12):
        for sampling in ("420", "444"):
            name = f"moving-{bits}-bits-{sampling}.avif"
            image = folder.images / name
            folder.tool("avifenc", "-d", bits, "-y", sampling, "--min", 4, "--max", 12, "-s", 8, *sources, image)
            for number in range(len(sources)):
                beside = folder.references / (f"{name}.{number}.png" if number else f"{name}.png")
                folder.tool("avifdec", "-d", 16, "--index", number, image, beside)
    for source in sources:
        source.unlink()
    source = folder.references / "eight.png"
    folder.rgb.save(source)
    folder.tool("avifenc", "-l", "-s", 8, source, folder.images / "lossless-8.avif")
    for turn in range(4):
        folder.tool("avifenc", "-s", 8, "--irot", turn, source, folder.images / f"irot-{turn}.avif")
        for mirror in range(2):
            folder.tool("avifenc", "-s", 8, "--irot", turn, "--imir", mirror, source, folder.images / f"irot-{turn}-imir-{mirror}.avif")
    source.unlink()


def jpegxl(folder):
    kinds = {"rgb": folder.rgb, "alpha": folder.rgba, "gray": folder.gray, "la": folder.la}
    for name, image in kinds.items():
        for effort in (1, 7):
            folder.save(image, f"{name}-lossless-{effort}.jxl", lossless=True, effort=effort)
        for quality in (30, 75, 95):
            folder.save(image, f"{name}-{quality}.jxl", quality=quality)
    folder.save(folder.wide, "gray16-lossless.jxl", lossless=True)
    folder.save(folder.rgb, "profile.jxl", lossless=True, icc_profile=folder.profile)
    folder.save(folder.rgb, "container.jxl", lossless=True, use_container=True)
    folder.save(folder.rgb, "original-profile.jxl", quality=90, use_original_profile=True)
    folder.save(folder.rgb.resize((1, 1)), "one.jxl", lossless=True)
    folder.save(folder.rgb.resize((700, 500)), "groups.jxl", lossless=True)
    folder.save(folder.rgb.resize((700, 500)), "groups-lossy.jxl", quality=80)
    for orientation in range(1, 9):
        folder.save(folder.rgb, f"turned-{orientation}.jxl", lossless=True, exif=exif(orientation).tobytes())


def jpegxl_by_cjxl(folder):
    if shutil.which("cjxl") is None or shutil.which("djxl") is None:
        return print("cjxl is not there: no JPEG XL of 16 bits in colour, none that moves, is turned, or was a JPEG")
    for channels in (1, 2, 3, 4):
        name = f"{channels}-channels-of-16-bits.jxl"
        folder.tool("cjxl", "-d", 0, folder.sixteen(f"{name}.png", channels), folder.images / name)
    frames = [folder.rgb.rotate(turn * 90).quantize(64) for turn in range(3)]
    name = "moving.jxl"
    source = folder.references / f"{name}.gif"
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=100)
    folder.tool("cjxl", "-d", 0, source, folder.images / name)
    source = folder.references / "progressive.png"
    folder.rgb.save(source)
    folder.tool("cjxl", "-d", 1, "-p", source, folder.images / "progressive.jxl")
    source.unlink()
    source = folder.references / "source.jpg"
    for name, image in {"rgb": folder.rgb, "gray": folder.gray}.items():
        for sampling in ("4:2:0", "4:2:2", "4:4:4"):
            image.save(source, quality=85, subsampling=sampling)
            of_jpeg(folder, source, f"of-jpeg-{name}-{sampling.replace(':', '')}.jxl")
    for orientation in range(1, 9):
        folder.rgb.save(source, quality=85, exif=exif(orientation))
        of_jpeg(folder, source, f"of-jpeg-turned-{orientation}.jxl")
    source.unlink()


def of_jpeg(folder, source, name):
    """The coefficients of a JPEG: what Pillow would show is the JPEG that they were, and other decoders round otherwise."""
    image = folder.images / name
    folder.tool("cjxl", "-j", 1, source, image)
    folder.tool("djxl", image, folder.references / f"{name}.png")


def jpeg2000(folder):
    kinds = {"gray": folder.gray, "la": folder.la, "rgb": folder.rgb, "alpha": folder.rgba, "gray16": folder.wide}
    for name, image in kinds.items():
        folder.save(image, f"{name}-lossless.jp2", irreversible=False)
        folder.save(image, f"{name}-lossy.jp2", irreversible=True, quality_mode="rates", quality_layers=[20, 8])
        folder.save(image, f"{name}-tiles.jp2", tile_size=(64, 48))
        folder.save(image, f"{name}-lossless.j2k", irreversible=False, no_jp2=True)
        folder.save(image, f"{name}-lossy.j2k", irreversible=True, quality_mode="dB", quality_layers=[40], no_jp2=True)
    for progression in ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL"):
        options = {"progression": progression, "quality_layers": [30, 10, 0], "num_resolutions": 4}
        folder.save(folder.rgb, f"{progression}.jp2", **options)
        folder.save(folder.rgb, f"{progression}-tiles.jp2", tile_size=(50, 50), precinct_size=(64, 64), **options)
    for count in (1, 2, 6):
        folder.save(folder.rgb, f"resolutions-{count}.jp2", num_resolutions=count)
    folder.save(folder.rgb, "code-blocks.jp2", codeblock_size=(16, 16))
    folder.save(folder.rgb, "apart.jp2", mct=0)
    folder.save(folder.rgb, "lengths.jp2", plt=True, comment="of every packet")
    folder.save(folder.rgb.resize((1, 1)), "one.jp2")
    palette(folder)


def palette(folder):
    """Indexes, and the boxes that say which colours they are (T.800, I.5.3.4 and I.5.3.5), which Pillow reads and does not write."""
    few = folder.rgb.quantize(32)
    path = folder.images / "palette.jp2"
    Image.frombytes("L", few.size, few.tobytes()).save(path, irreversible=False)
    data = path.read_bytes()
    at = data.index(b"jp2h") - 4
    (length,) = struct.unpack(">I", data[at : at + 4])
    header = data[at + 8 : at + length].replace(struct.pack(">I", 17), struct.pack(">I", 16))
    colors = bytes(few.getpalette()[: 3 * 32])
    boxes = box(b"pclr", struct.pack(">HB3B", 32, 3, 7, 7, 7) + colors) + box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, at) for at in range(3)))
    path.write_bytes(data[:at] + box(b"jp2h", header + boxes) + data[at + length :])


def box(kind, payload):
    return struct.pack(">I", len(payload) + 8) + kind + payload


def tiff(folder):
    """Lumas and differences in all the ways that TIFF 6.0 has (section 21): Pillow neither writes them nor follows what is said of
    them."""
    if shutil.which("tiff2rgba") is None:
        return print("tiff2rgba is not there: no TIFF of YCbCr")
    samples = numpy.asarray(folder.rgb.convert("YCbCr"))
    video = [16, 235, 128, 240, 128, 240]
    for across in (1, 2, 4):
        for down in (1, 2, 4):
            # libtiff reads no more of a row than of a column.
            if down <= across:
                ycbcr(folder, samples, f"ycbcr-{across}{down}.tiff", (across, down))
                ycbcr(folder, samples, f"ycbcr-{across}{down}-strips.tiff", (across, down), chunk=(SIZE[0], 16), pack=zlib.compress)
    ycbcr(folder, samples, "ycbcr-bt709.tiff", (2, 2), luma=[2126, 7152, 722])
    ycbcr(folder, samples, "ycbcr-video.tiff", (2, 1), reference=video)
    ycbcr(folder, samples, "ycbcr-bt709-video-tiles.tiff", (2, 2), luma=[2126, 7152, 722], reference=video, chunk=(64, 32), is_tiled=True)
    ycbcr(folder, samples, "ycbcr-tiles.tiff", (1, 1), chunk=(32, 48), is_tiled=True, pack=zlib.compress)


def tiff_by_tiffcp(folder):
    """JPEG in tiles and strips, its tables apart, which Pillow does not write in tiles."""
    if shutil.which("tiffcp") is None:
        return print("tiffcp is not there: no TIFF with tiles of JPEG")
    source = folder.references / "source.tiff"
    for name, image in {"rgb": folder.rgb, "gray": folder.gray}.items():
        image.save(source)
        for chunks, options in {"tiles-64": ["-t", "-w", 64, "-l", 64], "tiles-wide": ["-t", "-w", 160, "-l", 16], "strips": ["-s", "-r", 32]}.items():
            for colors in ("jpeg:85", "jpeg:r:85") if name == "rgb" else ("jpeg:85",):
                kind = "plain" if ":r" in colors else "turned"
                folder.tool("tiffcp", "-c", colors, *options, source, folder.images / f"jpeg-{name}-{kind}-{chunks}.tiff")
    source.unlink()


def ycbcr(folder, samples, name, shared, luma=(2990, 5870, 1140), reference=(0, 255, 128, 255, 128, 255), chunk=SIZE, is_tiled=False, pack=bytes):
    across, down = shared
    chunks = []
    for top in range(0, SIZE[1], chunk[1]):
        for left in range(0, SIZE[0], chunk[0]):
            rows = chunk[1] if is_tiled else min(chunk[1], SIZE[1] - top)
            height, width = -(-rows // down) * down, -(-chunk[0] // across) * across
            part = samples[top : top + rows, left : left + chunk[0]]
            part = numpy.pad(part, ((0, height - part.shape[0]), (0, width - part.shape[1]), (0, 0)), mode="edge")
            # Of rows and columns of blocks, the lumas of each and its first differences.
            blocks = part.reshape(height // down, down, width // across, across, 3).transpose(0, 2, 1, 3, 4)
            lumas = blocks[..., 0].reshape(*blocks.shape[:2], -1)
            chunks.append(pack(numpy.concatenate([lumas, blocks[:, :, 0, 0, 1:]], axis=2).tobytes()))
    fractions = lambda numbers, below: b"".join(struct.pack("<II", number, below) for number in numbers)
    places = (322, 323, 324, 325) if is_tiled else (None, 278, 273, 279)
    fields = {256: SIZE[0], 257: SIZE[1], 258: struct.pack("<3H", 8, 8, 8), 259: 1 if pack is bytes else 8, 262: 6, 277: 3, 530: struct.pack("<2H", across, down)}
    fields |= {529: fractions(luma, 10000), 532: fractions(reference, 1), places[1]: chunk[1]} | ({places[0]: chunk[0]} if is_tiled else {})
    write_tiff(folder.images / name, fields, places, chunks)
    rgba = folder.references / "rgba.tiff"
    folder.tool("tiff2rgba", "-n", folder.images / name, rgba)
    with Image.open(rgba) as opened:
        opened.convert("RGB").save(folder.references / f"{name}.png")
    rgba.unlink()


def write_tiff(path, fields, places, chunks):
    """Numbers, pairs of 16 bits and fractions by their tags, and the chunks that two of the tags tell the places and lengths of."""
    data, at = bytearray(b"II*\0\0\0\0\0"), []
    for chunk in chunks:
        at.append(len(data))
        data += chunk
    fields = fields | {places[2]: struct.pack(f"<{len(at)}I", *at), places[3]: struct.pack(f"<{len(at)}I", *map(len, chunks))}
    entries = []
    for number, value in sorted(fields.items()):
        kind, size = {258: (3, 2), 530: (3, 2), 529: (5, 8), 532: (5, 8)}.get(number, (4, 4))
        value = struct.pack("<I", value) if isinstance(value, int) else value
        place = value.ljust(4, b"\0")
        if len(value) > 4:
            place = struct.pack("<I", len(data))
            data += value
        entries.append(struct.pack("<HHI", number, kind, len(value) // size) + place)
    data[4:8] = struct.pack("<I", len(data))
    path.write_bytes(data + struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4))


def main(folder):
    folder = Folder(folder)
    for make in (avif, avif_by_avifenc, jpegxl, jpegxl_by_cjxl, jpeg2000, tiff, tiff_by_tiffcp):
        make(folder)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
