"""Networks that are finished, kept until the model is written: a training of hours that was stopped goes on after them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.progress import Progress
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from planaria_policy.errors import BadData
from planaria_policy.replace import replace

Weights = Mapping[str, Tensor]


class Kept:
    """One file for each network, in a folder that bears the model's version: of another corpus or recipe nothing is taken."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder, self._progress = folder, progress

    def weights(self, name: str, trained: Callable[[], Weights]) -> Weights:
        """Those that were kept under this name, or else those that are trained now."""
        path = self._folder / f"{name.replace(' ', '-')}.safetensors"
        try:
            found = load_file(path)
        except (OSError, SafetensorError):
            found = dict(trained())
            self._keep(path, found)
        else:
            self._progress.console.print(f"{name}: taken from {path}, where it was kept")
        return found

    def forget(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self, path: Path, weights: dict[str, Tensor]) -> None:
        """A disk that is full costs the going on, not the training."""
        try:
            replace(path, save(weights))
        except BadData as error:
            self._progress.console.print(
                f"{path}: not kept ({error.__cause__}); a training that is stopped begins anew"
            )
