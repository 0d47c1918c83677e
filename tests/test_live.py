"""Live figures: what a page computes is what PyTorch computes, and a reader can drive it."""

import gzip
import itertools

import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT

pytestmark = pytest.mark.slow
ASSETS = ROOT / "docs/assets"
PAGES = {
    "ravine": "neural-networks/gradient-descent.html",
    "digit": "cnn/image-classification.html",
    "gates": "lstm/index.html",
    "plane": "vae/digits.html",
    "noise": "diffusion/learned-score.html",
    "typing": "transformer/language-model.html",
}
N = 100  # inputs


@pytest.fixture
def show(open_page):
    """Opens the page of a live figure, and waits until it is alive."""

    def show_it(name, state="", **options):
        page = open_page(f"{PAGES[name]}{state}", **options)
        page.locator(f"#fig-{name}").scroll_into_view_if_needed()
        if (start := page.locator(f"#fig-{name} .live-start")).count():
            start.click()
        page.wait_for_selector(f"#fig-{name}.live-on", timeout=15_000)
        return page

    return show_it


def tensor(nested):
    return torch.tensor(nested, dtype=torch.float64)


# What PyTorch says: random inputs, and for each a list of tensors -------------


def ravine(numbers, book):
    names = {}
    program = book.program("neural-networks/gradient_descent.py")
    exec(program.section("descend"), names)

    def loss(w):
        return (tensor(numbers["curvatures"]) * w**2).sum() / 2

    for _ in range(N):
        w1, w2 = (torch.rand(2) * 2 - 1).tolist()
        step, momentum = torch.rand(()).item() * 0.04, torch.rand(()).item() * 0.9
        state = {"w1": w1, "w2": w2, "step": step, "momentum": momentum, "steps": 40}
        yield state, [names["descend"](loss, [w1, w2], step, 40, momentum)]


def through(layers, X):
    """The outputs of all layers for one batch."""
    for layer in layers:
        kind = layer["kind"]
        if "weight" in layer:
            apply = F.conv2d if kind == "conv" else F.linear
            more = {"padding": "same"} if kind == "conv" else {}
            X = apply(X, tensor(layer["weight"]), tensor(layer["bias"]), **more)
        elif kind == "pool":
            X = F.max_pool2d(X, layer.get("size") or X.shape[-1])
        else:
            X = X.flatten(1) if kind == "flatten" else getattr(X, kind)()
        yield X


def digit(numbers, book):
    shown = tensor(numbers["digits"]) / 255
    for i in range(N):
        x = shown[i % len(shown)].roll(i % 7 - 3, 1) + 0.1 * torch.rand(28, 28).double()
        found = [X for n in ("CNN", "MLP") for X in through(numbers[n], x[None, None])]
        yield x.flatten().tolist(), found


def plane(numbers, book):
    for _ in range(N):
        code = 3 * torch.randn(2).double()
        yield code.tolist(), list(through(numbers["layers"], code[None]))


def noise(numbers, book):
    for i in range(N):
        x, t = 2 * torch.randn(3, 2).double(), 1 + i % numbers["T"]
        wave = t / numbers["T"] * torch.arange(1, 5).double() * torch.pi / 2
        told = torch.cat([wave.cos(), wave.sin()]).expand(3, -1)
        layers = through(numbers["layers"], torch.cat([x, told], 1))
        yield {"points": x.tolist(), "t": t}, list(layers)


