"""Image to PDF as this API was first built: FastAPI, httpx, Pillow, img2pdf.

What it does, in which order, and what it does not do, is that service's; `README.md` beside this file says what was changed.
"""

import io
import os
import uuid

import httpx
import img2pdf
import requests
from fastapi import FastAPI, HTTPException
from PIL import Image
from pydantic import BaseModel, HttpUrl

# The endpoint and the bucket, as http://HOST:PORT/BUCKET.
BUCKET_URL = os.environ["BUCKET_URL"]

store = requests.Session()
app = FastAPI()


class ConversionRequest(BaseModel):
    source_url: HttpUrl


class ConversionAnswer(BaseModel):
    source_url: HttpUrl
    converted_url: HttpUrl


@app.get("/ping")
async def ping() -> dict[str, str]:
    return {"ping": "pong"}


@app.post("/image_to_pdf")
async def image_to_pdf(request: ConversionRequest) -> ConversionAnswer:
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        source = await client.get(str(request.source_url))
    if source.headers["content-type"] != "image/png":
        raise HTTPException(412, "Invalid file type")
    # From here on the event loop stands still: nothing below waits.
    image = Image.open(io.BytesIO(source.content)).convert("RGB")
    content = io.BytesIO()
    image.save(content, "PNG")
    pdf = img2pdf.convert(content.getvalue())
    converted_url = f"{BUCKET_URL}/{uuid.uuid4()}.pdf"
    store.put(converted_url, data=pdf, headers={"Content-Type": "application/pdf"}).raise_for_status()
    return ConversionAnswer(source_url=request.source_url, converted_url=converted_url)
