"""Fine-tunes one network end to end."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn

from planaria_contract import CLASSES, Fault
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.kept import Weights
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.samples import Mixer, Sample
from planaria_semantics.encoder.text import normalise

CLASS: Final[dict[Fault, int]] = {fault: at for at, fault in enumerate(CLASSES)}
WIDE: Final = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
"""Whether products in half precision are quick. A processor without such vectors takes them one by one: twenty times as long as
in full precision."""


def fine_tune(
    network: Network,
    words: Tokenizer,
    templates: Sequence[Template],
    recipe: Recipe,
    progress: Progress,
    name: str,
) -> Weights:
    """What it learned from the templates. `name`: what the progress calls it."""
    torch.manual_seed(recipe.seed)
    network.freeze_words()
    network.train()
    mixer = Mixer(templates, random.Random(recipe.seed))
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=0.01)
    epochs = [list(batches(list(mixer.epoch(recipe.fillings)), words, recipe)) for _ in range(recipe.epochs)]
    total = sum(map(len, epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _cosine(total, recipe.warm_up))
    task = progress.add_task(name, total=total)
    for batch in (batch for epoch in epochs for batch in epoch):
        loss = _loss(network, batch, recipe)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        progress.update(task, advance=1, description=f"{name} (loss {loss.item():.2f})")
    return network.state_dict()


@dataclass(frozen=True)
class Batch:
    ids: Tensor
    mask: Tensor
    target: Tensor
    """(batch, 16) probabilities."""
    severity: Tensor


def batches(samples: Sequence[Sample], words: Tokenizer, recipe: Recipe) -> Iterator[Batch]:
    """Of texts of like length, in random order."""
    tokens = [encoding.ids for encoding in words.encode_batch([normalise(sample.text) for sample in samples])]
    draw = random.Random(recipe.seed + len(samples))
    order = sorted(range(len(samples)), key=lambda at: len(tokens[at]) + draw.random() * 8)
    groups: list[list[int]] = [[]]
    for at in order:
        if (len(groups[-1]) + 1) * len(tokens[at]) > recipe.batch_tokens and groups[-1]:
            groups.append([])
        groups[-1].append(at)
    draw.shuffle(groups)
    for group in groups:
        yield _batch([tokens[at] for at in group], [samples[at] for at in group], recipe)


def _batch(rows: Sequence[Sequence[int]], samples: Sequence[Sample], recipe: Recipe) -> Batch:
    width = -(-max(map(len, rows)) // 16) * 16  # few shapes: the kernels are compiled for each
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    target = torch.full((len(rows), len(CLASSES)), recipe.smoothing / len(CLASSES))
    for at, sample in enumerate(samples):
        share = recipe.second if sample.second else 0.0
        target[at, CLASS[sample.fault]] += 1 - recipe.smoothing - share
        if sample.second:
            target[at, CLASS[sample.second]] += share
    return Batch(ids, (ids != 0).long(), target, torch.tensor([sample.severity for sample in samples]))


def _loss(network: Network, batch: Batch, recipe: Recipe) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=WIDE):
        fault, severity, _ = network(batch.ids, batch.mask)
    loss = nn.functional.cross_entropy(fault.float(), batch.target)
    return loss + recipe.severity * nn.functional.cross_entropy(severity.float(), batch.severity)


def _cosine(total: int, warm_up: float) -> Callable[[int], float]:
    first = max(1, int(total * warm_up))

    def rate(step: int) -> float:
        if step < first:
            return (step + 1) / first
        return 0.5 * (1 + math.cos(math.pi * (step - first) / max(1, total - first)))

    return rate