def gates(numbers, book):
    cell = torch.nn.LSTM(2, 1, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        for name in ("weight_ih", "weight_hh"):
            getattr(cell, f"{name}_l0").copy_(tensor(numbers[name]))
        cell.bias_ih_l0.copy_(tensor(numbers["bias"]))
        cell.bias_hh_l0.zero_()
        for _ in range(N):
            values = (2 * torch.rand(30) - 1).double()
            flags = (torch.rand(30) < 0.2).double()
            x = torch.stack([values, flags], 1)
            h = cell(x[None])[0][0]
            # The states one by one, for the cell; the gates from their formulas.
            c = torch.cat([cell(x[None, : t + 1])[1][1][0] for t in range(30)])
            before = torch.cat([torch.zeros(1, 1).double(), h[:-1]])
            sums = F.linear(x, cell.weight_ih_l0, cell.bias_ih_l0)
            sums = sums + F.linear(before, cell.weight_hh_l0)
            answer = F.linear(h, *(tensor(numbers["out"][k]) for k in numbers["out"]))
            told = {"values": values.tolist(), "flags": flags.tolist()}
            yield told, [sums[:, :2].sigmoid(), c, h, answer]


def typing(numbers, book):
    weights = {name: tensor(part) for name, part in numbers["weights"].items()}
    heads, length = numbers["heads"], numbers["length"]

    def linear(x, name):
        return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x, name):
        parts = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return F.layer_norm(x, x.shape[-1:], *parts)

    for i in range(N):
        ids = torch.randint(len(numbers["alphabet"]), (1 + i % (length + 3),))
        used = ids[-length:]
        x = weights["embed.weight"][used] + weights["place.weight"][: len(used)]
        layers, looks = [x], []
        for k in range(2):
            qkv = linear(norm(x, f"blocks.{k}.norm1"), f"blocks.{k}.qkv")
            q, key, v = (
                part.unflatten(-1, (heads, -1)).transpose(0, 1)
                for part in qkv.chunk(3, -1)
            )
            moved = F.scaled_dot_product_attention(q, key, v, is_causal=True)
            scores = q @ key.mT / q.shape[-1] ** 0.5
            future = torch.ones(len(used), len(used)).triu(1).bool()
            looks.append(scores.masked_fill(future, -torch.inf).softmax(-1))
            x = x + linear(moved.transpose(0, 1).flatten(1), f"blocks.{k}.out")
            up = linear(norm(x, f"blocks.{k}.norm2"), f"blocks.{k}.up").relu()
            x = x + linear(up, f"blocks.{k}.down")
            layers.append(x)
        layers.append(linear(norm(x, "norm"), "out"))
        yield ids.tolist(), layers + looks


# What the page says, in the same order ----------------------------------------

IN_THE_PAGE = {
    "ravine": "state => [live.compute.ravine(live.numbers.ravine, state).flat()]",
    "digit": """pixels => Object.values(live.compute.digit(live.numbers.digit, pixels))
        .flat().map(layer => [...layer.data])""",
    "plane": "code => live.compute.plane(live.numbers.plane, code).map(x => [...x.data])",
    "noise": "told => live.compute.noise(live.numbers.noise, told).map(x => [...x.data])",
    "typing": """ids => {
        const {layers, looks} = live.compute.typing(live.numbers.typing, ids)
        return [...layers.map(x => [...x.data]),
                ...looks.map(heads => heads.flatMap(look => [...look.data]))]
    }""",
    "gates": """told => {
        const run = live.compute.gates(live.numbers.gates, told)
        return [run.flatMap(s => [...s.i, ...s.f]), run.flatMap(s => s.c),
                run.flatMap(s => s.h), run.map(s => s.answer)]
    }""",
}
REFERENCE = {
    "ravine": ravine,
    "digit": digit,
    "gates": gates,
    "plane": plane,
    "noise": noise,
    "typing": typing,
}


def gap(page, name, book, inputs=N):
    """The largest difference between page and PyTorch, over inputs and layers."""
    torch.manual_seed(0)
    pairs = REFERENCE[name](page.evaluate(f"live.numbers.{name}"), book)
    given, wanted = zip(*itertools.islice(pairs, inputs), strict=True)
    assert len(given) == inputs
    found = page.evaluate(f"all => all.map({IN_THE_PAGE[name]})", list(given))
    worst = 0.0
    for layers, right in zip(found, wanted, strict=True):
        for layer, true in zip(layers, right, strict=True):
            off = (tensor(layer) - true.detach().flatten().double()).abs().max().item()
            worst = max(worst, off) if off == off else float("inf")
    return worst


@pytest.mark.parametrize("name", PAGES)
def test_a_page_computes_what_pytorch_computes_layer_by_layer(show, checked, name):
    assert gap(show(name), name, checked.book) < 1e-4


