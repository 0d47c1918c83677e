"""Repeats the longer runs that docs/transformer/language-model.md tells of.

    python -m bench.longer

It prints the tables [plateau] of docs/appendix/published.toml: bits for each
held-out character after as many steps as the page's table gives, for three
seeds, and after the other number of steps for the first. One line comes as
each run ends; all of them take some minutes. Another machine may differ in the
third decimal.
"""

from pathlib import Path

from bookbuild.run.program import read_program

SNIPPETS = Path(__file__).parent.parent / "snippets"
NAME = "transformer/language_model_rivals.py"
SECTIONS = ["data", "block", "gpt", "recurrent", "train"]
STEPS = {"RNN": 1500, "LSTM": 1500, "GRU": 1500, "GPT": 3000, "GPT4": 3000}


def main() -> None:
    """Train, and print TOML."""
    program = read_program(NAME, SNIPPETS / NAME, SNIPPETS)
    names: dict[str, object] = {}
    for section in SECTIONS:
        exec(program.section(section), names)
    for kind, steps in STEPS.items():
        print(f"[plateau.{kind}]\nsteps = {steps}", flush=True)
        runs = [bits(names, kind, steps, seed) for seed in range(3)]
        print(f"bits = [{', '.join(f'{run:.4f}' for run in runs)}]", flush=True)
        if kind not in ("RNN", "LSTM"):
            print(f"other = {bits(names, kind, 4500 - steps, 0):.4f}", flush=True)


def bits(names: dict[str, object], kind: str, steps: int, seed: int) -> float:
    """Bits for a held-out character after one training."""
    run = f"bits(chances(train({kind!r}, {steps}, {seed}, lr=0.012), test_ids))"
    return float(eval(run, names))


if __name__ == "__main__":
    main()
