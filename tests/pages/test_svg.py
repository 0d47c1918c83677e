"""Drawings become lighter and stay the same drawings."""

import base64
import io

import pytest
from PIL import Image

from bookbuild.pages.svg import NIGHT, PICTURE, lighter, reversed_at_night


@pytest.mark.parametrize("mode", ["grey", "few", "many", "clear", "holes"])
def test_pictures_in_drawings_keep_every_pixel(mode):
    image = Image.effect_noise((40, 30), 60).convert("RGBA")
    if mode == "few":
        image = image.convert("RGB").quantize(9).convert("RGBA")
    if mode == "many":
        image.putdata(
            [(i % 251, i * 7 % 253, i * 11 % 241, 255) for i in range(40 * 30)]
        )
    if mode == "clear":
        image.putalpha(100)
    if mode == "holes":
        image.paste((0, 0, 0, 0), (5, 5, 20, 9))
    raw = io.BytesIO()
    image.save(raw, "png", compress_level=0)
    text = base64.b64encode(raw.getvalue()).decode()
    light = lighter(f'<image xlink:href="data:image/png;base64,\n{text}"/>')
    assert len(light) < len(text)
    again = base64.b64decode(PICTURE.search(light)[1])
    assert Image.open(io.BytesIO(again)).convert("RGBA").tobytes() == image.tobytes()


def test_numbers_of_drawings_are_shortened_but_no_scale():
    drawing = '<path d="M 1.23456 -0.0001" transform="scale(0.015625)" x="3.0"/>'
    assert lighter(drawing) == (
        '<path d="M 1.23 0" transform="scale(0.015625)" x="3.0"/>'
    )


def drawing_of(*images):
    parts = []
    for image in images:
        raw = io.BytesIO()
        image.save(raw, "png")
        text = base64.b64encode(raw.getvalue()).decode()
        parts.append(f'<image xlink:href="data:image/png;base64,{text}"/>')
    return "".join(parts)


def pictures_in(drawing):
    return [
        Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA")
        for found in PICTURE.finditer(drawing)
    ]


def test_ink_on_white_paper_becomes_light_ink_on_dark_paper():
    page = Image.new("RGBA", (10, 10), "white")
    page.putpixel((0, 0), (0, 0, 0, 255))
    page.putpixel((1, 0), (0, 0, 120, 255))
    page.putpixel((2, 0), (0, 0, 0, 0))
    noise = Image.effect_noise((5, 5), 60).convert("RGBA")  # with the others
    night, _ = pictures_in(reversed_at_night(drawing_of(page, noise)))
    paper, ink = NIGHT
    assert night.getpixel((9, 9)) == (*paper, 255)
    assert night.getpixel((0, 0)) == (*ink, 255)
    red, green, blue, _ = night.getpixel((1, 0))
    assert abs(red - green) < 5 < 100 < red < blue  # light, and still blue
    assert night.getpixel((2, 0))[3] == 0


def test_photographs_stay_as_they_are_at_night():
    noise = Image.effect_noise((40, 30), 60).convert("RGBA")
    assert reversed_at_night(drawing_of(noise)) == drawing_of(noise)
    assert reversed_at_night("<svg/>") == "<svg/>"
