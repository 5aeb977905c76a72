"""The same credentials as the client's, in the form that kopf logs in with."""

from collections.abc import Awaitable, Callable

import kopf
from kubernetes.aio.client import Configuration

Login = Callable[..., Awaitable[kopf.ConnectionInfo]]


def login_handler(configuration: Configuration) -> Login:
    """For `kopf.on.login`. kopf calls it at the start and again whenever the server answers 401, so that a service
    account token that was rotated in the meantime is read anew.
    """

    async def login(**_: object) -> kopf.ConnectionInfo:
        return await connection_info(configuration)

    return login


async def connection_info(configuration: Configuration) -> kopf.ConnectionInfo:
    header = await configuration.get_api_key_with_prefix("BearerToken") or ""
    scheme, _, token = header.strip().rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
        proxy_url=configuration.proxy,
        trust_env=True,  # as the client does
    )
