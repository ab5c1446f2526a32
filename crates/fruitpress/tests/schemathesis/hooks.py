"""What Schemathesis cannot know: where there is an image. Any URL that it makes up leads to that one."""

import os
from urllib.parse import urlsplit

import schemathesis

IMAGE_URL = os.environ["IMAGE_URL"]


@schemathesis.hook.apply_to(operation_id="create_pdf")
def before_call(context, case, kwargs):
    # What it made up goes along as the query, so that the service still has to read all of it.
    if not isinstance(case.body, dict):
        return
    if is_http(case.body.get("source_url")):
        case.body["source_url"] = to_image(case.body["source_url"])
    if isinstance(case.body.get("source_urls"), list):
        urls = case.body["source_urls"]
        case.body["source_urls"] = [to_image(url) if is_http(url) else url for url in urls]


def to_image(url):
    return f"{IMAGE_URL}?{urlsplit(url).query}"


def is_http(url):
    try:
        return isinstance(url, str) and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
