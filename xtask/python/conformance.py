"""Judges PDFs by the images that they were made of: conformance.py ORACLE SECONDS < MANIFEST

The manifest is JSON, a list of {"image", "pdf", "archive", "reference"}; "pdf" is null where the image was refused, "archive" is
the same as PDF/A-2b, and "reference" an image to compare with in the place of what Pillow reads, each null where there is none.
Prints a line of JSON a file, in their order: {"format", "read", "verdict", "detail", "broken"}, the last being the rules of PDF/A
that "archive" breaks. How samples, masks, pages and rules are checked, the programs in ORACLE know, which the engine's own tests
run too. Each file has a process of its own, which is ended after so many seconds and given so much memory.
"""

import json
import multiprocessing
import pathlib
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

WORKERS = 2
# Of a process: a small file may say that it is an image of any size.
MEMORY_BYTES_MAX = 4 << 30
# Where Pillow rounds: what is lossy, too; it cuts 16 bits to 8, scales 5 bits, and draws frames over each other.
ROUNDED = {"AVIF", "BMP", "DIB", "ICO", "JXL", "TGA", "TIFF", "WEBP"}
# What a file is called that Pillow does not know.
ENDINGS = {".avif", ".bmp", ".gif", ".ico", ".jp2", ".jpg", ".jxl", ".pbm", ".pgm", ".png", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp"}


def judge(entry, different):
    """Of one file: its format, whether Pillow reads it, and what is to be said of the PDF."""
    image, pdf = entry["image"], entry["pdf"]
    name, fault = read(image)
    answer = {"format": name or called(image), "read": fault is None, "verdict": "refused", "detail": fault or "", "broken": broken(entry)}
    if pdf is None:
        return answer
    checked = subprocess.run(["qpdf", "--check", pdf], capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        return answer | {"verdict": "wrong", "detail": f"qpdf: {checked.stdout} {checked.stderr}"}
    verdict, found = "exact", compare(entry, 0, fault is None)
    if found is not None and name in ROUNDED:
        verdict, found = "within 1", compare(entry, 1, fault is None)
    if found is None:
        return answer | {"verdict": verdict, "detail": ""}
    if found.startswith("Unread: "):
        return answer | {"verdict": "unread", "detail": found.removeprefix("Unread: ")}
    reason = different.get(pathlib.PurePath(image).name)
    if reason is not None:
        return answer | {"verdict": "argued", "detail": f"{found}: {reason}"}
    return answer | {"verdict": "wrong", "detail": found}


def broken(entry):
    """The rules of PDF/A that are not kept."""
    import archive

    if entry["archive"] is None:
        return []
    try:
        return archive.check({"name": "PDF/A", "pdf": entry["archive"], "part": 2})
    except Exception as error:  # A file that cannot even be opened keeps no rule.
        return [f"{type(error).__name__}: {error}"]


def called(image):
    """The format by the file's name, where nothing better is known."""
    ending = pathlib.PurePath(image).suffix.lower()
    return {".tif": "TIFF", ".jpg": "JPEG"}.get(ending, ending[1:].upper()) if ending in ENDINGS else "other"


def read(image):
    """The format that Pillow takes it for, and why it does not read all of its frames, if so."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    with open(image, "rb") as file:
        head = file.read(8)
    if head == b"farbfeld":
        return "farbfeld", None
    name = "JBIG2" if head == b"\x97JB2\r\n\x1a\n" else None
    try:
        with Image.open(image) as opened:
            name = opened.format
            for frame in range(getattr(opened, "n_frames", 1)):
                opened.seek(frame)
                opened.load()
    except Exception as error:  # Whatever it cannot do with a file is an answer.
        return name, f"{type(error).__name__}: {error}"
    return name, None


def compare(entry, tolerance, is_read):
    """What is wrong, if anything."""
    import check
    import pikepdf
    import pypdfium2
    from PIL import Image

    image, pdf = entry["image"], entry["pdf"]
    # Pages are rendered to see how they lie, and not for their colours: those were compared as samples.
    more = {"name": image, "tolerance": tolerance, "rendering": 255, "unrendered": not is_read}
    entry = {key: value for key, value in entry.items() if value is not None} | more
    try:
        check.check(entry)
        with open(image, "rb") as file:
            head = file.read(4)
        if is_read and head != b"farb" and head != b"\x89PNG" and head[:3] != b"\xff\xd8\xff":
            with Image.open(image) as opened, pikepdf.open(pdf) as written:
                # Inks of others than JPEG are shown inverted to how Pillow turns them into colours.
                if opened.mode != "CMYK":
                    # How a JPEG XL lies its own header says, and its Exif does not (ISO/IEC 18181-2).
                    page = entry | {"image": entry.get("reference", image), "upright": opened.format == "JXL"}
                    check.check_page(page, pypdfium2.PdfDocument(pdf)[0], written.pages[0])
    except Exception as error:  # Whatever a foreign reader cannot do with the PDF is a finding.
        return f"{type(error).__name__}: {error}"
    return None


def judged(send, entry, different):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    try:
        send.send(judge(entry, different))
    except Exception as error:
        send.send({"format": "other", "read": False, "verdict": "wrong", "detail": f"{type(error).__name__}: {error}", "broken": []})


def in_a_process(context, entry, different, seconds):
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=judged, args=(send, entry, different))
    process.start()
    send.close()
    try:
        return receive.recv() if receive.poll(seconds) else unanswered(entry, "there was no answer in time")
    except EOFError:
        return unanswered(entry, "its reader crashed")
    finally:
        process.kill()
        process.join()


def unanswered(entry, why):
    """What Pillow takes for ever to read may well be refused."""
    verdict = "refused" if entry["pdf"] is None else "wrong"
    return {"format": called(entry["image"]), "read": False, "verdict": verdict, "detail": why, "broken": []}


def main(oracle, seconds):
    sys.path.insert(0, oracle)
    # Loaded once, for all the processes that are forked.
    import archive  # noqa: F401
    import check  # noqa: F401
    import pillow_jxl  # noqa: F401 - Pillow learns JPEG XL by it.

    context = multiprocessing.get_context("fork")
    entries = json.load(sys.stdin)
    lines = pathlib.Path(oracle, "different.tsv").read_text(encoding="utf-8").splitlines()
    different = dict(line.split("\t") for line in lines)
    with ThreadPoolExecutor(WORKERS) as pool:
        for answer in pool.map(lambda entry: in_a_process(context, entry, different, float(seconds)), entries):
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
