"""From templates to networks and words, on the training split alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import torch
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor

from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.fine_tune import fine_tune
from planaria_policy.semantics.linear import fit_ngrams
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.tokens import tokenizer, vocabulary
from planaria_semantics.encoder.ngrams import NgramModel

Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Trained:
    network: Network
    tokenizer: Tokenizer
    ngrams: NgramModel


def train(
    templates: Sequence[Template], recipe: Recipe, progress: Progress, begun: Weights | None = None
) -> Trained:
    """First the courses, each with a part of the sources, and their mean; then everything, by the mean. A network that was
    `begun` before takes the place of the mean.

    On two cores with AVX-512 about an hour for 29 000 templates; without, four times as long.
    """
    kept, rows = vocabulary()
    words = tokenizer(kept)
    words.enable_truncation(recipe.longest)
    ngrams = fit_ngrams(templates, recipe, progress)
    first = [template for template in templates if template.source not in recipe.later]
    if begun is None:
        begun = soup(courses(rows, words, first, recipe, progress))
    return Trained(further(rows, begun, words, templates, recipe, progress), words, ngrams)


def courses(
    rows: list[int], words: Tokenizer, templates: Sequence[Template], recipe: Recipe, progress: Progress
) -> Iterator[Weights]:
    """Of networks that begin as the pretrained encoder, and each read a part of the sources."""
    for unread, member in product(recipe.courses, range(recipe.members)):
        torch.manual_seed(recipe.seed)  # the same beginning, or the mean of weights would mean nothing
        seeded = replace(recipe, seed=recipe.seed + member)
        course = [template for template in templates if template.source not in unread]
        yield fine_tune(Network(rows), words, course, seeded, progress).state_dict()


def further(
    rows: list[int],
    begun: Weights,
    words: Tokenizer,
    templates: Sequence[Template],
    recipe: Recipe,
    progress: Progress,
) -> Network:
    """The network that was `begun`, once it has read everything, in fillings that it has not seen."""
    unseen = recipe.seed + recipe.members
    again = replace(recipe, seed=unseen, epochs=recipe.further_epochs, rate=recipe.further_rate)
    return fine_tune(_bearing(rows, begun), words, templates, again, progress)


def soup(members: Iterable[Weights]) -> Weights:
    """The mean of several fine-tuned networks' weights: as cheap to run as one, and better than any of them on systems
    that none has seen (Wortsman et al. 2022, "Model soups").
    """
    every = list(members)
    return {name: torch.stack([each[name].float() for each in every]).mean(dim=0) for name in every[0]}


def _bearing(rows: list[int], weights: Weights) -> Network:
    """With these weights; what is not among them is never trained, and as it was pretrained."""
    network = Network(rows)
    network.load_state_dict(weights, strict=False)
    return network.eval()
