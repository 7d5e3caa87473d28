"""A runner's own baseline: what each indicator usually is, and how far it wanders slowly."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from imu.drift.indicators import INDICATORS
from imu.errors import InputError, as_given

#: How this version computes the indicators. Values of other definitions are not comparable: 1 is
#: release 0.1, 2 has contact, toe-off and force learned from many runners.
DEFINITIONS: Final = 2

_FORMAT: Final = "backstride-baseline"
_VERSION: Final = 1
_COVARIATES: Final = ("speed_m_s", "slope_deg")
_SPREADS: Final = (
    *("wander_sd", "block_sd", "level_sd"),
    *("wander_weight", "unrest", "unrest_weight"),
)
#: Speed, uphill, downhill, cadence.
COUPLING_COUNT: Final = 4


@dataclass(frozen=True, slots=True)
class IndicatorBaseline:
    """Baseline of one indicator, in the unit of its column (``lumbar_index``: body weights).

    Attributes
    ----------
    indicator : str
        Name of the indicator.
    mean : float
        Robust mean of the baseline's blocks.
    wander_sd : float
        The runner's own slow wander.
    block_sd : float
        Spread of single blocks beside it; 0 when not known.
    level_sd : float
        How far the mean of a run may be from ``mean`` with nothing changed; 0 when a run is to be
        compared with exactly this one.
    wander_weight : float
        Independent values that the wander was learned from; 0 when not known.
    unrest : float
        Mean square of the steps that calm running made, in those expected, and a share of the
        evidence for any: 1 where the wander is all there is, more with hills or music.
    unrest_weight : float
        What it was learned from; 0 when not known.
    couplings, coupling_sds : tuple of float
        What a percent of speed, a degree up, a degree down, and a percent of cadence do to it, in
        the unit of its changes, and how well that is known; empty when not known.

    Examples
    --------
    >>> IndicatorBaseline("cadence_spm", mean=170.0, wander_sd=1.2).level_sd
    0.0
    """

    indicator: str
    mean: float
    wander_sd: float
    block_sd: float = 0.0
    level_sd: float = 0.0
    wander_weight: float = 0.0
    unrest: float = 1.0
    unrest_weight: float = 0.0
    couplings: tuple[float, ...] = ()
    coupling_sds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is usual for one runner.

    Attributes
    ----------
    indicators : tuple of IndicatorBaseline
        At least one; an indicator that was not measurable is missing.
    blocks : int
        Blocks it was learned from.
    speed_m_s, slope_deg : float or None
        Of the running it was learned from, where known.
    definitions : int
        How its indicators were computed (:data:`DEFINITIONS`).

    Raises
    ------
    InputError
        When a name is unknown or double or a number makes no sense.

    Examples
    --------
    >>> baseline = Baseline((IndicatorBaseline("sacral_lean_deg", 6.0, 0.4),), blocks=40)
    >>> Baseline.from_json(baseline.to_json()) == baseline
    True
    """

    indicators: tuple[IndicatorBaseline, ...]
    blocks: int
    speed_m_s: float | None = None
    slope_deg: float | None = None
    definitions: int = DEFINITIONS

    def __post_init__(self) -> None:
        for name in _COVARIATES:
            value = getattr(self, name)
            if value is not None and not _is_number(value):
                raise InputError(f"the baseline's {name} is {value!r:.40}: it must be a number.")
        if not _is_number(self.blocks) or self.blocks < 1 or self.blocks != int(self.blocks):
            raise InputError(
                f"the baseline has {as_given(self.blocks)} blocks: give a whole number from 1."
            )
        if not self.indicators:
            raise InputError("the baseline has no indicator: learn a new one.")
        seen: set[str] = set()
        for item in self.indicators:
            _check_indicator_baseline(item)
            if item.indicator in seen:
                raise InputError(f"the baseline names {item.indicator} twice: keep one of them.")
            seen.add(item.indicator)

    @property
    def is_comparable(self) -> bool:
        """Whether its values mean what this version computes."""
        return self.definitions == DEFINITIONS

    def of(self, indicator: str) -> IndicatorBaseline | None:
        """The baseline of one indicator; None when it was not measurable.

        Parameters
        ----------
        indicator : str
            Its name, such as ``"sacral_lean_deg"``.

        Returns
        -------
        IndicatorBaseline or None
            In the unit of the indicator's column.
        """
        for item in self.indicators:
            if item.indicator == indicator:
                return item
        return None

    def to_json(self) -> str:
        """Write as JSON, one object; numbers are exact.

        Returns
        -------
        str
            One line.
        """
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION,
                "definitions": self.definitions,
                "blocks": self.blocks,
                "indicators": {
                    item.indicator: {
                        name: value for name, value in asdict(item).items() if name != "indicator"
                    }
                    for item in self.indicators
                },
            }
            | {
                name: getattr(self, name) for name in _COVARIATES if getattr(self, name) is not None
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> Baseline:
        """Read what :meth:`to_json` wrote.

        Parameters
        ----------
        text : str
            A JSON object.

        Returns
        -------
        Baseline
            Equal to the one that was written.

        Raises
        ------
        InputError
            When the text is no baseline; says what is wrong.
        """
        try:
            content: Any = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise InputError(
                "this is not a baseline: give a JSON file that was saved as a runner's baseline."
            )
        if content.get("version") != _VERSION:
            raise InputError(
                f"the baseline has version {content.get('version')!r:.40}, this program reads "
                f"{_VERSION}: update the program or learn a new baseline."
            )
        indicators = content.get("indicators")
        if not isinstance(indicators, dict):
            raise InputError("the baseline has no table of indicators: learn a new one.")
        items = []
        for name, entry in indicators.items():
            if not isinstance(entry, dict) or not {"mean", "wander_sd"} <= entry.keys():
                raise InputError(
                    f"the baseline of {name!r:.40} lacks a mean and a wander_sd: learn a new one."
                )
            items.append(
                IndicatorBaseline(
                    name,
                    entry["mean"],
                    entry["wander_sd"],
                    entry.get("block_sd", 0.0),
                    entry.get("level_sd", 0.0),
                    entry.get("wander_weight", 0.0),
                    entry.get("unrest", 1.0),
                    entry.get("unrest_weight", 0.0),
                    _several(name, entry.get("couplings", ())),
                    _several(name, entry.get("coupling_sds", ())),
                )
            )
        return cls(
            tuple(items),
            content.get("blocks", 0),
            content.get("speed_m_s"),
            content.get("slope_deg"),
            _whole(content.get("definitions", 1)),
        )


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(f"the baseline's definitions are {value!r:.40}: give a whole number.")
    return value


def _several(name: str, values: object) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or len(values) not in (0, COUPLING_COUNT):
        raise InputError(
            f"the couplings of {name!r:.40} are {values!r:.60}: give {COUPLING_COUNT} numbers, "
            "or none."
        )
    return tuple(values)


def _is_number(value: object) -> bool:
    """Whether a value is a finite number that fits a double."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300


def _check_indicator_baseline(item: IndicatorBaseline) -> None:
    known = [indicator for indicator in INDICATORS if indicator.name == item.indicator]
    if not known:
        raise InputError(
            f"the baseline names an unknown indicator {item.indicator!r:.40}: give some of "
            + ", ".join(indicator.name for indicator in INDICATORS)
            + "."
        )
    positive = known[0].relative
    if not _is_number(item.mean) or (positive and not item.mean > 0.0):
        kind = "a positive number" if positive else "a number"
        raise InputError(
            f"the baseline of {item.indicator} is {item.mean!r:.40}: it must be {kind}."
        )
    if len(item.couplings) != len(item.coupling_sds) or not all(map(_is_number, item.couplings)):
        raise InputError(
            f"the couplings of {item.indicator} are {item.couplings!r:.60}: give {COUPLING_COUNT} "
            "numbers and as many spreads, or none."
        )
    spreads = {f"coupling_sds {i}": sd for i, sd in enumerate(item.coupling_sds)}
    spreads |= {name: getattr(item, name) for name in _SPREADS}
    for name, spread in spreads.items():
        if not _is_number(spread) or spread < 0.0:
            raise InputError(
                f"the {name} of {item.indicator} is {as_given(spread)}: it must be a number from 0."
            )
