"""The n-gram model: a logistic regression over hashed n-grams, its weights rounded to 8 bits."""

import random
from collections.abc import Sequence

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor, nn

from planaria_contract import CLASSES
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.samples import Mixer
from planaria_semantics.encoder.ngrams import BUCKETS, NgramModel, features
from planaria_semantics.encoder.text import normalise

BATCH = 256


def fit_ngrams(templates: Sequence[Template], recipe: Recipe, progress: Progress) -> NgramModel:
    mixer = Mixer(templates, random.Random(recipe.seed + 1))
    samples = [sample for _ in range(2) for sample in mixer.epoch()]
    rows = [torch.from_numpy(features(normalise(sample.text))) for sample in samples]
    target = torch.tensor([CLASSES.index(sample.fault) for sample in samples])
    bag, bias = (
        nn.EmbeddingBag(BUCKETS, len(CLASSES), mode="sum", sparse=True),
        nn.Parameter(torch.zeros(len(CLASSES))),
    )
    nn.init.zeros_(bag.weight)
    steps = [
        torch.optim.SparseAdam(bag.parameters(), lr=recipe.ngram_rate),
        torch.optim.Adam([bias], lr=recipe.ngram_rate),
    ]
    task = progress.add_task("fitting the n-gram model", total=recipe.ngram_epochs)
    for _ in range(recipe.ngram_epochs):
        for chosen in torch.randperm(len(rows)).split(BATCH):
            loss = nn.functional.cross_entropy(
                _logits(bag, bias, [rows[at] for at in chosen.tolist()]),
                target[chosen],
                label_smoothing=recipe.smoothing,
            )
            for step in steps:
                step.zero_grad()
            loss.backward()
            for step in steps:
                step.step()
        progress.update(task, advance=1)
    return _rounded(bag.weight.detach().numpy(), bias.detach().numpy())


def _logits(bag: nn.EmbeddingBag, bias: Tensor, rows: Sequence[Tensor]) -> Tensor:
    """As `NgramModel.logits`."""
    sizes = torch.tensor([len(row) for row in rows])
    starts = torch.cat([torch.zeros(1, dtype=torch.long), sizes.cumsum(0)[:-1]])
    total: Tensor = bag(torch.cat(list(rows)), starts)
    return total / sizes.clamp(min=1).sqrt().unsqueeze(1) + bias


def _rounded(
    weights: "np.ndarray[tuple[int, int], np.dtype[np.float32]]",
    bias: "np.ndarray[tuple[int], np.dtype[np.float32]]",
) -> NgramModel:
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-6) / 127
    return NgramModel(
        np.rint(weights / scale).astype(np.int8), scale.astype(np.float32), bias.astype(np.float32)
    )
