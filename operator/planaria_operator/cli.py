"""The command line: what is run, and with which settings."""

import argparse
import asyncio
from collections.abc import Sequence

from planaria_operator.options import add_options
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
    add_options(run)
    run.set_defaults(command=_run)
    _add_errands(commands)
    options = parser.parse_args(arguments)
    return int(options.command(options))


def settings_of(arguments: Sequence[str]) -> Settings:
    """What `run` with these options would be told."""
    parser = argparse.ArgumentParser(prog="planaria-operator run")
    add_options(parser)
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
