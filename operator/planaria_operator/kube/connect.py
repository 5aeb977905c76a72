"""From a kubeconfig, or from the pod that this runs in, to a client that has been tried out.

ConnectError
├── ConfigMissing        no kubeconfig where one was named, or no cluster named at all
├── ConfigMalformed      it cannot be used; the message names the file and what is wrong, never its content
├── ServerUnreachable    nothing answers at the address (temporary)
├── TlsFailed            something answers, but its certificate does not fit
└── CredentialsRefused   the server does not accept who we say we are
"""

import asyncio
import os
import re
import ssl
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from planaria_operator.kube.answers import one_line
from planaria_operator.kube.client import DEFAULT_TIMEOUT, KubeClient
from planaria_operator.kube.errors import Forbidden, KubeError, Unauthorized, Unavailable
from planaria_operator.kube.proxies import ask_the_cluster_directly
from planaria_operator.telemetry.metrics import version_of

KUBECONFIG: Final = "KUBECONFIG"
IN_CLUSTER: Final = "KUBERNETES_SERVICE_HOST"
USER_AGENT: Final = f"planaria-operator/{version_of('planaria')}"
"""What the audit log shows, beside the user."""


class ConnectError(KubeError):
    """One line that says what to change."""


class ConfigMissing(ConnectError):
    pass


class ConfigMalformed(ConnectError):
    pass


class ServerUnreachable(ConnectError, Unavailable):
    pass


class TlsFailed(ConnectError):
    pass


class CredentialsRefused(ConnectError, Unauthorized):
    pass


async def connect(
    kubeconfig: Path | None = None,
    *,
    context: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,  # noqa: ASYNC109  the client's, for each later call
    user_agent: str = USER_AGENT,
) -> KubeClient:
    """A client that has reached its server once.

    Uses `kubeconfig`, else the files that $KUBECONFIG names, else the service account of the pod. There is no further
    fallback: an operator that acts must not be pointed at a cluster by accident. `context` is one of the kubeconfig's
    (default: its current one); `timeout` is in seconds; `user_agent` is what the audit log shows.
    Raises a ConnectError.
    """
    configuration = await load_configuration(kubeconfig, context)
    client = KubeClient(_open(configuration, user_agent), timeout=timeout)
    try:
        await client.ping()
    except Forbidden:
        pass  # some clusters hide their version even from those they know
    except KubeError as error:
        await client.close()
        raise _explain(configuration.host, error) from error
    except asyncio.CancelledError:
        await client.close()
        raise
    return client


async def load_configuration(kubeconfig: Path | None, context: str | None = None) -> Configuration:
    """Address and credentials, as the library holds them. Raises ConfigMissing or ConfigMalformed."""
    configuration = Configuration()
    named = str(kubeconfig) if kubeconfig else os.environ.get(KUBECONFIG, "")
    if named:
        await _from_files(named, context, configuration)
    elif os.environ.get(IN_CLUSTER):
        _from_pod(configuration)
    else:
        raise ConfigMissing(
            "no cluster is named: pass --kubeconfig FILE, set KUBECONFIG, or run as a pod with a service account"
        )
    return configuration


async def _from_files(named: str, context: str | None, configuration: Configuration) -> None:
    try:
        if not _exists(named):
            raise ConfigMissing(f"kubeconfig {named}: no such file")
        loader = await load_kube_config(
            config_file=named, context=context, client_configuration=configuration, persist_config=False
        )
    except (
        ConfigException,
        yaml.YAMLError,
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
    ) as error:
        # Not chained: these errors quote the file, and the file holds keys and tokens.
        raise ConfigMalformed(f"kubeconfig {named}: {_what_is_wrong(error)}") from None
    if configuration.tls_server_name:
        raise ConfigMalformed(
            f"kubeconfig {named}: tls-server-name is not supported; use a name the certificate has"
        )
    _keep_fresh(configuration, loader)


def _exists(named: str) -> bool:
    """Whether any of the files is there: $KUBECONFIG may name several, of which some may be missing."""
    return any(Path(path).expanduser().is_file() for path in named.split(os.pathsep))


def _from_pod(configuration: Configuration) -> None:
    try:
        load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError) as error:
        raise ConfigMalformed(
            f"service account of this pod: {one_line(str(error))} (is automountServiceAccountToken off?)"
        ) from error
    ask_the_cluster_directly(configuration.host)


def _keep_fresh(configuration: Configuration, loader: Any) -> None:
    """A token that a plugin hands out expires; the plugin is asked again when it does."""
    user = loader._user  # noqa: SLF001  the library offers only a polling loop
    if user is None or "exec" not in user:
        return

    async def refresh(stale: Configuration) -> None:
        if await loader.load_from_exec_plugin() and hasattr(loader, "token"):
            stale.api_key["BearerToken"] = loader.token

    configuration.refresh_api_key_hook = refresh  # type: ignore[assignment]  # the library gives it no type


def _open(configuration: Configuration, user_agent: str) -> ApiClient:
    try:
        api = ApiClient(configuration)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigMalformed(
            f"certificates for {configuration.host} cannot be read: {one_line(str(error))}"
        ) from error
    api.user_agent = user_agent
    return api


def _what_is_wrong(error: Exception) -> str:
    """In words that quote nothing of the file."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"not YAML, see line {error.problem_mark.line + 1}"
    if isinstance(error, ConfigException):
        text = re.split(r"[\[{]", str(error))[0]
        return one_line(text.removeprefix("Invalid kube-config file. ")).rstrip(" /.") or "not a kubeconfig"
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror})"
    return "not a kubeconfig: clusters, users, contexts and current-context are needed"


def _explain(host: str, error: KubeError) -> ConnectError:
    cause = error.__cause__
    if isinstance(error, Unauthorized):
        return CredentialsRefused(f"{host} does not accept the credentials: {error}")
    if isinstance(cause, aiohttp.ClientSSLError | ssl.SSLError):
        return TlsFailed(f"{host} has no certificate that fits: {one_line(str(cause))}")
    if isinstance(cause, asyncio.TimeoutError | OSError | aiohttp.ClientError):
        return ServerUnreachable(f"{host} cannot be reached: {one_line(str(cause)) or 'no answer in time'}")
    return ConnectError(f"{host} does not answer like an API server: {error}")
