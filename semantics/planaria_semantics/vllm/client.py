"""One question to an OpenAI-compatible server. Every way to fail ends in an error of `errors.py`, within the deadline."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam

from planaria_semantics.errors import Busy, Malformed, NotReached, Refused, SemanticsError, TooSlow
from planaria_semantics.vllm.clean import clean
from planaria_semantics.vllm.prompt import Message
from planaria_semantics.vllm.schema import NAME

PAUSE: Final = 0.2
"""Seconds before the one retry: a server that restarts or sheds load for a moment is back by then."""
NO_KEY: Final = "none"
"""What is sent where no key is configured; the client library insists on one."""
_REFUSALS: Final = {
    400: "it does not accept the request",
    401: "it does not accept the API key",
    403: "the API key does not permit this",
    404: "it does not serve this model",
}
_BUSY: Final = {429, 503}


class VllmClient:
    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key_file: Path | None = None,
        deadline: float = 5.0,
        max_tokens: int = 160,
        seed: int = 0,
    ) -> None:
        """`deadline` holds for one question with its retry."""
        self.model = model
        self.url = without_password(base_url(url))
        """As it is told to people: whatever fails, these messages end up in conditions and logs."""
        self.deadline = deadline
        self._key_file = api_key_file
        self._max_tokens = max_tokens
        self._seed = seed
        self._api = openai.AsyncOpenAI(
            base_url=base_url(url),
            api_key=self._key,
            max_retries=0,
            timeout=deadline,
            # A redirect would carry the key, and the evidence, to somebody who was not configured.
            http_client=openai.DefaultAsyncHttpxClient(follow_redirects=False),
        )

    async def aclose(self) -> None:
        await self._api.close()

    async def ask(self, messages: Sequence[Message], schema: dict[str, Any]) -> str:
        """The answer's text, complete. Tries a second time only what may differ the second time."""
        try:
            async with asyncio.timeout(self.deadline):
                try:
                    return _text(await self._complete(messages, schema))
                except (NotReached, Busy):
                    await asyncio.sleep(PAUSE)
                    return _text(await self._complete(messages, schema))
        except TimeoutError:
            raise TooSlow(f"{self.url} did not answer within {self.deadline:g} s") from None

    async def check(self) -> None:
        """Raises `Refused` where the server answers and does not have our model."""
        try:
            async with asyncio.timeout(self.deadline):
                served = [model.id async for model in self._api.models.list()]
                names = ", ".join(served[:8])  # the client library does not check that they are text
        except TimeoutError:
            raise TooSlow(f"{self.url} did not answer within {self.deadline:g} s") from None
        except (openai.OpenAIError, OSError, ValueError, AttributeError, TypeError) as error:
            raise self._meaning(error) from error
        if self.model not in served:
            raise Refused(f"{self.url} does not serve {self.model!r}; it serves: {names}")

    async def _complete(self, messages: Sequence[Message], schema: dict[str, Any]) -> ChatCompletion:
        try:
            return await self._api.chat.completions.create(
                model=self.model,
                messages=cast(list[ChatCompletionMessageParam], [asdict(each) for each in messages]),
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": NAME, "schema": schema, "strict": True},
                },
                temperature=0,
                seed=self._seed,
                max_tokens=self._max_tokens,
            )
        except (openai.OpenAIError, OSError, ValueError) as error:
            raise self._meaning(error) from error

    async def _key(self) -> str:
        """Read anew each time, so that a rotated Secret is taken up."""
        if self._key_file is None:
            return NO_KEY
        content = await asyncio.to_thread(self._key_file.read_bytes)
        key = content.decode("utf-8-sig", errors="replace").strip()
        # Here, since the HTTP library refuses it with an error that quotes it.
        if not (key.isascii() and key.isprintable()):
            raise Refused(f"the API key cannot be used: {self._key_file} is not one line of plain ASCII")
        return key or NO_KEY

    def _meaning(self, error: Exception) -> SemanticsError:
        if isinstance(error, openai.APITimeoutError):
            return TooSlow(f"{self.url} did not answer within {self.deadline:g} s")
        if isinstance(error, openai.APIStatusError):
            return self._of_status(error)
        if isinstance(error, openai.APIConnectionError):
            return NotReached(f"{self.url} cannot be reached: {error.__cause__ or error}")
        if isinstance(error, OSError):
            return Refused(f"the API key cannot be read: {error}")
        return Malformed(f"{self.url} did not answer in the form of the OpenAI API")

    def _of_status(self, error: openai.APIStatusError) -> SemanticsError:
        status = error.status_code
        said = clean(str(error.message), 200)  # a server may repeat what it was asked
        if status in _BUSY:
            return Busy(f"{self.url} is busy: {status}: {said}")
        if status == 408 or status >= 500:
            return NotReached(f"{self.url} fails: {status}: {said}")
        return Refused(f"{self.url}: {_REFUSALS.get(status, 'it refuses')}: {status}: {said}")


def base_url(url: str) -> str:
    plain = url.rstrip("/")
    return plain if plain.endswith("/v1") else f"{plain}/v1"


def without_password(url: str) -> str:
    """The address without the user and the password that may stand before its host."""
    spoken_for = urlsplit(url).netloc.rpartition("@")[0]
    return url.replace(f"{spoken_for}@", "", 1) if spoken_for else url


def _text(completion: ChatCompletion) -> str:
    """The client library does not check what it is sent, so nothing that its types promise is taken for granted."""
    try:
        choice = completion.choices[0]
        finish, content = choice.finish_reason, choice.message.content
    except (AttributeError, IndexError, KeyError, TypeError):
        raise Malformed("the server did not answer in the form of the OpenAI API") from None
    if finish != "stop":
        raise Malformed(f"the answer was cut off: finish_reason is {str(finish)[:20]!r}")
    if not isinstance(content, str) or not content:
        raise Malformed("the answer is empty")
    return content
