"""What Schemathesis cannot know: where there is an image. Any URL that it makes up leads to that one."""

import os
from urllib.parse import urlsplit

import schemathesis

IMAGE_URL = os.environ["IMAGE_URL"]


@schemathesis.hook.apply_to(operation_id="create_pdf")
def before_call(context, case, kwargs):
    # What it made up goes along as the query, so that the service still has to read all of it.
    if isinstance(case.body, dict) and is_http(case.body.get("source_url")):
        case.body["source_url"] = f"{IMAGE_URL}?{urlsplit(case.body['source_url']).query}"


def is_http(url):
    try:
        return isinstance(url, str) and urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
