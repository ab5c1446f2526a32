"""Tells how a PDF asks to be opened and which boxes its pages have, as pikepdf and PDFium read it, and compares.

Reads a manifest (JSON: a list of {"name", "pdf", "catalog", "pages"}) and prints what is wrong as JSON. "catalog" has the
entries by their names, in "/OpenAction" the index of the page in place of the page; "pages" has for each its effective
boxes, "media", "crop", "bleed", "trim" and "art", and its "size" as it is shown.
"""

import json
import sys

import pikepdf
import pypdfium2

from wrong import require

ENTRIES = ("/PageMode", "/PageLayout", "/ViewerPreferences", "/OpenAction")
# What PDFium calls the values of /PageMode.
MODES = {"/UseNone": 0, "/UseOutlines": 1, "/UseThumbs": 2, "/FullScreen": 3}
BOXES = ("media", "crop", "bleed", "trim", "art")


def plain(value, pages):
    if isinstance(value, pikepdf.Dictionary):
        if value.is_indirect:
            return pages.index(value.objgen)
        return {key: plain(value[key], pages) for key in value.keys()}
    if isinstance(value, pikepdf.Array):
        return [plain(entry, pages) for entry in value]
    if isinstance(value, pikepdf.Name):
        return str(value)
    return value if value is None or isinstance(value, (bool, int)) else float(value)


def near(found, expected):
    return len(found) == len(expected) and all(abs(a - b) < 0.001 for a, b in zip(found, expected))


def check(entry):
    with pikepdf.open(entry["pdf"]) as pdf:
        pages = [page.objgen for page in pdf.pages]
        catalog = {key: plain(pdf.Root[key], pages) for key in ENTRIES if key in pdf.Root}
        require(catalog == entry["catalog"], f"the catalog has {catalog}")
        require(len(pdf.pages) == len(entry["pages"]), f"{len(pdf.pages)} pages")
        for page, expected in zip(pdf.pages, entry["pages"]):
            for name in BOXES:
                found = [float(side) for side in getattr(page, f"{name}box")]
                require(near(found, expected[name]), f"the {name} box is {found}")
    with pypdfium2.PdfDocument(entry["pdf"]) as pdf:
        mode = entry["catalog"].get("/PageMode", "/UseNone")
        require(pdf.get_pagemode() == MODES[mode], f"PDFium takes {mode} for {pdf.get_pagemode()}")
        for page, expected in zip(pdf, entry["pages"]):
            for name in BOXES:
                found = getattr(page, f"get_{name}box")()
                require(near(found, expected[name]), f"the {name} box is {found} to PDFium")
            require(near(page.get_size(), expected["size"]), f"a page of {page.get_size()} to PDFium")
            # Only what lies within the crop box is drawn.
            drawn = page.render(scale=1).to_pil().size
            require(near(drawn, expected["size"]), f"{drawn} pixels are drawn")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        manifest = json.load(file)
    wrong = []
    for entry in manifest:
        try:
            check(entry)
        except Exception as error:  # What cannot even be looked at is wrong.
            wrong.append(f"{entry['name']}: {error}")
    print(json.dumps({"checked": len(manifest), "wrong": wrong}))


if __name__ == "__main__":
    main()
