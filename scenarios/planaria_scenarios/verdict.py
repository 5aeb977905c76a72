"""Everything about a run besides harm: did it recover, by the right action, understood for what it was?"""

from collections.abc import Iterator

from planaria_scenarios.harm import Case


def problems(case: Case, *, recovered: bool, operator: bool, reasons: list[str]) -> list[str]:
    """What keeps this run from being a success, one sentence each. `reasons`: why the oracle was not content."""
    found = []
    if not recovered:
        found.append(
            f"not recovered within {case.scenario.limit_seconds} s: {'; '.join(reasons) or 'did not last'}"
        )
    if operator and not case.scenario.is_control:
        found += [*_understanding(case), *_action(case), *_records(case)]
    return found


def _understanding(case: Case) -> Iterator[str]:
    expected = case.scenario.expected
    if expected is None:
        return
    faults = [record.fault for record in case.records if record.fault]
    if not any(fault in expected.faults for fault in faults):
        seen = ", ".join(faults) or "nothing"
        lines = " | ".join(line for record in case.records for line in record.read_from)
        yield f"taken for {seen}, is {' or '.join(expected.faults)}; read from: {lines or 'no line'}"


def _action(case: Case) -> Iterator[str]:
    expected = case.scenario.expected
    if expected is None:
        return
    applied = [attempt for attempt in case.attempts if attempt.applied is not None]
    if not any(attempt.action in expected.actions for attempt in applied):
        done = ", ".join(f"{attempt.action} {attempt.target}" for attempt in applied) or "nothing"
        yield f"did {done}; right is {' or '.join(expected.actions)} {expected.target}"


def _records(case: Case) -> Iterator[str]:
    for record in case.records:
        if not record.closed:
            held = f" ({record.held})" if record.held else ""
            yield f"Remediation {record.name} is not closed, it stands at {record.stage or 'nothing'}{held}"
        elif record.attempts and record.succeeded != "True":
            yield f"Remediation {record.name} ended without success"
