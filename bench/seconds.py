"""Measures the CPU seconds in which the generators of digits train, and in which they draw.

    python -m bench.seconds

It prints the table [seconds] of docs/appendix/published.toml. Each program is
run up to the section that trains; then one training and the drawing of 1000
images are timed, on one core. Other machines have other seconds, and this one
has others when it is busy: the table on the page says so.
"""

import time
from pathlib import Path

import torch

from bookbuild.run.program import read_program

SNIPPETS = Path(__file__).parent.parent / "snippets"
# For each row: its program, the sections before the training, the training,
# and the drawing of 1000 images. "@name" is a section of the program.
ROWS = {
    "gaussian": (
        "gan/measures.py",
        ["data", "judge", "measures"],
        "fitted = [torch.distributions.MultivariateNormal("
        "rows.mean(0), rows.T.cov() + 1e-3 * torch.eye(196)) for rows in "
        "(train_X[train_y == k].flatten(1) for k in range(10))]",
        "torch.cat([each.sample((100,)) for each in fitted]).clamp(0, 1)",
    ),
    "mixture": (
        "gan/measures.py",
        ["data", "judge", "measures"],
        "@learners",
        "mixture()",
    ),
    "gan": (
        "gan/training.py",
        ["data", "judge", "measures", "networks", "step", "train"],
        "G = train(0)[STEPS, 'average'].eval()",
        "G(noise_for(torch.arange(1000) % 10))",
    ),
    "vae": (
        "vae/digits.py",
        ["data", "judge", "measures", "model", "train"],
        "model = train(0)",
        "model.draw(torch.randn(1000, K))",
    ),
    "vae_mixture": (
        "vae/digits.py",
        ["data", "judge", "measures", "model", "train"],
        "model = train(0); codes = model(T)[0].double().numpy(); mixture = "
        "GaussianMixture(20, reg_covar=0.01, random_state=0).fit(codes)",
        "model.draw(torch.from_numpy(mixture.sample(1000)[0]).float())",
    ),
    "diffusion": (
        "diffusion/digits.py",
        ["data", "judge", "measures", "network"],
        "@train",
        "sample(torch.arange(1000) % 10, 15, 0.5)",
    ),
}


def main() -> None:
    """Measure, and print TOML."""
    torch.set_num_threads(1)
    for row, (name, before, train, draw) in ROWS.items():
        program = read_program(name, SNIPPETS / name, SNIPPETS)
        names: dict[str, object] = {}
        for section in before:
            exec(program.section(section), names)
        text = program.section(train[1:]) if train[0] == "@" else train
        if train == "@learners":  # without what chooses the contrast
            text = text[text.index("pca = ") : text.index("def stretch")]
        to_train = seconds(text, names)
        if row == "diffusion":
            exec(program.section("sample"), names)
        drawing = min(seconds(draw, names) for _ in range(3))
        print(f"[seconds.{row}]\ntrain = {to_train:.2g}\nimage = {drawing:.2g}")


def seconds(code: str, names: dict[str, object]) -> float:
    """The CPU seconds of some code; an image takes a thousandth of 1000."""
    start = time.process_time()
    exec(code, names)
    return time.process_time() - start


if __name__ == "__main__":
    main()
