"""Makes drawings light to load, without a change that can be seen; and pictures on white fit for dark pages."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

from bookbuild.pages.faces import in_order

if TYPE_CHECKING:
    from PIL import Image

NUMBER = re.compile(r"-?\d+\.\d{3,}")
# Where a hundredth of a point is finer than any screen; not in a scale.
PLACES = re.compile(r' (?:d|points|x|y|cx|cy|r|width|height)="[^"]*"')
WHITE = 230  # the least brightness of a pixel that counts as white
PAPER = 0.4  # of the pixels are white, at least, in a picture on white paper
NIGHT = (28, 31, 38), (226, 228, 233)  # what black and white become, reversed
# Nothing leads to it, and equal pictures in one drawing have the same.
PICTURE_ID = re.compile(r'(<image\b[^>]*?) id="image\w+"')
PICTURE = re.compile(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)")


def lighter(svg: str) -> str:
    """The same drawing in fewer bytes."""
    svg = in_order(PICTURE_ID.sub(r"\1", svg))
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
    grey = image.convert("L")
    if grey.convert("RGBA").tobytes() == image.tobytes():
        image = grey
    elif few := image.getcolors(256):
        place = {bytes(colour): i for i, (_, colour) in enumerate(few)}
        every = image.tobytes()
        pixels = bytes(place[every[i : i + 4]] for i in range(0, len(every), 4))
        image = Image.frombytes("P", image.size, pixels)
        image.putpalette(b"".join(place), "RGBA")
    elif image.getextrema()[3] == (255, 255):
        image = image.convert("RGB")
    best = raw
    smaller = io.BytesIO()
    image.save(smaller, "png", optimize=True)
    if len(smaller.getvalue()) < len(raw):
        best = smaller.getvalue()
    return base64.b64encode(best).decode()


def reversed_at_night(svg: str) -> str:
    """The same drawing, with pictures on white paper as pictures on dark paper.

    A digit in dark ink becomes one in light ink; hues stay. Pictures with
    little white, such as photographs, stay as they are. All pictures of a
    drawing are treated alike.
    """
    from PIL import Image

    pictures = [
        Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA")
        for found in PICTURE.finditer(svg)
    ]
    grey = [picture.convert("L") for picture in pictures]
    white = sum(sum(each.histogram()[WHITE:]) for each in grey)
    if white <= PAPER * sum(each.width * each.height for each in grey):
        return svg
    turned = iter(pictures)
    return PICTURE.sub(
        lambda _: f"data:image/png;base64,{encoded(turn(next(turned)))}", svg
    )


def turn(picture: Image.Image) -> Image.Image:
    """A picture with light and dark exchanged, in the colours of a dark page."""
    from PIL import Image, ImageChops

    *colours, alpha = picture.split()
    bands = ImageChops.invert(Image.merge("RGB", colours)).convert("HSV").split()
    hue = bands[0].point([(value + 128) % 256 for value in range(256)])
    same_hue = Image.merge("HSV", (hue, *bands[1:])).convert("RGB")
    return Image.merge(
        "RGBA",
        [
            band.point([low + (high - low) * value // 255 for value in range(256)])
            for band, low, high in zip(same_hue.split(), *NIGHT, strict=True)
        ]
        + [alpha],
    )


def encoded(picture: Image.Image) -> str:
    """A picture as the text of a PNG."""
    file = io.BytesIO()
    picture.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()
