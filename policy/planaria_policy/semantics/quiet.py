"""What the libraries say of a choice that was made on purpose: said at every run, it hides what should be read."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sklearn.exceptions import ConvergenceWarning
from transformers.utils import logging as transformers_logging

PREPROCESSING: Final = "Please consider to run pre-processing before quantization"


@contextmanager
def bounded_fits() -> Iterator[None]:
    """The iterations of a baseline are part of its recipe: with more of them its figures would be another baseline's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@contextmanager
def no_bar() -> Iterator[None]:
    """Loading the pretrained weights takes a fraction of a second, and its bar stands across our own."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


@contextmanager
def plain_graph() -> Iterator[None]:
    """The graph is quantized as torch exports it, which is how it was measured; pre-processing would make another file."""
    root = logging.getLogger()  # onnxruntime logs on no logger of its own
    root.addFilter(_is_no_advice)
    try:
        yield
    finally:
        root.removeFilter(_is_no_advice)


def _is_no_advice(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith(PREPROCESSING)
