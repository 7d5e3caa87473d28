"""What is believed of devices beside the sensor, record by record."""

from __future__ import annotations

from devices.records import LinkEvent, Packet, StreamRecord
from devices.streams import heart_rate, treadmill
from devices.streams.heart_rate import HeartRateReading
from pipelines.session import facts
from pipelines.session.beside import Arrival, Beside
from pipelines.session.facts import Fact
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress


class Told:
    """Devices that say something each second."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.progress = SessionProgress(self.pace)
        self._beside = Beside(self.pace, self.progress)
        self._now_s = 0.0

    def belt(self, **fields: float) -> list[Fact]:
        return self._take("treadmill", treadmill.encode_record(fields))

    def strap(self, bpm: float) -> list[Fact]:
        reading = HeartRateReading(bpm, on_skin=True)
        return self._take("heart_rate", heart_rate.encode_measurement(reading))

    def strap_link(self, kind: str) -> list[Fact]:
        return self._take("heart_rate", kind)

    def _take(self, stream: str, said: bytes | str) -> list[Fact]:
        self._now_s += 1.0
        now_s, now_ns = self._now_s, round(self._now_s * 1e9)
        record: Packet | LinkEvent
        record = Packet(now_ns, "data", said) if isinstance(said, bytes) else _event(now_ns, said)
        now = Arrival(now_ns, now_s, now_s)
        return self._beside.take(StreamRecord(stream, record), now, arrived_s=now_s, gait="run")


def _event(now_ns: int, kind: str) -> LinkEvent:
    return LinkEvent(now_ns, "lost" if kind == "lost" else "connected")


def test_a_slope_that_no_belt_has_is_doubted_at_the_third_time_and_never_used() -> None:
    told = Told()
    told.belt(speed_m_s=3.0, slope_percent=2.0)
    steep = [told.belt(speed_m_s=3.0, slope_percent=60.0) for _ in range(3)]
    assert steep == [[], [], [facts.StreamDoubted(4.0, "treadmill", "impossible")]]
    assert told.pace.slope_deg is not None
    assert told.pace.slope_deg < 2.0
    again = told.belt(speed_m_s=3.0, slope_percent=-3.0)
    assert again[0] == facts.StreamBelieved(5.0, "treadmill", "impossible")


def test_the_heart_rate_of_the_belt_counts_only_while_there_is_none_of_a_strap() -> None:
    told = Told()
    told.strap_link("connected")
    assert facts.HeartRateKnown(2.0, 151.0, "treadmill") in told.belt(
        speed_m_s=3.0, heart_rate_bpm=151.0
    )
    assert told.strap(140.0) == [facts.HeartRateKnown(3.0, 140.0, "strap")]
    assert told.belt(speed_m_s=3.0, heart_rate_bpm=160.0) == []
    assert told.strap_link("lost")[1:] == [facts.HeartRateKnown(5.0, 160.0, "treadmill")]


def test_a_count_that_leaps_further_than_a_sprint_has_begun_anew() -> None:
    told = Told()
    covered_m = []
    # 12 m/s for a second and 20 m are the most that a count may grow by
    for count_m in (100.0, 103.0, 134.0, 170.0, 172.0, 10.0, 14.0):
        told.belt(speed_m_s=3.0, distance_m=count_m)
        covered_m.append(told.progress.distance_m)
    assert covered_m == [0.0, 3.0, 34.0, 34.0, 36.0, 36.0, 40.0]


def test_the_distance_of_a_belt_is_told_every_ten_seconds() -> None:
    told = Told()
    found = [fact for k in range(25) for fact in told.belt(speed_m_s=3.0, distance_m=3.0 * k)]
    distances = [fact for fact in found if isinstance(fact, facts.DistanceKnown)]
    assert [fact.time_s for fact in distances] == [2.0, 12.0, 22.0]
    assert [fact.distance_m for fact in distances] == [3.0, 33.0, 63.0]


def test_a_belt_that_stands_for_8_s_while_the_runner_runs_is_doubted_until_it_moves() -> None:
    told = Told()
    stands = [told.belt(speed_m_s=0.0) for _ in range(10)]
    doubts = [fact for found in stands for fact in found if isinstance(fact, facts.StreamDoubted)]
    assert doubts == [facts.StreamDoubted(9.0, "treadmill", "stands")]
    assert told.pace.speed_m_s is None
    moves = told.belt(speed_m_s=3.0)
    assert moves[0] == facts.StreamBelieved(11.0, "treadmill", "stands")
    assert told.pace.speed_m_s == 3.0
