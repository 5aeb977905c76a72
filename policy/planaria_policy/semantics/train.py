"""Fine-tunes the encoder end to end, and fits the n-gram model, on the training split alone."""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn

from planaria_contract import CLASSES, Fault
from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.linear import fit_ngrams
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.samples import Mixer, Sample
from planaria_policy.semantics.tokens import tokenizer, vocabulary
from planaria_semantics.encoder.ngrams import NgramModel
from planaria_semantics.encoder.text import normalise

CLASS: Final[dict[Fault, int]] = {fault: at for at, fault in enumerate(CLASSES)}


@dataclass(frozen=True)
class Trained:
    network: Network
    tokenizer: Tokenizer
    ngrams: NgramModel


def train(templates: Sequence[Template], recipe: Recipe, progress: Progress) -> Trained:
    """About a quarter of an hour on two cores for 22 000 templates, for each of the recipe's networks."""
    kept, rows = vocabulary()
    words = tokenizer(kept)
    words.enable_truncation(recipe.longest)
    ngrams = fit_ngrams(templates, recipe, progress)
    return Trained(soup(rows, words, templates, recipe, progress), words, ngrams)


def soup(
    rows: list[int], words: Tokenizer, templates: Sequence[Template], recipe: Recipe, progress: Progress
) -> Network:
    """The mean of several fine-tuned networks' weights: as cheap to run as one, and better than any of them on systems
    that none has seen (Wortsman et al. 2022, "Model soups").
    """
    mean: dict[str, Tensor] = {}
    for unread, member in product(recipe.courses, range(recipe.members)):
        torch.manual_seed(recipe.seed)  # the same beginning, or the mean of weights would mean nothing
        seeded = replace(recipe, seed=recipe.seed + member)
        course = [template for template in templates if template.source not in unread]
        weights = fine_tune(Network(rows), words, course, seeded, progress).state_dict()
        for name, weight in weights.items():
            mean[name] = mean.get(name, 0) + weight.float() / (recipe.members * len(recipe.courses))
    network = Network(rows)
    network.load_state_dict(mean)
    return network.eval()


def fine_tune(
    network: Network, words: Tokenizer, templates: Sequence[Template], recipe: Recipe, progress: Progress
) -> Network:
    torch.manual_seed(recipe.seed)
    network.freeze_words()
    network.train()
    mixer = Mixer(templates, random.Random(recipe.seed))
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=0.01)
    epochs = [list(batches(list(mixer.epoch(recipe.fillings)), words, recipe)) for _ in range(recipe.epochs)]
    total = sum(map(len, epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _cosine(total, recipe.warm_up))
    task = progress.add_task("fine-tuning the encoder", total=total)
    for batch in (batch for epoch in epochs for batch in epoch):
        loss = _loss(network, batch, recipe)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        progress.update(task, advance=1, description=f"fine-tuning the encoder (loss {loss.item():.2f})")
    return network.eval()


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
    with torch.autocast("cpu", dtype=torch.bfloat16):
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
