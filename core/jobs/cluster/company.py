"""Processes of a Ray cluster that work for a job as long as it goes on."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core import settings
from core.jobs.cluster.ray import begin, environment, ray
from core.progress import Colleague, Gone

# How long it is waited for places on the cluster, which may add some, and then for what is loaded
# there: a computer that has never read the images reads them all first.
_PLACED_S, _READY_S = 240.0, 3600.0
_LOOK_S = 0.5


class _Desk:
    """What runs there: one object, and what is asked of it."""

    def __init__(
        self, cores: int, told: Mapping[str, str], make: str, given: Sequence[Any]
    ) -> None:
        begin(cores, told)
        self._make, self._given = make, given

    def is_there(self) -> bool:
        return True

    def is_ready(self) -> bool:
        module, _, name = self._make.partition(":")
        self._one = getattr(importlib.import_module(module), name)(*self._given)
        return True

    def ask(self, method: str, given: Sequence[Any]) -> Any:
        return getattr(self._one, method)(*given)


class _Distant:
    """One of them, seen from here."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def ask(self, method: str, *given: Any) -> Callable[[], Any]:
        module = ray()
        answer = self._actor.ask.remote(method, given)

        def wait() -> Any:
            try:
                return module.get(answer)
            except module.exceptions.RayActorError as error:
                raise Gone from error

        return wait

    def leave(self) -> None:
        ray().kill(self._actor)


def hire(make: str, given: Sequence[Sequence[Any]], check: Callable[[], None]) -> list[Colleague]:
    """As :meth:`core.progress.Reporter.hire`, from within a task of a cluster: with as many cores
    and GPUs each as this task has, on other nodes where there are.

    Args:
        check: raises when nobody waits any more.
    """
    module, cores = ray(), settings.cores()
    mine = module.get_runtime_context().get_assigned_resources()
    kind = module.remote(
        num_cpus=cores,
        num_gpus=mine.get("GPU", 0),
        scheduling_strategy="SPREAD",
        max_restarts=0,
    )(_Desk)
    told = environment(settings.load().home)
    asked = [kind.remote(cores, told, make, each) for each in given]
    there = _waited({actor: actor.is_there.remote() for actor in asked}, _PLACED_S, check)
    ready = _waited({actor: actor.is_ready.remote() for actor in there}, _READY_S, check)
    for actor in asked:
        if actor not in ready:
            module.kill(actor)
    return [_Distant(actor) for actor in ready]


def _waited(asked: Mapping[Any, Any], longest_s: float, check: Callable[[], None]) -> list[Any]:
    """Who of those that were asked has answered well by then."""
    module, end = ray(), time.monotonic() + longest_s
    came: list[Any] = []
    while len(came) < len(asked) and time.monotonic() < end:
        check()
        came, _ = module.wait(list(asked.values()), num_returns=len(asked), timeout=_LOOK_S)
    found = []
    for actor, answer in asked.items():
        try:
            if answer in came and module.get(answer):
                found.append(actor)
        except module.exceptions.RayError as error:
            # It has other files, or another version: whoever hires does without it.
            print(error, flush=True)
    return found
