"""What Schemathesis cannot know: where there is an image, and that its PDF has one page, which is small.

Any URL that it makes up leads to that image, any border of a box that it makes up leaves all of the page, and any page is the
first; what is wrong stays so.
"""

import os
import re
from urllib.parse import urlsplit

import schemathesis

IMAGE_URL = os.environ["IMAGE_URL"]
LENGTH = r"[0-9]{1,4}(\.[0-9]{1,3})?(pt|cm|mm|in)?"
BORDER = re.compile(f"{LENGTH}(:{LENGTH}|:{LENGTH}:{LENGTH}:{LENGTH})?")


@schemathesis.hook.apply_to(operation_id="create_pdf")
def before_call(context, case, kwargs):
    for choices in (case.query, case.body):
        if isinstance(choices, dict):
            fit_to_image(choices)
    # What it made up goes along as the query, so that the service still has to read all of it.
    if not isinstance(case.body, dict):
        return
    if is_http(case.body.get("source_url")):
        case.body["source_url"] = to_image(case.body["source_url"])
    if isinstance(case.body.get("source_urls"), list):
        urls = case.body["source_urls"]
        case.body["source_urls"] = [to_image(url) if is_http(url) else url for url in urls]


def fit_to_image(choices):
    for name in ("crop_border", "bleed_border", "trim_border", "art_border"):
        border = choices.get(name)
        if isinstance(border, str) and BORDER.fullmatch(border):
            choices[name] = re.sub(r"[0-9]+(\.[0-9]+)?", "0", border)
    page = choices.get("viewer_initial_page")
    if type(page) is int and 1 <= page < 1 << 31:
        choices["viewer_initial_page"] = 1


def to_image(url):
    return f"{IMAGE_URL}?{urlsplit(url).query}"


def is_http(url):
    try:
        return isinstance(url, str) and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
