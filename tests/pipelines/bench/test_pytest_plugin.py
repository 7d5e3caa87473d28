"""The pytest plugin, run as a user's suite runs it."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
#: By hand, whether or not the installed package has announced it.
PLUGIN = ("-p", "no:backstride", "-p", "pipelines.bench.pytest_plugin", "-p", "no:randomly")


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """What the inner run would load must stay loaded: numpy cannot be loaded twice."""
    for name in ("scipy.signal", "pipelines.bench.under_test", "devices.simulator.loopback"):
        import_module(name)


def run(pytester: pytest.Pytester, suite: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(suite)
    return pytester.runpytest_inprocess(*PLUGIN, *options)


def test_the_package_announces_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"backstride": "pipelines.bench.pytest_plugin"}


def test_the_readmes_example_passes(pytester: pytest.Pytester) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"<!-- tester: run -->\n```py\n(.*?)```", readme, re.S)
    result = run(pytester, example, "-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*test_nothing_is_lost?backstride-ble?*", "*movesense-ble*"])


def test_markers_choose_protocols_and_transports(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.protocols("backstride", "witmotion", "polar")
        @pytest.mark.transports("serial", "ble")
        def test_all(unit_under_test): ...

        @pytest.mark.transports("serial")
        def test_serial(unit_under_test):
            assert unit_under_test.link == "serial"

        def test_usual(unit_under_test):
            assert unit_under_test.protocol == "backstride"
        """,
        "-v",
    )
    result.assert_outcomes(passed=7)
    named = set(re.findall(r"test_all\[([a-z-]+)\]", result.stdout.str()))
    assert named == {
        *("backstride-ble", "backstride-serial", "witmotion-ble", "witmotion-serial", "polar-ble"),
    }


def test_a_unit_on_the_bench_skips_by_name_what_it_cannot_do(pytester: pytest.Pytester) -> None:
    url = "sim:?protocol=movesense&motion=rest&minutes=0.5&time_scale=0"
    result = run(
        pytester,
        """
        import pytest

        def test_faults(unit_under_test):
            unit_under_test.listen(5, reset="2s")

        def test_speed(unit_under_test):
            unit_under_test.listen(5, speed=3)

        @pytest.mark.needs("log", "ping")
        def test_log(unit_under_test): ...

        @pytest.mark.protocols("polar")
        def test_polar(unit_under_test): ...

        @pytest.mark.transports("serial")
        def test_serial(unit_under_test): ...

        @pytest.mark.protocols("movesense", "polar")
        @pytest.mark.needs("gyroscope")
        def test_rate(unit_under_test):
            heard = unit_under_test.listen(8)
            assert abs(heard.device_rate_hz() / heard.info.rate_hz - 1) < 0.01
        """,
        "--device",
        url,
        "-rs",
    )
    result.assert_outcomes(passed=1, skipped=5)
    said = result.stdout.str()
    assert "cannot do: faults" in said
    assert "cannot do: motion" in said
    assert "cannot do: log, ping" in said
    assert "is movesense, and the test is for polar" in said
    assert "is ble, and the test is for serial" in said


def test_a_fault_plan_comes_from_the_marker_or_a_file(pytester: pytest.Pytester) -> None:
    plan = 'seed = 3\n[[fault]]\nkind = "loss"\nsize = 20.0\nonset_s = 5.0\n'
    (pytester.path / "plan.toml").write_text(plan, "utf-8")
    result = run(
        pytester,
        f"""
        import pytest

        PLAN = {plan!r}

        @pytest.mark.fault_plan(PLAN)
        def test_text(unit_under_test, fault_plan):
            assert unit_under_test.listen(20, fault_plan).losses.lost > 100

        @pytest.mark.fault_plan("plan.toml")
        def test_file(unit_under_test, fault_plan):
            assert fault_plan.faults[0].kind == "loss"

        def test_none(unit_under_test, fault_plan):
            assert unit_under_test.listen(5, fault_plan).losses.lost == 0
            # links are lost within what is listened to, however long the simulated run would be
            assert unit_under_test.listen(20, disconnect=2).losses.lost > 100
            with pytest.raises(Exception, match="a time above 0 s"):
                unit_under_test.listen(-5)

        @pytest.mark.fault_plan("elsewhere.toml")
        def test_missing(fault_plan): ...

        @pytest.mark.fault_plan("seed = 1")
        def test_nothing_wrong(fault_plan): ...
        """,
    )
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(["*elsewhere.toml*a file that can be read*"])
    assert "give a plan with a [[fault]] in it" in result.stdout.str()


def test_radio_port_clock_and_conversation_are_there(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
        import asyncio
        from devices.drivers.backstride_requests import read_info
        from devices.inbox import Inbox

        def test_radio(virtual_radio, virtual_clock):
            async def connected():
                connector = virtual_radio.place("protocol=polar&rate=104", latency_ms=40.0)
                link = await connector.connect(Inbox(virtual_clock))
                await link.close()
                return connector.driver.protocol
            assert asyncio.run(connected()) == "polar"

        def test_port(virtual_port):
            async def address():
                async with virtual_port("protocol=witmotion") as port:
                    return port.address
            assert asyncio.run(address()).startswith("socket://127.0.0.1:")

        def test_talk(unit_under_test):
            assert unit_under_test.talk(read_info).rates_hz == (50, 100, 200)

        def test_conform(simulated_sensor):
            assert simulated_sensor("backstride", query="motion=rest").conform().passed
        """,
    )
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("suite", "options", "words"),
    [
        ("def test(unit_under_test): ...", ("--device", "blu:3"), "--device: source is 'blu:3'"),
        ("def test(unit_under_test): ...", ("--device", "sim:", "-n2"), "one at a time"),
        (
            "import pytest\n\n@pytest.mark.protocols('polr')\ndef test(unit_under_test): ...",
            (),
            "protocol is 'polr'",
        ),
        (
            "import pytest\n\n@pytest.mark.needs('wings')\ndef test(unit_under_test): ...",
            (),
            "needs('wings')",
        ),
        (
            "import pytest\n\n@pytest.mark.transports('usb')\ndef test(unit_under_test): ...",
            (),
            "transports('usb'): give ble or serial",
        ),
        (
            "import pytest\n\n@pytest.mark.fault_plan('a = 1')\ndef test(fault_plan): ...",
            (),
            "give a fault plan in TOML",
        ),
    ],
)
def test_a_mistake_is_named(
    pytester: pytest.Pytester, suite: str, options: tuple[str, ...], words: str
) -> None:
    result = run(pytester, suite, *options)
    assert result.ret != pytest.ExitCode.OK
    said = result.stdout.str() + result.stderr.str()
    assert words in said
    assert "pytest_plugin.py" not in said  # where it was noticed helps nobody
