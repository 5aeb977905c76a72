"""The same credentials as the client's, in the form that kopf logs in with.

kopf logs in once, and again when a request is answered 401, as after a token was rotated. All its watches then race for the
one session that the first of them has closed; the losers die, or retry on the closed session for ever. So a second login is
taken as the sign to end this kopf in order and to begin a new one with the credentials of the moment.
"""

from collections.abc import Awaitable, Callable

import kopf
from kubernetes.aio.client import Configuration

Login = Callable[..., Awaitable[kopf.ConnectionInfo]]


def login_handler(configuration: Configuration, on_second: Callable[[], None]) -> Login:
    """For `kopf.on.login`. `on_second` is called where kopf comes back for other credentials than it was given."""
    given = False

    async def login(**_: object) -> kopf.ConnectionInfo:
        nonlocal given
        if given:
            on_second()
        given = True
        return await connection_info(configuration)

    return login


async def connection_info(configuration: Configuration) -> kopf.ConnectionInfo:
    """The token is read anew: a service account's is replaced in its file while the process runs."""
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
