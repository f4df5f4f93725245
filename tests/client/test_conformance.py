"""Every recorded case, against the server. The list of known gaps may only shrink."""

import pytest

from conformance import cases, gaps
from conformance.run import run_all

CASES = cases.load()


@pytest.fixture(scope="session")
def results(server, request):
    """The cases that were chosen, all running at once."""
    chosen = {item.callspec.params["case"].name for item in request.session.items if chooses(item)}
    return run_all(server.target(), [case for case in CASES if case.name in chosen])


def chooses(item):
    return item.originalname == "test_a_case_is_answered_as_recorded"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_answered_as_recorded(case, results):
    problems = results[case.name].result()
    reason = gaps.load().get(case.name)
    if reason is None:
        assert not problems, "\n".join(["", case.name, *(f"  {line}" for line in problems)])
    else:
        said = f"passes now; take it off known_gaps.json (`python -m conformance --prune`): {case.name}"
        assert problems, said


def test_the_known_gaps_are_cases_and_not_more_than_there_were():
    known = gaps.load()
    assert len(known) <= gaps.most()
    if CASES:
        assert not set(known) - {case.name for case in CASES}
    assert all(reason.strip() for reason in known.values())
