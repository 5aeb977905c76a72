"""The flags of `run`. They only say where things are; what may be healed stands in HealingPolicy objects."""

import argparse
import re
from pathlib import Path
from typing import get_args

from planaria_operator.api.notification import RECEIVER_PATTERN
from planaria_operator.flags import address, count, deadline, positive, url
from planaria_operator.notify.receivers import Format
from planaria_operator.settings import Settings
from planaria_semantics.settings import ExtractorName, SemanticsSettings


def add_options(run: argparse.ArgumentParser) -> None:
    run.set_defaults(refuse=run.error)
    _add_place(run)
    _add_services(run)
    _add_limits(run)
    _add_receivers(run)
    _add_semantics(run.add_argument_group("what reads the evidence"))
    _add_output(run)


def _add_place(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add(
        "--kubeconfig", type=Path, metavar="FILE", help="default: $KUBECONFIG, else the pod's service account"
    )
    add(
        "--namespace",
        action="append",
        default=[],
        metavar="NS",
        help="watch only this namespace (repeatable)",
    )
    add(
        "--protect", action="append", default=[], metavar="NS", help="never touch this namespace (repeatable)"
    )
    add("--own-namespace", default="planaria-system", metavar="NS", help="where the operator runs; protected")
    add(
        "--leader-elect",
        action="store_true",
        help="act only while holding a Lease in --own-namespace; for more than one replica",
    )


def _add_services(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add("--prometheus", type=url, metavar="URL", help="base address of a Prometheus to read evidence from")
    add(
        "--policy-url",
        type=url,
        metavar="URL",
        help="base address of the policy service; default: the rules decide",
    )
    add(
        "--policy-deadline",
        type=deadline,
        default=Settings().policy_deadline_seconds,
        metavar="SECONDS",
        help="after which the rules decide; default: %(default)s",
    )


def _add_limits(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add(
        "--max-actions-per-hour",
        type=count,
        default=Settings().max_actions_per_hour,
        metavar="N",
        help="of all policies together; default: %(default)s",
    )
    add(
        "--max-acting",
        type=count,
        default=Settings().max_acting,
        metavar="N",
        help="remediations under way at the same time, of all policies together; default: %(default)s",
    )


def _add_receivers(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add(
        "--receiver",
        type=_receiver,
        action="append",
        default=[],
        metavar="NAME[=FORMAT]",
        help="who can be told of an incident, and how: generic (the default) or slack; repeatable",
    )
    add(
        "--receivers-dir",
        type=Path,
        default=Settings().receivers_directory,
        metavar="DIR",
        help="holds NAME/url and, to sign messages, NAME/signing-key, as mounted Secrets; read at every message; "
        "default: %(default)s",
    )


def _receiver(text: str) -> tuple[str, str]:
    """Name and format."""
    name, _, form = text.partition("=")
    form = form or Format.GENERIC.value
    if not re.fullmatch(RECEIVER_PATTERN, name) or len(name) > 63:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a name has small letters, digits and '-', such as oncall"
        )
    if form not in set(Format):
        raise argparse.ArgumentTypeError(f"{text!r}: the format is one of {', '.join(Format)}")
    return name, form


def _add_output(run: argparse.ArgumentParser) -> None:
    add = run.add_argument
    add(
        "--listen",
        type=address,
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="probes and metrics; port 0 picks one",
    )
    add(
        "--otlp-endpoint",
        metavar="URL",
        help="send a trace of each incident to this OTLP/HTTP collector; default: none",
    )
    add("--log-format", choices=("json", "console"), default="json")
    add("--log-level", choices=("debug", "info", "warning", "error"), default="info")


def _add_semantics(group: "argparse._ArgumentGroup") -> None:
    defaults = SemanticsSettings()
    add = group.add_argument
    add("--extractor", choices=get_args(ExtractorName), help="default: hybrid with --vllm-url, else encoder")
    add(
        "--encoder-deadline",
        type=deadline,
        default=defaults.encoder_deadline_seconds,
        metavar="SECONDS",
        help="for one reading, until the rules read instead; default: %(default)s",
    )
    add(
        "--vllm-url",
        type=url,
        metavar="URL",
        help="an OpenAI-compatible server, such as http://vllm.planaria-system:8000/v1",
    )
    add("--vllm-model", metavar="NAME", help="the model or adapter to ask for, as its /v1/models lists it")
    add(
        "--vllm-api-key-file",
        type=Path,
        metavar="FILE",
        help="its API key, as a mounted Secret; read at every call",
    )
    add("--vllm-reliability", type=Path, metavar="FILE", help="how often that model is right, as measured")
    add(
        "--vllm-deadline",
        type=deadline,
        default=defaults.deadline_seconds,
        metavar="SECONDS",
        help="default: %(default)s",
    )
    add(
        "--vllm-concurrency",
        type=positive,
        default=defaults.concurrency,
        metavar="N",
        help="default: %(default)s",
    )
    add(
        "--vllm-queue",
        type=count,
        default=defaults.queue,
        metavar="N",
        help="questions that may wait; default: %(default)s",
    )
    add(
        "--vllm-examples",
        type=count,
        default=defaults.examples,
        metavar="N",
        help="shown with each question; default: %(default)s",
    )
