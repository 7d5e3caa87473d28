"""A failing fault plan made as small as it fails: fewer faults, usual sizes, round times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from devices.simulator.faults.plan import Fault, FaultPlan
from imu.errors import BackstrideError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

#: Plans tried, at most.
_TRIES: Final = 150


def shrunk(plan: FaultPlan, fails: Callable[[FaultPlan], bool]) -> FaultPlan:
    """The smallest plan that hypothesis finds to fail as well.

    Parameters
    ----------
    plan : FaultPlan
        Fails.
    fails : callable
        Whether a plan fails; must always say the same of the same plan.

    Returns
    -------
    FaultPlan
        Of the plan's own faults, some without what is special about them; the plan itself where
        nothing smaller fails.

    Raises
    ------
    BackstrideError
        When hypothesis is not installed.
    """
    try:
        import hypothesis
        from hypothesis import HealthCheck, Phase, settings
        from hypothesis.errors import NoSuchExample
    except ImportError:
        raise BackstrideError(
            "hypothesis is not installed: install it with pip install hypothesis."
        ) from None
    known: dict[FaultPlan, bool] = {plan: True}

    def still_fails(smaller: FaultPlan) -> bool:
        if smaller not in known:
            known[smaller] = bool(smaller.faults) and fails(smaller)
        return known[smaller]

    quiet = settings(
        max_examples=_TRIES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        return hypothesis.find(_smaller(plan), still_fails, settings=quiet)
    except NoSuchExample:
        return plan


def _smaller(plan: FaultPlan) -> SearchStrategy[FaultPlan]:
    """Plans with less in them; hypothesis prefers what comes first, and that is the least."""
    from hypothesis import strategies as st

    def of(fault: Fault) -> SearchStrategy[Fault | None]:
        def choice(*values: Any) -> SearchStrategy[Any]:
            return st.sampled_from(list(dict.fromkeys(values)))

        less = st.builds(
            replace,
            st.just(fault),
            onset_s=choice(float(round(fault.onset_s)), fault.onset_s),
            duration_s=choice(_rounded(fault.duration_s), fault.duration_s),
            size=choice(None, _rounded(fault.size), fault.size),
        )
        return st.one_of(st.none(), less)

    def without_nothing(faults: tuple[Fault | None, ...]) -> FaultPlan:
        return replace(plan, faults=tuple(fault for fault in faults if fault is not None))

    return st.tuples(*(of(fault) for fault in plan.faults)).map(without_nothing)


def _rounded(value: float | None) -> float | None:
    return None if value is None or not abs(value) < 1e9 else float(round(value))
