"""The command line. Flags only say where things are; what may be healed stands in HealingPolicy objects."""

import argparse
import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from planaria_operator.api.notification import RECEIVER_PATTERN
from planaria_operator.flags import address, count, deadline, positive, url
from planaria_operator.notify.receivers import Format
from planaria_operator.settings import ALWAYS_PROTECTED, Settings
from planaria_semantics.settings import ExtractorName, SemanticsSettings

EXAMPLE = """\
example, against the local cluster:
  python -m planaria_operator run --kubeconfig "$(python -m planaria_cluster kubeconfig)" --log-format console

The operator waits, and says what for, where the API server does not answer, the custom resources are not installed
(kubectl apply -f crds/) or its role lacks a verb. It ends on SIGTERM, after finishing the calls under way.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="planaria-operator", description="Heals what its HealingPolicies allow it to heal."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run",
        help="watch the cluster and heal",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_options(run)
    run.set_defaults(command=_run)
    _add_errands(commands)
    options = parser.parse_args(arguments)
    return int(options.command(options))


def settings_of(arguments: Sequence[str]) -> Settings:
    """What `run` with these options would be told."""
    parser = argparse.ArgumentParser(prog="planaria-operator run")
    _add_options(parser)
    return _settings(parser.parse_args(arguments))


def _run(options: argparse.Namespace) -> int:
    from planaria_operator.app import run_until_stopped  # noqa: PLC0415  --help must not wait for kopf to load

    return asyncio.run(run_until_stopped(_settings(options)))


def _add_errands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What the chart's hooks call. They run in a pod with an account of its own."""
    check = commands.add_parser("check", help="try whether an installation works (helm test)")
    check.add_argument("--namespace", required=True, metavar="NS", help="where a HealingPolicy is tried")
    check.add_argument("--operator-url", required=True, metavar="URL", help="the operator's probes")
    check.add_argument("--policy-url", metavar="URL", help="the policy service; default: none is tried")
    check.add_argument("--cluster", action="store_true", help="try a ClusterHealingPolicy too")
    check.set_defaults(command=_check)
    cleanup = commands.add_parser("clean-up", help="take Planaria's taint off nodes (after an uninstall)")
    cleanup.set_defaults(command=_clean_up)


def _check(options: argparse.Namespace) -> int:
    from planaria_operator.check import check  # noqa: PLC0415  as above

    return asyncio.run(
        check(options.namespace, options.operator_url, options.policy_url, cluster=options.cluster)
    )


def _clean_up(_options: argparse.Namespace) -> int:
    from planaria_operator.cleanup import clean_up  # noqa: PLC0415  as above

    return asyncio.run(clean_up())


def _add_options(run: argparse.ArgumentParser) -> None:
    run.set_defaults(refuse=run.error)
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
    _add_limits(run)
    _add_receivers(run)
    _add_semantics(run.add_argument_group("what reads the evidence"))
    _add_output(run)


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


def _semantics(options: argparse.Namespace) -> SemanticsSettings:
    extractor: ExtractorName = options.extractor or ("hybrid" if options.vllm_url else "encoder")
    if extractor in {"vllm", "hybrid"} and not (options.vllm_url and options.vllm_model):
        options.refuse(f"--extractor {extractor}: needs --vllm-url and --vllm-model")
    return SemanticsSettings(
        extractor=extractor,
        vllm_url=options.vllm_url,
        vllm_model=options.vllm_model,
        api_key_file=options.vllm_api_key_file,
        reliability_file=options.vllm_reliability,
        deadline_seconds=options.vllm_deadline,
        encoder_deadline_seconds=options.encoder_deadline,
        concurrency=options.vllm_concurrency,
        queue=options.vllm_queue,
        examples=options.vllm_examples,
    )


def _settings(options: argparse.Namespace) -> Settings:
    host, port = options.listen
    return Settings(
        kubeconfig=options.kubeconfig,
        namespaces=tuple(options.namespace),
        protected_namespaces=ALWAYS_PROTECTED | frozenset(options.protect),
        own_namespace=options.own_namespace,
        leader_elect=options.leader_elect,
        prometheus_url=options.prometheus,
        policy_url=options.policy_url,
        policy_deadline_seconds=options.policy_deadline,
        semantics=_semantics(options),
        receivers=dict(options.receiver),
        receivers_directory=options.receivers_dir,
        otlp_endpoint=options.otlp_endpoint,
        listen_host=host,
        listen_port=port,
        log_format=options.log_format,
        log_level=options.log_level,
        max_actions_per_hour=options.max_actions_per_hour,
        max_acting=options.max_acting,
    )
