"""`planaria semantics classify`: text in, faults out, line by line, without a cluster."""

import argparse
import asyncio
import io
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from planaria_contract import Fault, ModelVersion, Observation, SemanticState, Source
from planaria_semantics import streams
from planaria_semantics.errors import SemanticsError
from planaria_semantics.extractor import Extractor, Reader
from planaria_semantics.progress import Tick, progress
from planaria_semantics.questions import BadLineError, answer, question, written
from planaria_semantics.rules import RulesExtractor
from planaria_semantics.snippet import KINDS, observe
from planaria_semantics.state import settle
from planaria_semantics.window import build

if TYPE_CHECKING:
    from planaria_semantics.encoder import EncoderReader
    from planaria_semantics.vllm import VllmReader
    from planaria_semantics.vllm.reader import Novelty

DONE, SOME_FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
EMPTY_CONFIDENCE: Final = 0.2
"""Text that shows nothing is no proof of health."""
AT_ONCE: Final = 8
"""Lines on their way at the same time; their order is kept."""
DEADLINE: Final = 30.0
"""Seconds for one answer of a vLLM: nobody's pods wait for it here."""

EXAMPLE: Final = f"""\
input, one JSON object a line; kind is one of {", ".join(KINDS)} (default: mixed, told by the lines' shape):
  {{"id": "a", "kind": "container_log", "text": "java.lang.OutOfMemoryError: Java heap space"}}
output, one line for each, in the same order:
  {{"id": "a", "fault": "memory_exhaustion", "secondary": null, "confidence": 0.97, "novelty": 0.1, "severity": 2,
   "evidence": [{{"kind": "log", "index": 0, "text": "java.lang.OutOfMemoryError: Java heap space"}}], "source": "encoder"}}
A line that cannot be used gives {{"id": ..., "error": ...}}, a message on standard error, and exit status 1 at the end.

examples:
  planaria semantics classify --input snippets.jsonl --output faults.jsonl
  echo '{{"id": 1, "text": "write /data/x: no space left on device"}}' | planaria semantics classify
  planaria semantics classify --input s.jsonl --output f.jsonl --extractor hybrid \\
      --url http://vllm.llm:8000 --model-name fault-v3 --api-key-file key
"""


