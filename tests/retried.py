"""A journey in the browser that fails is tried once more, and named at the end of the run.

Two cores carry a browser, a server and a worker while another test computes beside them: now and
then a click meets what is just being drawn anew. That is worth knowing, and not worth refusing a
whole change for. Nothing but tests marked ``browser`` is ever tried again.
"""

from __future__ import annotations

import pytest
from _pytest.runner import runtestprotocol

_RETRIED = "retried"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if item.get_closest_marker("browser") is None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if any(report.failed for report in reports):
        for report in reports:
            if report.failed:
                report.outcome = _RETRIED  # type: ignore[assignment]
                item.ihook.pytest_runtest_logreport(report=report)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    return (_RETRIED, "R", "RETRIED") if report.outcome == _RETRIED else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    retried = terminalreporter.getreports(_RETRIED)
    if not retried:
        return
    terminalreporter.section("failed at first, and were tried once more", yellow=True)
    for report in retried:
        terminalreporter.line(f"{report.nodeid} ({report.when})")
        terminalreporter.line(report.longreprtext)
    for report in retried:
        terminalreporter.line(f"RETRIED {report.nodeid}")
