"""Events of single objects, read together where many are asked for at once.

The API server has no index of events and keeps none in memory: for a list of those of one object it reads and decodes all of
the namespace, however few it then gives. One incident asks for a handful of such lists. In a storm they are most of what the
server does, and so every incident waits for all others; one reading of the namespace, in pages, answers them all.
"""

import asyncio
from collections.abc import Collection
from typing import Final

from planaria_operator.evidence.events import NODE_NAMESPACE, events_of, newest, subject_of
from planaria_operator.kube.interface import JsonBody, Kube

GATHER_SECONDS: Final = 0.05
"""So long others may join who ask at the same time."""
FEW: Final = 12
"""Objects that are asked for one by one; about what two incidents want."""
PAGE: Final = 2000
"""Events of one page, which are small: parsing them keeps the loop for some 30 ms. While a storm is on every page waits for its turn
on the loop, and whoever asked waits for all of them.
"""

Key = tuple[str, str]
"""Kind and name."""
Answer = asyncio.Future[list[JsonBody]]


class EventReader:
    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self._asked: dict[str, dict[Key, Answer]] = {}
        """By namespace: what waits for the next reading."""
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def of(self, kind: str, namespace: str | None, name: str) -> list[JsonBody]:
        """The newest of one object, without our own. Raises kube errors."""
        space = namespace or NODE_NAMESPACE
        answer = self._asked.setdefault(space, {}).setdefault((kind, name), _unanswered())
        if space not in self._reading:
            self._reading[space] = asyncio.create_task(self._serve(space), name=f"events of {space}")
        return await asyncio.shield(answer)  # who gives up does not take it away from others

    async def _serve(self, space: str) -> None:
        """One reading after the other, until nobody asks. Who asks during one waits for the next."""
        try:
            while self._asked.get(space):
                await asyncio.sleep(GATHER_SECONDS)
                asked = self._asked.pop(space)
                if len(asked) > FEW:
                    await self._answer_together(space, asked)
                else:
                    await asyncio.gather(*(self._answer_one(space, key, asked[key]) for key in asked))
        finally:
            del self._reading[space]

    async def _answer_one(self, space: str, key: Key, answer: Answer) -> None:
        try:
            answer.set_result(await events_of(self._kube, key[0], space, key[1]))
        except Exception as error:  # noqa: BLE001  it is for whoever asked
            answer.set_exception(error)

    async def _answer_together(self, space: str, asked: dict[Key, Answer]) -> None:
        try:
            found = await self._scan(space, asked.keys())
        except Exception as error:  # noqa: BLE001  as above
            for answer in asked.values():
                answer.set_exception(error)
        else:
            for key, answer in asked.items():
                answer.set_result(newest(found[key]))

    async def _scan(self, space: str, wanted: Collection[Key]) -> dict[Key, list[JsonBody]]:
        found: dict[Key, list[JsonBody]] = {key: [] for key in wanted}
        async for page in self._kube.pages("Event", space, size=PAGE):
            for bodies in found.values() if page.begins else ():
                bodies.clear()
            for body in page.bodies:
                if (about := subject_of(body)) in found:
                    found[about].append(body)
        return found


def _unanswered() -> Answer:
    answer: Answer = asyncio.get_running_loop().create_future()
    # Everybody may have given up by the time it fails; that is not worth a word in the log.
    answer.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return answer
