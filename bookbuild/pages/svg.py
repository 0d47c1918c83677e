"""Makes drawings light to load, without a change that can be seen: shorter numbers, smaller pictures inside."""

from __future__ import annotations

import base64
import io
import re

NUMBER = re.compile(r"-?\d+\.\d{3,}")
# Where a hundredth of a point is finer than any screen; not in a scale.
PLACES = re.compile(r' (?:d|points|x|y|cx|cy|r|width|height)="[^"]*"')
PICTURE = re.compile(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)")


def lighter(svg: str) -> str:
    """The same drawing in fewer bytes."""
    svg = PLACES.sub(lambda place: NUMBER.sub(shorter, place[0]), svg)
    return PICTURE.sub(lambda found: f"data:image/png;base64,{repack(found[1])}", svg)


def shorter(number: re.Match[str]) -> str:
    """A number with two decimals at most."""
    text = f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def repack(encoded: str) -> str:
    """The same pixels as a smaller PNG: grey values or a palette, if these suffice."""
    from PIL import Image

    raw = base64.b64decode(encoded)
    image: Image.Image = Image.open(io.BytesIO(raw)).convert("RGBA")
    if image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
        grey = image.convert("L")
        if grey.convert("RGB").tobytes() == image.tobytes():
            image = grey
        elif image.getcolors(256):
            few = image.quantize(dither=Image.Dither.NONE)
            if few.convert("RGB").tobytes() == image.tobytes():
                image = few
    best = raw
    smaller = io.BytesIO()
    image.save(smaller, "png", optimize=True)
    if len(smaller.getvalue()) < len(raw):
        best = smaller.getvalue()
    return base64.b64encode(best).decode()