class SnippetExtractor:
    """Implements `Extractor` with one reader and nothing to fall back on: a failure is told, not hidden."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def extract(self, observation: Observation) -> SemanticState:
        """Raises `SemanticsError`."""
        window = await asyncio.to_thread(build, observation)
        return settle(await self._reader.read(window), window)


def main(arguments: list[str]) -> int:
    """0: every line has its answer; 1: some have an error; 2: wrong usage, or nothing to read with."""
    options = _parser().parse_args(arguments)
    try:
        _check(options)
        with ExitStack() as stack:
            source, size = streams.opened(options.input, stack)
            tick = stack.enter_context(progress("classify", size))
            failed = asyncio.run(_classify(options, source, tick))
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush it once more.
        sys.stdout = io.StringIO()
        return SOME_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (OSError, ValueError) as error:
        sys.stderr.write(f"planaria semantics classify: {error}\n")
        return MISUSED
    return SOME_FAILED if failed else DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="planaria semantics classify",
        description="Name the fault that log lines or events speak of.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("-i", "--input", default="-", metavar="FILE", help="JSON lines; - is standard input, the default")
    add("-o", "--output", default="-", metavar="FILE", help="JSON lines; - is standard output, the default")
    add(
        "-e",
        "--extractor",
        default="encoder",
        choices=("encoder", "vllm", "hybrid", "rules"),
        help="who reads (default: %(default)s)",
    )
    add("--model", type=Path, metavar="FILE", help="the encoder's model (default: the one that ships)")
    add("--url", help="address of a server with the OpenAI API; for vllm and hybrid")
    add("--model-name", metavar="NAME", help="the model or adapter that it serves; for vllm and hybrid")
    add("--api-key-file", type=Path, metavar="FILE", help="file with its API key")
    return parser  # fmt: skip


def _check(options: argparse.Namespace) -> None:
    if options.extractor in {"vllm", "hybrid"} and not (options.url and options.model_name):
        raise ValueError(f"--extractor {options.extractor} needs --url and --model-name")
    streams.refuse_the_same(options.input, options.output)


async def _classify(options: argparse.Namespace, source: TextIO, tick: Tick) -> int:
    """The number of lines that have no answer. Without anything to read with, the output keeps what it held."""
    async with _extractor(options) as extractor:
        with streams.target(options.output) as target:
            return await _answered(extractor, source, target, tick)


async def _answered(extractor: Extractor, source: TextIO, target: TextIO, tick: Tick) -> int:
    """At most `AT_ONCE` lines are held."""
    failed = 0
    waiting: deque[tuple[int, asyncio.Task[tuple[str, str]]]] = deque()

    async def finish() -> None:
        nonlocal failed
        size, task = waiting.popleft()
        line, complaint = await task
        if complaint:
            failed += 1
            sys.stderr.write(f"planaria semantics classify: {complaint}\n")
        target.write(line)
        target.flush()
        tick(size)

    async for number, line in _lines(source):
        waiting.append((len(line), asyncio.create_task(_one(number, line, extractor))))
        while waiting and (len(waiting) >= AT_ONCE or waiting[0][1].done()):
            await finish()
    while waiting:
        await finish()
    return failed


async def _lines(source: Iterable[str]) -> AsyncIterator[tuple[int, str]]:
    """Lines and their numbers, blank ones left out. Reading must not hold up answers that are on their way."""
    lines = iter(source)
    number = 0
    while (line := await asyncio.to_thread(next, lines, None)) is not None:
        number += 1
        if line.strip():
            yield number, line


async def _one(number: int, line: str, extractor: Extractor) -> tuple[str, str]:
    """The line of output, and the complaint where there is one. Never raises: one line must not cost the others."""
    identity = None
    try:
        asked = question(line, number)
        identity = asked.id
        seen = observe(str(asked.id), asked.kind, asked.text)
        said = await extractor.extract(seen) if seen.logs or seen.events else _nothing(seen)
        return written(answer(asked.id, said, seen)), ""
    except BadLineError as error:
        identity, complaint = error.identity, str(error)
    except SemanticsError as error:
        complaint = f"line {number}: no answer ({error.code}): {error}"
    except Exception as error:  # noqa: BLE001
        complaint = (
            f"line {number}: this should not happen, please report it: {type(error).__name__}: {error}"
        )
    return written({"id": identity, "error": complaint}), complaint


def _nothing(seen: Observation) -> SemanticState:
    """For text without any words. No reader is needed to say so."""
    return SemanticState(
        fault=Fault.HEALTHY,
        component=str(seen.target)[:253],
        severity=0,
        confidence=EMPTY_CONFIDENCE,
        summary="there is nothing to read",
        source=Source.RULES,
        model=ModelVersion(id="none", version="1"),
    )


@asynccontextmanager
async def _extractor(options: argparse.Namespace) -> AsyncIterator[Extractor]:
    """Imported only where it is wanted: the rules need no weights, and the encoder no HTTP client."""
    if options.extractor == "rules":
        yield RulesExtractor()
        return
    encoder = _encoder(options.model)
    if options.extractor == "encoder":
        yield SnippetExtractor(encoder)
        return
    hybrid = options.extractor == "hybrid"
    model = _vllm(options, None if hybrid else encoder)
    try:
        yield SnippetExtractor(_pooled(model, encoder) if hybrid else model)
    finally:
        await model.aclose()


def _encoder(model: Path | None) -> "EncoderReader":
    from planaria_semantics.encoder import EncoderReader  # noqa: PLC0415

    return EncoderReader.load(model) if model else EncoderReader.load()


def _pooled(model: Reader, encoder: Reader) -> Reader:
    from planaria_semantics.hybrid import HybridReader  # noqa: PLC0415

    return HybridReader(model, encoder)


def _vllm(options: argparse.Namespace, novelty: "Novelty | None") -> "VllmReader":
    from planaria_semantics.vllm import VllmClient, VllmReader  # noqa: PLC0415

    client = VllmClient(options.url, options.model_name, api_key_file=options.api_key_file, deadline=DEADLINE)
    return VllmReader(client, novelty=novelty)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
