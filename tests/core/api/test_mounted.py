"""Every route that a module offers is served by the app."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import core.api


def test_the_app_serves_every_route_there_is() -> None:
    served = import_module("app").ROUTES
    offered = 0
    for each in pkgutil.iter_modules(core.api.__path__):
        module = import_module(f"core.api.{each.name}")
        for route in getattr(module, "ROUTES", ()):
            offered += 1
            assert route in served, f"{each.name} offers {route.path}, which the app doesn't serve"
    assert offered >= 6
