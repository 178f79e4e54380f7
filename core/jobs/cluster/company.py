"""Processes of a Ray cluster that work for a job as long as it goes on."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core import settings
from core.jobs.cluster.limits import begin, environment
from core.jobs.cluster.ray import ray
from core.progress import Colleague, Gone

# How long it is waited for places on the cluster, which may add some, and for what is loaded there.
_READY_S = 240.0
_LOOK_S = 0.5


class _Desk:
    """What runs there: one object, and what is asked of it."""

    def __init__(
        self, cores: int, told: Mapping[str, str], make: str, given: Sequence[Any]
    ) -> None:
        begin(cores, told)
        module, _, name = make.partition(":")
        self._one = getattr(importlib.import_module(module), name)(*given)

    def ready(self) -> bool:
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
    ready = {actor.ready.remote(): actor for actor in asked}
    there: list[Any] = []
    end = time.monotonic() + _READY_S
    while len(there) < len(ready) and time.monotonic() < end:
        check()
        there, _ = module.wait(list(ready), num_returns=len(ready), timeout=_LOOK_S)
    found: list[Colleague] = []
    for each, actor in ready.items():
        try:
            if each in there and module.get(each):
                found.append(_Distant(actor))
                continue
        except module.exceptions.RayError as error:
            # It has other files, or another version: whoever hires does without it.
            print(error, flush=True)
        module.kill(actor)
    return found
