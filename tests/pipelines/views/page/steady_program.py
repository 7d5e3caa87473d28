"""Programs that show known statuses on the page, for tests that need no run."""

from __future__ import annotations

_HEAD = """
import asyncio, dataclasses, sys, time
from tests.pipelines.views.terminal.statuses import ALERT, some_status, some_steps
from pipelines.coaching.alert import Alert
from pipelines.views.page.server import listen, serve
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.view import Dashboard
from pipelines.runner.journal.entries import Settings
from pipelines.session.live_status import IndicatorStatus

def with_cadence(status):
    cadence = {"cadence_spm": IndicatorStatus(160.4, 160.0, 4.8)}
    return dataclasses.replace(status, indicators={**status.indicators, **cadence})

async def main():
    units = sys.argv[1] if sys.argv[1:] == ["imperial"] else "metric"
    page = Dashboard(body=BodyData(Settings(units=units)), calibrates=True)
    async with serve(page, listen(0)) as address:
        print("the live page is at", address, flush=True)
        page.start()
        await show(page)
"""

#: One status with an alert, and nothing after it; in other units where "imperial" is given.
STILL = (
    _HEAD
    + """
async def show(page):
    page.note("The sensor is warm.")
    page.update(with_cadence(dataclasses.replace(some_status(alert=ALERT), easy_km=2.34)))
    await asyncio.sleep(600)

asyncio.run(main())
"""
)

#: All that can be known of a run with a return plan; where "alert" is given, alerts too, and where
#: "stop" is, pain that ends it.
FAR = (
    _HEAD
    + """
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.effort import effort_of
from pipelines.coaching.training.intervals import RunWalkPlan, phase_at
from pipelines.coaching.training.single_session import LongestSession
from pipelines.session.facts import PainJudged
from pipelines.views.page.run_requests import Beforehand
from tests.pipelines.views.terminal.statuses import an_alert

async def show(page):
    plan = CompanionPlan(intervals=RunWalkPlan(run_s=600.0, walk_s=600.0),
                         longest=LongestSession(dose_easy_km=14.0))
    page.start(Beforehand(plan=plan))
    stop = PainJudged(4700.0, 7, "stop", "during", asks=True)
    page.update(dataclasses.replace(
        some_status(alert=ALERT), elapsed_s=4800.0, distance_m=12340.0, speed_m_s=2.5,
        heart_rate_bpm=141.0, easy_km=2.3, effort=effort_of(0.84),
        phase=phase_at(plan.intervals, 4800.0), pain=stop if "stop" in sys.argv[1:] else None,
        asked_s=4700.0 if "stop" in sys.argv[1:] else None))
    while True:
        await asyncio.sleep(4.0)
        if sys.argv[1:] == ["alert"]:
            page.alert(an_alert(ALERT))

asyncio.run(main())
"""
)

#: A step every 0.36 s, and an update between two of them; the device's name is the time, in ms,
#: at which the step was told.
STEADY = (
    _HEAD
    + """
async def show(page):
    number = 60
    while True:
        number += 1
        steps = some_steps(60, first=number - 59, lean_deg=6.0 + 0.01 * (number % 50))
        status = dataclasses.replace(some_status(), recent=steps, steps=number,
                                     elapsed_s=0.36 * number)
        page.update(dataclasses.replace(status, device=f"{1000.0 * time.time():.3f}"))
        await asyncio.sleep(0.3)
        page.update(dataclasses.replace(page._status, elapsed_s=0.36 * number + 0.3))
        await asyncio.sleep(0.06)

asyncio.run(main())
"""
)

#: Shows the screen that a file names, as soon as it does.
SCREENS = (
    _HEAD
    + """
async def show(page):
    from pathlib import Path
    from devices.scan import Found
    from imu.errors import DeviceError
    from pipelines.sensors.calibrate import CalibrationStatus
    from pipelines.views.page.setup_screen import SetupScreen
    from pipelines.coaching.training.cues import Cue
    from pipelines.coaching.training.effort import effort_of
    from pipelines.live import LiveRun
    from pipelines.session.facts import PainJudged
    from tests.pipelines.views.page.calibrations import calibrated

    async def radio():
        polar = Found("ble:AA:BB:CC:DD:EE:01", "Polar H10 A1B2C3D4", "polar", "Polar H10", -60)
        return [polar, Found("ble:AA:BB:CC:DD:EE:02", "kettle", signal_dbm=-70)]

    page.setup = SetupScreen(page._changed, (radio,))

    def found():
        page.connect()
        page.ask("scan")

    def refused():
        page.connect()
        page.ask("body", '{"units": "metric", "height": "17", "weight": "70"}')

    def faces():
        page.calibrate()
        page.calibration.update(
            CalibrationStatus("faces", ("-x", "-y"), 1.2, 3.0, "the link was lost.", 251.0))

    def standing():
        page.calibrate()
        page.calibration.update(CalibrationStatus("stand", (), 2.0, 5.0, "", 51.0))

    def done():
        page.calibrate()
        page.calibration.finish(calibrated())

    def failed():
        page.calibrate()
        page.calibration.fail(DeviceError("300 s are over: calibrate again.", source="clip"))

    def ended():
        run = LiveRun(recording=Path("run.mcap"))
        run.other_trouble.append(DeviceError("the link ended.", source="ble:1"))
        page.end(run, 4, ["You cooled down well: easy at the end, with a walk."])

    def live(**known):
        def show():
            page.start()
            page.note("The sensor is warm.")
            page.update(with_cadence(dataclasses.replace(
                some_status(), easy_km=2.34, effort=effort_of(0.78), **known)))
        return show

    def alerted():
        live()()
        page.update(with_cadence(some_status(alert=ALERT)))

    def desk():
        page.sit()
        page.desk.tell(Cue("desk.nudge", {"minutes": 10.0}, 600.0))

    lights = {
        light: live(pain=PainJudged(700.0, level, light, "during", asks=light == "stop"),
                    asked_s=700.0 if light == "stop" else None)
        for light, level in (("go", 2), ("change", 4), ("stop", 7))
    }
    screens = lights | {"desk": desk, "live": live(), "alerted": alerted, "connect": page.connect,
               "found": found, "refused": refused, "starting": page.start,
               "faces": faces, "standing": standing, "done": done, "failed": failed,
               "ended": ended}
    wanted, shown = Path(sys.argv[1]), ""
    while True:
        name = wanted.read_text() if wanted.exists() else ""
        if name != shown and name in screens:
            screens[name]()
            shown = name
        await asyncio.sleep(0.02)

asyncio.run(main())
"""
)
