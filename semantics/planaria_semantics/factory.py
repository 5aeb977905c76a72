"""Settings -> the extractor that the operator asks."""

from typing import TYPE_CHECKING, Final

from planaria_semantics.availability import Availability
from planaria_semantics.breaker import Breaker
from planaria_semantics.cascade import Cascade, Step
from planaria_semantics.extractor import Reader
from planaria_semantics.gate import Gate, Limits
from planaria_semantics.observer import Observer, Unobserved
from planaria_semantics.sceptic import Sceptic
from planaria_semantics.settings import SemanticsSettings
from planaria_semantics.turn import InTurn

if TYPE_CHECKING:
    from planaria_semantics.encoder import EncoderReader
    from planaria_semantics.vllm import Novelty, VllmReader

MARGIN: Final = 0.25
"""Seconds that the cascade waits beyond a reader's own deadline, so that its own error is the one that is told."""
ENOUGH: Final = 0.5
"""Share of the model's deadline after which it is the server that is too slow, and not its queue that is long."""


def assemble(settings: SemanticsSettings, observer: Observer | None = None) -> Cascade:
    """Raises `ValueError` where the settings contradict each other. Touches no network."""
    watcher = observer or Unobserved()
    if settings.extractor == "rules":
        return Cascade(observer=watcher)
    encoder = _encoder()
    breaker = Breaker("encoder", encoder, observer=watcher)
    in_turn = InTurn("encoder", breaker, settings.encoder_deadline_seconds, idle=encoder.idle)
    last = Step("encoder", in_turn, in_turn.longest + MARGIN, breaker)
    if settings.extractor == "encoder":
        return Cascade([last], observer=watcher)
    if settings.extractor == "hybrid":  # where the encoder reads as well, and its own novelty counts
        room = max(0.0, settings.deadline_seconds - settings.encoder_deadline_seconds)
        return _with_model(settings, watcher, _vllm(settings, None), last, beside=in_turn.hurried(room))
    return _with_model(settings, watcher, _vllm(settings, encoder), last)


def _with_model(
    settings: SemanticsSettings,
    observer: Observer,
    reader: "VllmReader",
    last: Step,
    beside: Reader | None = None,
) -> Cascade:
    availability = Availability(reader.probe, settings.probe_seconds)
    # The gate's deadline begins with the waiting: who has waited long gives the server little time to answer in.
    breaker = Breaker("vllm", reader, availability, observer, least=settings.deadline_seconds * ENOUGH)
    availability.recovered = breaker.reset
    limits = Limits(settings.concurrency, settings.queue, settings.deadline_seconds)
    model: Reader = Sceptic(Gate("vllm", breaker, limits, observer))
    if beside:
        model = _hybrid(model, beside)
    first = Step(settings.extractor, model, settings.deadline_seconds + MARGIN)
    return Cascade([first, last], availability=availability, observer=observer, close=reader.aclose)


def _vllm(settings: SemanticsSettings, novelty: "Novelty | None") -> "VllmReader":
    """Imported only where one is configured: its client library alone takes some 15 MiB."""
    from planaria_semantics.vllm import VllmClient, VllmReader  # noqa: PLC0415
    from planaria_semantics.vllm.reliability import Reliability  # noqa: PLC0415

    if not settings.vllm_url or not settings.vllm_model:
        raise ValueError(
            f"extractor {settings.extractor!r} needs the address of a server and the name of a model"
        )
    client = VllmClient(
        settings.vllm_url,
        settings.vllm_model,
        api_key_file=settings.api_key_file,
        deadline=settings.deadline_seconds,
        max_tokens=settings.answer_tokens,
    )
    measured = Reliability.of_file(settings.reliability_file) if settings.reliability_file else None
    return VllmReader(
        client,
        reliability=measured,
        examples=settings.examples,
        novelty=novelty,
    )


def _encoder() -> "EncoderReader":
    """Imported only where it is wanted: the weights take memory, and the rules need none."""
    from planaria_semantics.encoder import EncoderReader  # noqa: PLC0415

    return EncoderReader.load()


def _hybrid(model: Reader, encoder: Reader) -> Reader:
    from planaria_semantics.hybrid import HybridReader  # noqa: PLC0415

    return HybridReader(model, encoder)
