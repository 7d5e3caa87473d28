"""How large what is kept of an hour is, in one form and another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from imu.samples import Samples
from pipelines.files.simulation import write_simulation


def sizes_bytes_per_sample(
    samples: Samples, query: str, folder: Path
) -> Iterator[tuple[str, float]]:
    """Bytes a sample of a session, and of the tables that the peers read, of the same run."""
    import pandas

    n = len(samples)
    session = folder / "run.mcap"
    write_simulation(session, query, lambda _done, _total: None, overwrite=True)
    yield "session (.mcap): packets as received, marks, facts", session.stat().st_size / n
    yield "raw: six numbers of 16 bits and a stamp of 32", 16.0
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    table = pandas.DataFrame({"time_s": samples.time_s})
    for k, axis in enumerate("xyz"):
        table[f"acc_{axis}"], table[f"gyr_{axis}"] = samples.acceleration_m_s2[:, k], gyro[:, k]
    for name, size in (("float64", "float64"), ("float32", "float32")):
        path = folder / f"{name}.parquet"
        kept = table.astype(dict.fromkeys(table.columns[1:], size))
        kept.to_parquet(path, compression="zstd")
        yield f"Parquet, zstd, {name}, as data frames are kept", path.stat().st_size / n
    path = folder / "run.csv"
    table.to_csv(path, index=False, float_format="%.6f")
    yield "CSV, six decimals", path.stat().st_size / n
