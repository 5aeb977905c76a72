"""Deployments that break on command, and what the API server counted of each when all is over."""

import asyncio
import secrets
import time
from datetime import datetime
from typing import Final, NamedTuple

from bench.bad_rollout import BROKEN, IMAGE, deployment, policy
from planaria_scenarios.api import Api, Body
from planaria_scenarios.environment import new_namespace
from planaria_scenarios.errors import ApiError, EnvironmentalError

PLACES: Final = ("before", "within", "meanwhile", "after")
"""Broken so early that an action is under way when something goes away; in the moment before; while it is away; and when it
is back."""
READY_SECONDS: Final = 120
LOOK_SECONDS: Final = 0.2


class Ending(NamedTuple):
    """One incident, as the API server has it when everything is over."""

    place: str
    records: int
    attempts: int
    """Actions of all records there: a node that fell silent with the API server has one too, and nothing is done for it."""
    changes: int
    """How often the Deployment was changed after it was broken."""
    reservations: int
    healed: bool
    seconds: float
    """From breaking it to the end of the incident."""

    @property
    def exactly_once(self) -> bool:
        return self.healed and {self.records, self.attempts, self.changes, self.reservations} == {1}


class Field:
    def __init__(self, api: Api) -> None:
        self.api = api
        self._name = f"outage-{secrets.token_hex(3)}"
        self._broken: dict[str, tuple[int, float]] = {}

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(self.namespace(place) for place in PLACES)

    @property
    def own_namespace(self) -> str:
        """Where the operators' Lease is."""
        return f"{self._name}-system"

    def namespace(self, place: str) -> str:
        return f"{self._name}-{place}"

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(self._broken)

    async def make(self) -> None:
        await new_namespace(self.api, self.own_namespace)
        for namespace in self.namespaces:
            await new_namespace(self.api, namespace)
            await self.api.apply(policy(), namespace)
            await self.api.apply(deployment(), namespace)
        for namespace in self.namespaces:
            await self._until_ready(namespace)

    async def remove(self) -> None:
        for namespace in (*self.namespaces, self.own_namespace):
            await self.api.delete("Namespace", "", namespace)

    async def breaks(self, place: str) -> None:
        body = await self.api.apply(deployment(BROKEN), self.namespace(place))
        self._broken[place] = body["metadata"]["generation"], time.time()

    async def stage(self, place: str) -> str:
        """Of the one incident there; empty where there is none yet, or nobody says."""
        try:
            records = _of_web(await self._records(place))
        except ApiError:
            return ""
        return str(records[0].get("status", {}).get("stage", "")) if records else ""

    async def until(self, place: str, *stages: str, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while await self.stage(place) not in stages:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def condition(self, place: str, kind: str) -> tuple[str, str]:
        """Status and reason of the policy's condition."""
        try:
            body = await self.api.get("HealingPolicy", self.namespace(place), "web")
        except ApiError:
            return "", ""
        found = [each for each in body.get("status", {}).get("conditions", []) if each["type"] == kind]
        return (found[0]["status"], found[0]["reason"]) if found else ("", "")

    async def ending(self, place: str) -> Ending:
        namespace = self.namespace(place)
        everything = await self._records(place)
        records = _of_web(everything)
        under = await self.api.get("HealingPolicy", namespace, "web")
        web = await self.api.get("Deployment", namespace, "web")
        generation, broken_at = self._broken[place]
        return Ending(
            place=place,
            records=len(records),
            attempts=sum(len(each.get("status", {}).get("attempts", [])) for each in everything),
            changes=web["metadata"]["generation"] - generation,
            reservations=len(under["status"].get("reservations", [])),
            healed=_image(web) == IMAGE and all(_succeeded(each) for each in records),
            seconds=max((_finished_at(each) for each in records), default=broken_at) - broken_at,
        )

    async def _records(self, place: str) -> list[Body]:
        found, _ = await self.api.list("Remediation", self.namespace(place))
        return found

    async def _until_ready(self, namespace: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            body = await self.api.get("Deployment", namespace, "web")
            if body.get("status", {}).get("readyReplicas") == 1:
                return
            if time.monotonic() > deadline:
                raise EnvironmentalError(f"{namespace}/web is not ready after {READY_SECONDS} s")
            await asyncio.sleep(LOOK_SECONDS)


def _of_web(records: list[Body]) -> list[Body]:
    return [each for each in records if each["spec"]["target"]["name"] == "web"]


def _image(workload: Body) -> str:
    return str(workload["spec"]["template"]["spec"]["containers"][0]["image"])


def _succeeded(record: Body) -> bool:
    conditions = record["status"].get("conditions", [])
    return any(each["type"] == "Succeeded" and each["status"] == "True" for each in conditions)


def _finished_at(record: Body) -> float:
    return datetime.fromisoformat(record["status"]["finishedAt"]).timestamp()
