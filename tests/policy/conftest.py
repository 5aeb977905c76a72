"""These tests need torch, so `make test` runs them in .venv-train; where torch is missing they are not collected."""

import importlib.util

import pytest

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def draws():
    return torch.Generator().manual_seed(11)
