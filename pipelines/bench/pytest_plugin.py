"""pytest plugin: the same tests against simulated sensors and against a unit on the bench.

Loaded by itself where the package is installed (entry point ``pytest11``). It adds the option
``--device URL``, the markers ``protocols``, ``transports``, ``needs`` and ``fault_plan``, and the
fixtures below. What they need is imported when a test asks for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from devices.ble import Radio
    from devices.open_link import Connector
    from devices.simulator.air import Air
    from devices.simulator.faults.plan import FaultPlan
    from devices.simulator.port import TcpPort
    from devices.simulator.virtual_clock import VirtualClock
    from pipelines.bench.under_test import SensorUnderTest

_MARKERS: Final = (
    "protocols(*names): what 'unit_under_test' speaks, one after the other; by default backstride",
    "transports(*names): 'ble' and 'serial'; by default what such sensors usually have",
    "needs(*abilities): skip where the sensor lacks one: faults, motion, virtual_time, gyroscope, "
    "log, calibration, ping, battery, utc",
    "fault_plan(plan): the fixture 'fault_plan': TOML, or the path of a file beside the test",
)
_FIXTURE: Final = "unit_under_test"
_TRANSPORTS: Final = ("ble", "serial")
_UNIT: Final = pytest.StashKey["SensorUnderTest"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("backstride", "sensors under test")
    group.addoption(
        "--device",
        metavar="URL",
        default=None,
        help="run the tests of 'unit_under_test' against this unit (ble:ADDRESS, serial:PORT)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, and refuse a mistyped unit before anything is run."""
    for marker in _MARKERS:
        config.addinivalue_line("markers", marker)
    url = config.getoption("--device")
    if url is not None:
        if getattr(config.option, "numprocesses", None):
            raise pytest.UsageError("--device: add '-n 0', since a unit serves one at a time.")
        from imu.errors import ParameterError
        from pipelines.bench.unit import unit_at

        try:
            unit_at(url)
        except ParameterError as error:
            raise pytest.UsageError(f"--device: {error}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make ``unit_under_test`` once for each protocol and link, or of the unit alone."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    url = metafunc.config.getoption("--device")
    if url is not None:
        metafunc.parametrize(_FIXTURE, [None], ids=["device"], indirect=True)
        return
    kinds = list(_kinds(metafunc.definition))
    metafunc.parametrize(_FIXTURE, kinds, ids=["-".join(kind) for kind in kinds], indirect=True)


def _kinds(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """Protocol and link of each simulated sensor that a test is for."""
    from devices.drivers.registry import driver_named
    from imu.errors import ParameterError

    asked = _named(item, "transports")
    if unknown := [one for one in asked if one not in _TRANSPORTS]:
        raise pytest.Collector.CollectError(
            f"{item.nodeid}: transports({unknown[0]!r}): give {' or '.join(_TRANSPORTS)}."
        )
    for protocol in _named(item, "protocols") or ("backstride",):
        try:
            links = driver_named(protocol).links
        except ParameterError as error:
            raise pytest.Collector.CollectError(f"{item.nodeid}: {error}") from None
        wanted = asked or links[:1]
        yield from ((protocol, link) for link in links if link in wanted)


def _named(item: pytest.Item, marker: str) -> tuple[str, ...]:
    """Words of a marker; the nearest counts."""
    found = item.get_closest_marker(marker)
    return () if found is None else tuple(map(str, found.args))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """What the sensor cannot do skips the test by name."""
    try:
        yield
    except Exception as error:
        # not imported for suites that have nothing to do with sensors
        loaded = sys.modules.get("pipelines.bench.under_test")
        if loaded is None or not isinstance(error, loaded.CannotDo):
            raise
        pytest.skip(str(error))


@pytest.fixture
def unit_under_test(request: pytest.FixtureRequest) -> SensorUnderTest:
    """The sensor under test: simulated, or the unit of ``--device``."""
    from pipelines.bench.under_test import simulated

    item: pytest.Item = request.node
    if request.param is None:
        found = _unit(request.config)
        for marker, has in (("protocols", found.protocol), ("transports", found.link)):
            asked = _named(item, marker)
            if asked and has not in asked:
                pytest.skip(f"{found.url} is {has}, and the test is for {', '.join(asked)}")
    else:
        found = simulated(*request.param)
    missing = [each for each in _needs(item) if each not in found.abilities]
    if missing:
        pytest.skip(f"{found.url} cannot do: {', '.join(missing)}")
    return found


def _needs(item: pytest.Item) -> tuple[str, ...]:
    from pipelines.bench.under_test import ABILITIES

    needed = _named(item, "needs")
    unknown = [each for each in needed if each not in ABILITIES]
    if unknown:
        pytest.fail(f"needs({unknown[0]!r}): give {', '.join(ABILITIES)}", pytrace=False)
    return needed


def _unit(config: pytest.Config) -> SensorUnderTest:
    """The unit on the bench, asked once what it can do."""
    if _UNIT not in config.stash:
        from imu.errors import DeviceError
        from pipelines.bench.under_test import on_the_bench

        try:
            config.stash[_UNIT] = on_the_bench(config.getoption("--device"))
        except DeviceError as error:
            pytest.exit(f"--device: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
    return config.stash[_UNIT]


@pytest.fixture
def simulated_sensor() -> Callable[..., SensorUnderTest]:
    """Makes simulated sensors: ``simulated_sensor("polar", query="rate=104")``."""
    from pipelines.bench.under_test import simulated

    return simulated


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """A host's clock whose hours pass in an instant."""
    from devices.simulator.virtual_clock import VirtualClock

    return VirtualClock()


class VirtualRadio:
    """A radio in memory, in which simulated sensors are placed.

    Attributes
    ----------
    air : Air
        What is placed in it.
    radio : Radio
        Through which bleak hears it.
    clock : VirtualClock
        True time.
    """

    def __init__(self, clock: VirtualClock) -> None:
        from devices.ble import Radio
        from devices.simulator.air import Air
        from devices.simulator.loopback import loopback_backend

        self.clock = clock
        self.air: Air = Air(clock)
        backend = loopback_backend(self.air)
        self.radio: Radio = Radio(backend.client, backend.scanner)

    def place(self, query: str = "protocol=backstride", **link: object) -> Connector:
        """Place a simulated sensor; returns what opens links to it.

        Parameters
        ----------
        query : str
            Keys of a ``sim:`` address.
        **link
            Of :class:`devices.simulator.link_params.LinkParams`, such as ``latency_ms=40``.
        """
        from devices.ble import BleConnector
        from devices.simulator.link_params import LinkParams
        from devices.simulator.scenario import Scenario
        from devices.simulator.virtual_sensor import as_such_sensors_measure, make_peripheral

        scenario = as_such_sensors_measure(Scenario.from_query(query))
        params: Callable[..., LinkParams] = LinkParams
        address = self.air.place(make_peripheral(scenario, self.clock), params(**link))
        return BleConnector(address, radio=self.radio)


@pytest.fixture
def virtual_radio(virtual_clock: VirtualClock) -> VirtualRadio:
    """A radio in memory, on the virtual clock."""
    return VirtualRadio(virtual_clock)


@pytest.fixture
def virtual_port() -> Callable[..., TcpPort]:
    """Makes serial ports with a simulated sensor on them, in real time.

    ``async with virtual_port("protocol=witmotion") as port`` gives one whose ``address`` pyserial
    opens.
    """
    from devices.simulator.port import PortParams, TcpPort
    from devices.simulator.scenario import Scenario
    from devices.simulator.virtual_sensor import as_such_sensors_measure, make_peripheral
    from devices.timing.program_clock import SystemClock

    def made(query: str = "protocol=backstride", params: PortParams | None = None) -> TcpPort:
        scenario = as_such_sensors_measure(Scenario.from_query(f"{query}&link=serial"))
        return TcpPort(make_peripheral(scenario, SystemClock()), params)

    return made


@pytest.fixture
def fault_plan(request: pytest.FixtureRequest) -> FaultPlan:
    """The plan of the marker ``fault_plan``: TOML, or the path of a file beside the test."""
    from devices.simulator.faults.plan import FaultPlan, plan_from_toml, read_plan
    from imu.errors import BackstrideError, ParameterError

    item: pytest.Item = request.node
    (given, *_) = [*_named(item, "fault_plan"), None]
    if given is None:
        return FaultPlan()
    try:
        if "\n" in given or "=" in given:
            plan = plan_from_toml(given, f"fault_plan of {item.nodeid}")
        else:
            plan = read_plan(Path(item.path).parent / given)
        if not plan.faults:  # a test of it would be green and show nothing
            raise ParameterError("fault_plan", given, "a plan with a [[fault]] in it")
    except BackstrideError as error:
        pytest.fail(str(error), pytrace=False)
    return plan
