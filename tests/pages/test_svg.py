"""Drawings become lighter and stay the same drawings."""

import base64
import io

import pytest
from PIL import Image

from bookbuild.pages.svg import PICTURE, lighter


@pytest.mark.parametrize("mode", ["grey", "few", "many", "clear"])
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
