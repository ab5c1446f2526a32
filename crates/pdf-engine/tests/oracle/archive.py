"""Checks PDFs against the rules of ISO 19005-2 (and -3) that a file of images alone can break, one by one.

Reads a manifest (JSON: a list of {"name", "pdf", "part"}) and prints what is wrong as JSON. Each rule is a function
named after its clause, and looks at the bytes or at the objects as pikepdf reads them. There is no veraPDF in the
package registries that the tests install from; where one can be had, it is the better judge.
"""

import io
import json
import re
import sys

import pikepdf
from lxml import etree
from PIL import Image, ImageCms

from wrong import require

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
PDF = "{http://ns.adobe.com/pdf/1.3/}"
XMP = "{http://ns.adobe.com/xap/1.0/}"
PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"

# Of ISO 32000-1, table 6, without LZWDecode and Crypt, which 6.1.7.2 forbids.
FILTERS = {"/ASCIIHexDecode", "/ASCII85Decode", "/FlateDecode", "/RunLengthDecode", "/CCITTFaxDecode", "/JBIG2Decode", "/DCTDecode", "/JPXDecode"}


def clause_6_1_2_header(data, _):
    require(re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", data), "no header with a binary comment")


def clause_6_1_3_trailer(data, pdf):
    trailer = pdf.trailer
    require("/Encrypt" not in trailer, "encrypted")
    require(len(trailer.ID) == 2 and all(len(bytes(part)) >= 16 for part in trailer.ID), "no file identifier")
    require(re.search(rb"%%EOF\r?\n?\Z", data), "data behind the end")


def clause_6_1_4_cross_reference(data, _):
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", data)[1])
    require(re.match(rb"xref\r?\n\d+ \d+ ?\r?\n(\d{10} \d{5} [fn][ \r][\r\n])+", data[start:]), "no cross-reference table")


def clause_6_1_9_objects(data, pdf):
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", data)[1])
    for line in data[start:].split(b"\n")[3:]:
        entry = re.match(rb"(\d{10}) (\d{5}) n", line)
        if entry is None:
            break
        offset = int(entry[1])
        require(data[offset - 1 : offset] in b"\r\n", "an object that does not begin its line")
        require(re.match(rb"\d+ \d+ obj\r?\n", data[offset : offset + 40]), "an object that does not begin as one")
    require(data.count(b"\nendobj\n") >= len(pdf.objects), "an object whose end does not stand on its own line")


def clause_6_1_7_streams(data, pdf):
    for stream in streams(pdf):
        for key in ("/F", "/FFilter", "/FDecodeParms"):
            require(key not in stream, "a stream outside of the file")
        names = stream.get("/Filter", [])
        names = [names] if isinstance(names, pikepdf.Name) else list(names)
        require(all(str(name) in FILTERS for name in names), f"filters {names}")
        raw = stream.read_raw_bytes()
        require(b"stream\n" + raw + b"\nendstream" in data, "a stream whose length is not that of its data")


def clause_6_1_6_strings(_, pdf):
    # What the reader finds must be whole; that strings in hexadecimal have even digits, the writer's text shows.
    for value in walk(pdf):
        if isinstance(value, pikepdf.String):
            require(len(bytes(value)) <= 32767, "a string that is too long")


def clause_6_1_13_limits(data, pdf):
    require(len(pdf.objects) <= 8388607, "too many objects")
    # As values of dictionaries and arrays, not within other strings.
    for match in re.finditer(rb"(?:/\w+ |\[|> |\d )<([0-9A-Fa-f]+)>", data[: 1 << 20]):
        require(len(match[1]) % 2 == 0, "a string of odd digits")
    for value in walk(pdf):
        if isinstance(value, int):
            require(-(2**31) <= value < 2**31, "an integer that is too large")
    for page in pdf.pages:
        for name in ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"):
            if name in page.obj:
                left, bottom, right, top = (float(side) for side in page.obj[name])
                # Of what is written with five decimals.
                width, height = round(right - left, 4), round(top - bottom, 4)
                require(3 <= width <= 14400 and 3 <= height <= 14400, f"a {name} that is too large or too small")


def clause_6_1_10_and_6_2_2_contents(_, pdf):
    for page in pdf.pages:
        names = set()
        for operands, operator in pikepdf.parse_content_stream(page):
            require(str(operator) in {"q", "Q", "cm", "Do"}, f"an operator {operator}")
            if str(operator) == "Do":
                names.add(str(operands[0]))
        require(names and all(name in page.obj["/Resources"]["/XObject"] for name in names), "a resource that is not there")


def clause_6_2_3_output_intent(_, pdf):
    intents = list(pdf.Root.OutputIntents)
    require(len(intents) == 1 and intents[0].S == "/GTS_PDFA1", "no output intent for PDF/A")
    require(str(intents[0].OutputConditionIdentifier), "an output intent without a condition")
    require(str(intents[0].Info), "an output intent that does not say what it is")
    check_profile(intents[0].DestOutputProfile, {b"prtr", b"mntr"})
    # A program that is not ours takes the profile for sRGB: what is converted from it stays what it was.
    ramp = Image.frombytes("RGB", (64, 64), bytes((at * 7 + at // 64 * 3) % 256 for at in range(64 * 64 * 3)))
    ours = ImageCms.ImageCmsProfile(io.BytesIO(intents[0].DestOutputProfile.read_bytes()))
    shown = ImageCms.profileToProfile(ramp, ours, ImageCms.createProfile("sRGB"))
    require(max(abs(a - b) for a, b in zip(ramp.tobytes(), shown.tobytes())) <= 1, "a profile that is not sRGB's")


def check_profile(stream, classes):
    data = stream.read_bytes()
    space = {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(data[16:20])
    require(data[36:40] == b"acsp" and data[8] in (2, 4), "no ICC profile of version 2 or 4")
    require(data[12:16] in classes, f"a profile of class {data[12:16]}")
    require(space == int(stream.N), "a profile of another number of channels")


def clause_6_2_4_colours(_, pdf):
    for image in images(pdf):
        if "/ColorSpace" in image:
            check_space(image.ColorSpace)
        else:
            require(image.get("/Filter") == "/JPXDecode", "an image without a colour space")


def check_space(space):
    if isinstance(space, pikepdf.Name):
        # Gray and RGB are those of the output intent.
        require(space in ("/DeviceGray", "/DeviceRGB"), f"colours of {space}, which the output intent does not know")
    elif space[0] == "/ICCBased":
        check_profile(space[1], {b"scnr", b"mntr", b"prtr", b"spac"})
    elif space[0] == "/Indexed":
        check_space(space[1])
    else:
        require(space[0] in ("/CalGray", "/CalRGB", "/Lab"), f"a colour space {space[0]}")
        white = [float(number) for number in space[1].WhitePoint]
        require(white[1] == 1 and min(white) > 0, "a white that is none")


def clause_6_2_8_images(_, pdf):
    for image in images(pdf):
        for key in ("/Alternates", "/OPI"):
            require(key not in image, f"an image with {key}")
        require(not image.get("/Interpolate", False), "an image that is interpolated")
        if image.get("/Filter") == "/JPXDecode":
            check_jpeg2000(image.read_raw_bytes())
        else:
            require(image.get("/ImageMask", False) or image.BitsPerComponent in (1, 2, 4, 8, 16), "samples of odd bits")


def check_jpeg2000(data):
    header = data.index(b"jp2h")
    channels = int.from_bytes(data[data.index(b"ihdr", header) + 12 :][:2], "big")
    require(channels in (1, 3, 4), f"{channels} channels")
    require(data[data.index(b"ihdr", header) + 14] <= 37, "channels of several depths")
    require(data.count(b"colr", header, data.index(b"jp2c")) == 1, "colours that are said twice")
    method = data[data.index(b"colr", header) + 4]
    require(method in (1, 2, 3), f"colours that are said by method {method}")
    if method == 1:
        space = int.from_bytes(data[data.index(b"colr", header) + 7 :][:4], "big")
        require(space in (16, 17, 18), f"colours of number {space}")


def clause_6_2_10_transparency(_, pdf):
    # With an output intent a page needs no group of its own; there are no blend modes but the normal one.
    for value in walk(pdf):
        if isinstance(value, pikepdf.Dictionary):
            require(value.get("/BM", "/Normal") == "/Normal", "a blend mode")
            require("/TR" not in value and "/TR2" not in value, "a transfer function")


def clause_6_2_11_to_6_9_nothing_else(_, pdf):
    for value in walk(pdf):
        if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            for key in ("/Annots", "/AcroForm", "/AA", "/OCProperties", "/EmbeddedFiles", "/EF", "/Font", "/PS", "/Perms", "/NeedsRendering", "/Requirements"):
                require(key not in value, f"{key}, which images do not need")
            require(value.get("/Subtype") not in ("/PS", "/Form"), "an object of another kind")


def clause_6_5_1_actions(_, pdf):
    # A place to open the file at is no action; what actions would do, images do not need.
    opened = pdf.Root.get("/OpenAction")
    if opened is not None:
        require(isinstance(opened, pikepdf.Array), "an action")
        require(opened[0].objgen in [page.objgen for page in pdf.pages], "a place on no page")
        require(opened[1] in ("/XYZ", "/Fit", "/FitH", "/FitB", "/FitBH"), f"a place of kind {opened[1]}")


def clause_6_6_metadata(_, pdf, part):
    stream = pdf.Root.Metadata
    require(stream.Type == "/Metadata" and stream.Subtype == "/XML", "no metadata")
    require("/Filter" not in stream, "metadata that are compressed, which readers of XMP do not find")
    packet = stream.read_bytes().decode("utf-8")
    head = re.match(r'<\?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"\?>\n', packet)
    require(head and packet.endswith('<?xpacket end="r"?>'), "metadata that are no packet")
    described = etree.fromstring(packet.encode()).find(f"{RDF}RDF/{RDF}Description")
    require(described.findtext(f"{PDFAID}part") == str(part), "another part of PDF/A")
    require(described.findtext(f"{PDFAID}conformance") == "B", "another level of conformance")
    known = {DC: {"title", "creator", "description"}, PDF: {"Keywords", "Producer"}, XMP: {"CreatorTool", "CreateDate", "ModifyDate"}, PDFAID: {"part", "conformance"}}
    for child in described:
        name = etree.QName(child)
        require(name.localname in known.get(f"{{{name.namespace}}}", ()), f"a property {child.tag} of no known schema")
    info = pdf.trailer.get("/Info", {})
    pairs = {
        "/Title": f"{DC}title/{RDF}Alt/{RDF}li",
        "/Author": f"{DC}creator/{RDF}Seq/{RDF}li",
        "/Subject": f"{DC}description/{RDF}Alt/{RDF}li",
        "/Keywords": f"{PDF}Keywords",
        "/Creator": f"{XMP}CreatorTool",
        "/Producer": f"{PDF}Producer",
    }
    for key, place in pairs.items():
        said = described.findtext(place)
        require((str(info[key]) if key in info else None) == said, f"{key} is {info.get(key)!r} and in XMP {said!r}")
    for key, place in {"/CreationDate": f"{XMP}CreateDate", "/ModDate": f"{XMP}ModifyDate"}.items():
        said = described.findtext(place)
        # Compared as written: the same digits and the same zone.
        digits = re.sub(r"[-:T'D]", "", str(info[key])) if key in info else None
        require(digits == (re.sub(r"[-:T]", "", said) if said else None), f"{key} is {info.get(key)!r} and in XMP {said!r}")
        require(said is None or re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?", said), f"a date {said}")


def images(pdf):
    return [value for value in streams(pdf) if value.get("/Subtype") == "/Image"]


def streams(pdf):
    return [value for value in pdf.objects if isinstance(value, pikepdf.Stream)]


def walk(pdf):
    """Every value of the file, also those within others."""
    rest, seen = [pdf.trailer, *pdf.objects], set()
    while rest:
        value = rest.pop()
        if isinstance(value, pikepdf.Object) and value.is_indirect:
            if value.objgen in seen:
                continue
            seen.add(value.objgen)
        yield value
        if isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            rest.extend(value.get(key) for key in value.keys() if key != "/Parent")
        elif isinstance(value, pikepdf.Array):
            rest.extend(value)


RULES = [rule for name, rule in sorted(globals().items()) if name.startswith("clause_")]


def check(entry):
    with open(entry["pdf"], "rb") as file:
        data = file.read()
    broken = []
    with pikepdf.open(entry["pdf"]) as pdf:
        for rule in RULES:
            more = (entry["part"],) if rule is clause_6_6_metadata else ()
            try:
                rule(data, pdf, *more)
            except Exception as error:  # A rule that cannot even be looked at is broken.
                broken.append(f"{entry['name']}: {rule.__name__}: {error}")
    return broken


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        manifest = json.load(file)
    wrong = [line for entry in manifest for line in check(entry)]
    print(json.dumps({"checked": len(manifest), "rules": len(RULES), "wrong": wrong}))


if __name__ == "__main__":
    main()