@pytest.mark.parametrize(
    ("name", "script", "old", "new"),
    [
        ("digit", "engine", "W[o * size + i]", "W[i * out + o]"),
        (
            "digit",
            "engine",
            "let sum = bias ? bias[o] : 0\n        for",
            "let sum = 0\n        for",
        ),
        ("digit", "engine", "* K + u) * K + v]", "* K + v) * K + u]"),
        ("digit", "engine", "y.data.fill(-Infinity)", "y.data.fill(1)"),
        ("gates", "engine", "f = at(1, sigmoid)", "f = at(0, sigmoid)"),
        ("gates", "engine", "Math.tanh(v))", "v)"),
        (
            "plane",
            "engine",
            "let sum = bias ? bias[o] : 0\n        for",
            "let sum = 0\n        for",
        ),
        ("typing", "engine", "s > t ? -Infinity", "false ? -Infinity"),
        ("typing", "engine", "sum / Math.sqrt(D)", "sum / D"),
        ("typing", "typing", 'part("norm")', "part(`blocks.0.norm1`)"),
        ("noise", "noise", "t / T * k", "t / T * (k - 1)"),
        ("ravine", "ravine", "momentum * v +", "momentum +"),
    ],
    ids=lambda text: None,
)
def test_a_broken_engine_is_noticed(show, checked, name, script, old, new):
    source = (ASSETS / f"live/{script}.js").read_text()
    assert source.count(old) == 1, f"docs/assets/live/{script}.js has changed: {old}"
    page = show(name)
    page.evaluate(f"() => {{ {source.replace(old, new)} }}")
    assert gap(page, name, checked.book, inputs=5) > 1e-2


# What a reader does -----------------------------------------------------------

SLIDER = {
    "ravine": "momentum",
    "digit": "right",
    "gates": "at",
    "plane": "z1",
    "noise": "seed",
    "typing": "head",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_figure_is_driven_by_the_keyboard_and_keeps_its_state_in_the_address(
    show, name
):
    page = show(name)
    slider = page.locator(f"#fig-{name}-{SLIDER[name]}")
    before = page.locator(f"#fig-{name} [role=status]").text_content()
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    after = page.locator(f"#fig-{name} [role=status]").text_content()
    assert before != after
    value, address = slider.input_value(), page.evaluate("location.hash")
    assert address.startswith(f"#fig-{name}?") and f"{SLIDER[name]}={value}" in address
    again = show(name, address)
    assert again.locator(f"#fig-{name}-{SLIDER[name]}").input_value() == value
    assert again.locator(f"#fig-{name} [role=status]").text_content() == after


@pytest.mark.parametrize("name", ["ravine", "digit", "gates", "plane"])
def test_a_figure_is_driven_by_a_pointer_until_it_is_released(show, name):
    page = show(name)
    drawing, seen = page.locator(f"#fig-{name} .live-drawing > *").first, []
    box = drawing.bounding_box()

    def move(x, y):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        seen.append(drawing.evaluate("e => e.toDataURL?.() ?? e.outerHTML"))

    move(0.3, 0.3)
    page.mouse.down()
    move(0.35, 0.2)
    move(0.7, 0.6)
    page.mouse.up()
    move(0.4, 0.1)
    assert seen[0] != seen[1] != seen[2] == seen[3]


@pytest.mark.parametrize("name", PAGES)
def test_a_link_of_the_text_sets_a_figure(show, name):
    page = show(name)
    link = page.locator(f"a[data-set][href='#fig-{name}']").first
    link.click()
    wanted = dict(part.split("=") for part in link.get_attribute("data-set").split("&"))
    for key, value in wanted.items():
        assert f"{key}={value}" in page.evaluate("location.hash")


@pytest.mark.parametrize("name", PAGES)
def test_every_control_of_a_figure_has_a_name_and_its_drawing_a_description(show, name):
    page = show(name)
    unnamed = page.evaluate(
        """id => [...document.querySelectorAll(
            `#${id} input, #${id} button, #${id} [role=img], #${id} [role=group]`)]
          .filter(e => !(e.labels?.length || e.textContent.trim()
                         || e.getAttribute("aria-label")))
          .map(e => e.outerHTML)""",
        f"fig-{name}",
    )
    assert not unnamed
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1280
    narrow = show(name, width=400)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("name", PAGES)
def test_the_drawn_figure_stands_in_print_and_without_scripts(
    show, browser, site, name
):
    page = show(name)
    drawn = page.locator(f"#fig-{name} img.on-light")
    assert not drawn.is_visible()
    page.emulate_media(media="print")
    assert (
        drawn.is_visible() and not page.locator(f"#fig-{name} .live-panel").is_visible()
    )
    context = browser.new_context(java_script_enabled=False, color_scheme="light")
    still = context.new_page()
    still.goto((site / PAGES[name]).as_uri())
    assert still.locator(f"#fig-{name} img.on-light").is_visible()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_live_figure_weighs_at_most_60_kilobytes(show, site, name):
    page = show(name)
    numbers = page.get_attribute(f"#fig-{name}", "data-numbers")
    files = [(site / PAGES[name]).parent / numbers]
    files += [site / f"assets/live/{part}.js" for part in ("engine", name)]
    files += [site / "assets/live.js"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= 60_000
