"""Breaks the idea of every program in an obvious way, and sees a claim of its page fail.

A claim that still holds when the optimiser does nothing, or a kernel is
turned round, checks nothing. All broken programs run side by side in
processes of their own, with the page's claims after them.
"""

import concurrent.futures
import contextlib
import io
import multiprocessing
import os
from pathlib import Path

import pytest

from bookbuild.codeblocks import extract

ROOT = Path(__file__).parent.parent

# How the longer programs of the chapters on sequences take a step
NO_STEP = """\
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
"""

# (page, program, what is broken, old text, new text, a word of the claim's
# assertion that must fail)
BREAKS = [
    ("cnn/index.md", "cnn/index.py", "kernel turned round",
     "patch, weight[:, :, u, v])", "patch, weight[:, :, k - 1 - u, v])",
     "worst"),
    ("cnn/index.md", "cnn/index.py", "stride ignored",
     "v:v + stride * W:stride]", "v:v + W]", "worst"),
    ("cnn/index.md", "cnn/index.py", "weights not shared",
     "conv = count(nn.Conv2d(1, channels, 5, padding=2))",
     "conv = side**2 * count(nn.Conv2d(1, channels, 5, padding=2))", "dense"),
    ("cnn/index.md", "cnn/translation.py", "zeros at the border",
     'padding_mode="circular"', 'padding_mode="zeros"', "results"),
    ("cnn/index.md", "cnn/translation.py", "no pooling",
     "nn.MaxPool2d(2))", "nn.AvgPool2d(1, stride=1))", "results"),
    ("cnn/index.md", "cnn/receptive_field.py", "stride forgotten",
     "        jump *= stride\n", "", "sizes"),
    ("cnn/image-classification.md", "cnn/image_classification.py",
     "optimiser does nothing", "            optimizer.step()\n", "",
     "held_out"),
    ("cnn/image-classification.md", "cnn/image_classification.py",
     "labels shuffled", "y = table[:, -1].long()",
     "y = table[torch.randperm(len(table)), -1].long()", "held_out"),
    ("cnn/image-classification.md", "cnn/image_classification.py",
     "no global pooling", "nn.AdaptiveMaxPool2d(1), nn.Flatten(),"
     "            # (B, 24)\n    nn.Dropout(0.1), nn.Linear(24, 10))",
     "nn.Flatten(),\n    nn.Dropout(0.1), nn.Linear(24 * 49, 10))",
     "cnn_score"),
    ("cnn/object-detection.md", "cnn/object_detection.py",
     "optimiser does nothing", "            optimizer.step()\n", "", "ap"),
    ("cnn/object-detection.md", "cnn/object_detection.py",
     "boxes not trained",
     "+ 8 * F.smooth_l1_loss(where[full], box[rows][full])", "", "ap"),
    ("cnn/object-detection.md", "cnn/object_detection.py",
     "no suppression", "order[iou(boxes[best][None], boxes[order])[0] < limit]",
     "order", "repeated"),
    ("cnn/image-segmentation.md", "cnn/image_segmentation.py",
     "optimiser does nothing", "            optimizer.step()\n", "", "mean"),
    ("cnn/image-segmentation.md", "cnn/image_segmentation.py",
     "bridges cut", "torch.cat([X, same_size], 1) if self.bridges",
     "torch.cat([X, 0 * same_size], 1) if self.bridges", "mean"),
    ("deep-learning/index.md", "deep-learning/index.py",
     "positions not shuffled",
     '"shuffled": (train_X[:, order], test_X[:, order])',
     '"shuffled": (train_X, test_X)', "means"),
    ("deep-learning/representations.md", "deep-learning/representations.py",
     "no sparsity", "sparsity * code.abs().mean()",
     "0 * code.abs().mean()", "after"),
    ("deep-learning/representations.md", "deep-learning/probes.py",
     "no training", "            train(model)\n", "            pass\n",
     "row[3]"),
    ("deep-learning/representations.md", "deep-learning/excite.py",
     "no training", "            train(model)\n", "            pass\n",
     "after"),
    ("neural-networks/index.md", "neural-networks/index.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "worst"),
    ("neural-networks/index.md", "neural-networks/index.py",
     "no activation function", "def hidden(units, activation=nn.Tanh)",
     "def hidden(units, activation=nn.Identity)", "worst"),
    ("neural-networks/learning.md", "neural-networks/learning.py",
     "derivative of tanh forgotten", "dh * (1 - h**2)", "dh", "worst"),
    ("neural-networks/learning.md", "neural-networks/learning.py",
     "no update", "p[name] = p[name] - lr * grads[name]",
     "p[name] = p[name]", "scores"),
    ("neural-networks/learning.md", "neural-networks/losses.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "bad"),
    ("neural-networks/gradient-descent.md",
     "neural-networks/gradient_descent.py", "no momentum",
     "velocity = momentum * velocity + grad", "velocity = grad",
     "worst_limit"),
    ("neural-networks/optimisation.md", "neural-networks/optimisation.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "mean"),
    ("neural-networks/optimisation.md", "neural-networks/initialisation.py",
     "one size for all starts", "linear.weight, std=std)",
     "linear.weight, std=H**-0.5)", "results"),
    ("neural-networks/generalisation.md", "neural-networks/generalisation.py",
     "no weight decay", "weight_decay=decay", "weight_decay=0.0", "gains"),
    ("neural-networks/debugging.md", "neural-networks/debugging.py",
     "a fault repaired", "        if zero_grad:", "        if True:", "before"),
    ("latent-representations/index.md", "latent-representations/index.py",
     "no activation function", "nn.ReLU()", "nn.Identity()", "theirs"),
    ("latent-representations/index.md", "latent-representations/index.py",
     "linear network not trained", "optimizer.step(linear_loss)", "",
     "angle"),
    ("latent-representations/compression.md",
     "latent-representations/compression.py", "optimiser does nothing",
     "            optimizer.step()\n", "", "table"),
    ("latent-representations/generation.md",
     "latent-representations/generation.py", "optimiser does nothing",
     "        optimizer.step()\n", "", "right"),
    ("latent-representations/variational-inference.md",
     "latent-representations/variational_inference.py", "prior forgotten",
     "return fit - kl_divergence(q, prior)", "return fit", "deviation"),
    ("latent-representations/variational-inference.md",
     "latent-representations/divergences.py", "divergences swapped",
     'if direction == "forward"', 'if direction != "forward"', "moment"),
    ("latent-representations/variational-inference.md",
     "latent-representations/intractable.py", "optimiser does nothing",
     "        optimizer.step()\n", "", "gap"),
    ("rnn/index.md", "rnn/index.py", "state reset",
     " + h @ U.T + b)", " + 0 * h @ U.T + b)", "worst"),
    ("rnn/index.md", "rnn/index.py", "state reset in training and use",
     "        if forget:  #", "        if True:  #", "scores"),
    ("rnn/index.md", "rnn/index.py", "optimiser does nothing",
     "        optimizer.step()\n", "", "scores"),
    ("rnn/unequal-lengths.md", "rnn/unequal_lengths.py", "mask forgotten",
     "F.cross_entropy(logits[mask], targets[mask])",
     "F.cross_entropy(logits.flatten(0, 1), targets.flatten())", "same"),
    ("rnn/unequal-lengths.md", "rnn/unequal_lengths.py",
     "mean over padding", "states.sum(1) / lengths[:, None]",
     "states.mean(1)", "changed"),
    ("rnn/unequal-lengths.md", "rnn/unequal_lengths.py",
     "packed with wrong lengths", "padded, lengths, batch_first=True",
     "padded, lengths * 0 + lengths.max(), batch_first=True", "gaps"),
    ("rnn/unequal-lengths.md", "rnn/unequal_lengths.py",
     "tested on what was learned", "JapaneseVowels_TEST.ts",
     "JapaneseVowels_TRAIN.ts", "shared"),
    ("rnn/unequal-lengths.md", "rnn/unequal_lengths.py",
     "optimiser does nothing", "            optimizer.step()\n", "", "alone"),
    ("rnn/gradients-through-time.md", "rnn/gradients_through_time.py",
     "slope of tanh forgotten", "((1 - h**2) * v)", "v", "worst"),
    ("rnn/gradients-through-time.md", "rnn/gradients_through_time.py",
     "no gain", "unroll(gain * orthogonal, T, seed)",
     "unroll(orthogonal, T, seed)", "curves"),
    ("rnn/gradients-through-time.md", "rnn/gradients_through_time.py",
     "no clipping", "clip_grad_norm_(weights, clip)",
     "clip_grad_norm_(weights, 1e9)", "failed_clipped"),
    ("rnn/gesture-recognition.md", "rnn/gesture_recognition.py",
     "labels shuffled", "table[:, -1]).long() - 1",
     "table[np.random.permutation(len(table)), -1]).long() - 1", "mean"),
    ("rnn/gesture-recognition.md", "rnn/gesture_recognition.py",
     "copies kept", "table = np.unique(table, axis=0)",
     "table = table[np.argsort(table[:, 0])]", "shared"),
    ("rnn/gesture-recognition.md", "rnn/archive_splits.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "gun"),
    ("rnn/language-modelling.md", "rnn/language_modelling.py",
     "optimiser does nothing", NO_STEP, "", "RNN"),
    ("rnn/language-modelling.md", "rnn/language_modelling.py",
     "network sees the future", "nn.GRU(size, hidden, batch_first=True)",
     "nn.GRU(size, hidden // 2, batch_first=True, bidirectional=True)",
     "leak"),
    ("rnn/language-modelling.md", "rnn/language_modelling.py",
     "shorter contexts ignored", "+ d * self.kinds[k][before] * p)",
     "+ 1e-9 * p)", "mass"),
    ("rnn/named-entity-recognition.md", "rnn/named_entity_recognition.py",
     "optimiser does nothing", "            optimizer.step()\n", "", "f1_new"),
    ("rnn/named-entity-recognition.md", "rnn/named_entity_recognition.py",
     "labels shuffled", "for row in rows for tag in row])\n",
     "for row in rows for tag in row])\n"
     "            target = target[torch.randperm(len(target))]\n", "f1_new"),
    ("rnn/named-entity-recognition.md", "rnn/named_entity_recognition.py",
     "names in both halves",
     'halves[random.choice(["train", "test"])][kind].append(name)',
     'halves["train"][kind].append(name), halves["test"][kind].append(name)',
     "overlap"),
    ("lstm/index.md", "lstm/index.py", "forget gate forced open",
     "i.sigmoid(), f.sigmoid(), o.sigmoid()",
     "i.sigmoid(), torch.ones_like(f), o.sigmoid()", "worst"),
    ("lstm/index.md", "lstm/index.py", "optimiser does nothing",
     "    optimizer.step()\n", "", "error"),
    ("lstm/long-memory.md", "lstm/long_memory.py", "bias of another gate",
     "rnn.bias_ih_l0[H:2 * H] = forget", "rnn.bias_ih_l0[3 * H:] = forget",
     "limit"),
    ("lstm/long-memory.md", "lstm/long_memory.py", "optimiser does nothing",
     "        optimizer.step()\n", "", "limit"),
    ("lstm/translation.md", "lstm/translation.py", "attention removed",
     "weights @ notes * self.attention", "weights @ notes * 0", "scores"),
    ("lstm/translation.md", "lstm/translation.py", "no mask",
     "scores = scores.masked_fill(~real[:, None], -torch.inf)",
     "scores = scores * 1.0", "outside"),
    ("lstm/translation.md", "lstm/translation.py", "optimiser does nothing",
     NO_STEP, "", "scores"),
    ("lstm/sentiment-analysis.md", "lstm/sentiment_analysis.py",
     "labels shuffled", 'append(row["category"] == "fresh")',
     "append(random.random() < 0.5)", "lstm"),
    ("lstm/sentiment-analysis.md", "lstm/sentiment_analysis.py",
     "split by snippet", 'place = part[row["movie_name"]]',
     'place = random.choice(["train", "valid", "test"])', "films_shared"),
    ("lstm/sentiment-analysis.md", "lstm/sentiment_analysis.py",
     "mean over padding", "/ lengths[:, None]", "/ X.shape[1]", "changed"),
    ("lstm/sentiment-analysis.md", "lstm/sentiment_analysis.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "lstm"),
    ("lstm/speech-recognition.md", "lstm/speech_recognition.py",
     "repeats not merged", "if c != before and c != BLANK]",
     "if c != BLANK]", "rates"),
    ("lstm/speech-recognition.md", "lstm/speech_recognition.py",
     "no blank between repeats", "and s > 1 and c != slots[s - 2]",
     "and s > 1", "worst"),
    ("lstm/speech-recognition.md", "lstm/speech_recognition.py",
     "optimiser does nothing", NO_STEP, "", "accuracy"),
    ("lstm/text-generation.md", "lstm/text_generation.py",
     "state lost while writing", "model(ids, state)", "model(ids)",
     "table"),
    ("lstm/text-generation.md", "lstm/text_generation.py",
     "optimiser does nothing", NO_STEP, "", "surprises"),
    ("lstm/time-series-forecasting.md", "lstm/time_series_forecasting.py",
     "window of one day too many", "np.stack([values[d - T:d] for d in days])",
     "np.stack([values[d - T + 1:d + 1] for d in days])", "linear"),
    ("lstm/time-series-forecasting.md", "lstm/time_series_forecasting.py",
     "season of the whole series", "return season @ fit",
     "return season @ np.linalg.lstsq(season, values, rcond=None)[0]",
     "leak"),
    ("lstm/time-series-forecasting.md", "lstm/time_series_forecasting.py",
     "optimiser does nothing", "        optimizer.step()\n", "", "lstm"),
]


def run_broken(page, program, old, new):
    """Run a page's program with a change; returns the failing assertion."""
    [block] = [b for b in extract(ROOT / "docs" / page)
               if b.program == program]
    if old not in block.code:
        return f"the text to break is gone: {old!r}"
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(block.code.replace(old, new), {"__name__": "broken"})
        except AssertionError as error:
            return f"claim failed: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return "no claim failed"


@pytest.fixture(scope="session")
def outcomes():
    """All broken programs, as many at a time as there are cores."""
    with concurrent.futures.ProcessPoolExecutor(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
            else os.cpu_count(),
            mp_context=multiprocessing.get_context("spawn"),
            max_tasks_per_child=1) as pool:
        yield {case[:3]: pool.submit(run_broken, case[0], case[1], *case[3:5])
               for case in BREAKS}


@pytest.mark.parametrize("case", BREAKS, ids=lambda c: f"{c[1]}-{c[2]}")
def test_a_claim_fails_when_the_idea_is_broken(outcomes, case):
    outcome = outcomes[case[:3]].result(timeout=1200)
    assert outcome.startswith("claim failed"), outcome
    assert case[5] in outcome, outcome


def test_every_program_with_claims_is_broken_once():
    for page in sorted((ROOT / "docs").glob("*/*.md")):
        for block in extract(page):
            if block.program and "assert" in block.code:
                assert any(case[1] == block.program for case in BREAKS), \
                    f"{block.program} has no break"
