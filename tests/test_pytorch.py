"""What pages say of PyTorch that none of their programs shows."""

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.profiler import ProfilerActivity, profile


@pytest.mark.parametrize(
    ("layer", "packed", "fast"),
    [(nn.LSTM, False, True), (nn.LSTM, True, False), (nn.GRU, False, False)],
)
def test_a_cpu_has_fast_code_for_a_rectangle_and_an_lstm_only(layer, packed, fast):
    # docs/rnn/unequal-lengths.md, "Turning instead of packing"
    X = torch.randn(4, 9, 3)
    if packed:
        X = pack_padded_sequence(X, torch.tensor([9, 5, 3, 2]), batch_first=True)
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        layer(3, 5, batch_first=True)(X)
    found = any("mkldnn_rnn_layer" in event.name for event in seen.events())
    assert found == (fast and torch.backends.mkldnn.is_available())
