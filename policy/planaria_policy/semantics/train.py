"""From templates to networks and words, on the training split alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import torch
from rich.progress import Progress
from tokenizers import Tokenizer

from planaria_policy.semantics.corpus import Template
from planaria_policy.semantics.fine_tune import fine_tune
from planaria_policy.semantics.kept import Kept, Weights
from planaria_policy.semantics.linear import fit_ngrams
from planaria_policy.semantics.network import Network
from planaria_policy.semantics.recipe import Recipe
from planaria_policy.semantics.tokens import tokenizer, vocabulary
from planaria_semantics.encoder.ngrams import NgramModel


@dataclass(frozen=True)
class Trained:
    network: Network
    tokenizer: Tokenizer
    ngrams: NgramModel


def train(
    templates: Sequence[Template],
    recipe: Recipe,
    progress: Progress,
    kept: Kept,
    begun: Weights | None = None,
) -> Trained:
    """First the courses, each with a part of the sources, and their mean; then everything, by the mean. A network that was
    `begun` before takes the place of the mean. Networks that were kept are not trained again.

    On two cores with AVX-512 two hours for 37 000 templates; without, four times as long.
    """
    known, rows = vocabulary()
    words = tokenizer(known)
    words.enable_truncation(recipe.longest)
    ngrams = fit_ngrams(templates, recipe, progress)
    tuning = Tuning(rows, words, recipe, progress, kept)
    if begun is None:
        begun = soup(tuning.courses([each for each in templates if each.source not in recipe.later]))
    return Trained(tuning.further(begun, templates), words, ngrams)


@dataclass(frozen=True)
class Tuning:
    """From the pretrained encoder on, network by network."""

    rows: list[int]
    words: Tokenizer
    recipe: Recipe
    progress: Progress
    kept: Kept

    def courses(self, templates: Sequence[Template]) -> Iterator[Weights]:
        """Of networks that begin as the pretrained encoder, and each read a part of the sources."""
        members = list(product(self.recipe.courses, range(self.recipe.members)))
        for number, (unread, member) in enumerate(members, 1):
            course = [template for template in templates if template.source not in unread]
            name = f"network {number} of {len(members)}"
            yield self.kept.weights(name, partial(self._pretrained, course, self.recipe.seed + member, name))

    def further(self, begun: Weights, templates: Sequence[Template]) -> Network:
        """The network that was `begun`, once it has read everything, in fillings that it has not seen."""
        name = "everything once more"
        return _bearing(self.rows, self.kept.weights(name, partial(self._again, begun, templates, name)))

    def _pretrained(self, templates: Sequence[Template], seed: int, name: str) -> Weights:
        torch.manual_seed(self.recipe.seed)  # the same beginning, or the mean of weights would mean nothing
        seeded = replace(self.recipe, seed=seed)
        return fine_tune(Network(self.rows), self.words, templates, seeded, self.progress, name)

    def _again(self, begun: Weights, templates: Sequence[Template], name: str) -> Weights:
        recipe = self.recipe
        again = replace(
            recipe, seed=recipe.seed + recipe.members, epochs=recipe.further_epochs, rate=recipe.further_rate
        )
        return fine_tune(_bearing(self.rows, begun), self.words, templates, again, self.progress, name)


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
