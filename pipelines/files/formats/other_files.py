"""Files of other kinds that people take for a recording, refused by their names.

They are told by how they begin; each is refused with what to do instead.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from imu.errors import InputError

#: How they begin, and what to do with them.
_OTHER_FILES: Final = tuple(
    (re.compile(pattern, re.S), sentence)
    for pattern, sentence in (
        (rb"\x89MCAP", "this is a session: it is replayed alone, under a name ending in .mcap"),
        (rb"BZh", "this is packed by bzip2: unpack it, or pack it by gzip or as a zip"),
        (rb"\xfd7zXZ", "this is packed by xz: unpack it, or pack it by gzip or as a zip"),
        (rb"7z\xbc\xaf", "this is packed by 7-Zip: unpack it, or pack it as a zip"),
        (rb"Rar!", "this is packed by RAR: unpack it, or pack it as a zip"),
        (
            rb"\x80[\x04\x05]\x95",
            "this is a pickle, which is never opened: save it as Parquet or CSV",
        ),
        (rb"\xff{4}", "this is a stream of Arrow: save it as Feather or Parquet"),
        (rb"SQLite format 3", "this is a database: export the table of the sensor as CSV"),
        (
            rb"(?=(?:.*?\n)?\s*CREATE TABLE\b)(?=.*?\n\s*INSERT INTO\b)",
            "this is a dump of a database: export the table of the sensor as CSV",
        ),
        (
            rb"\s*\(\s*[\d.]+\)\s+v?can\d",
            "this is a log of a CAN bus: export what its frames say of the sensor as CSV",
        ),
        (
            # offsets from 0, then 8 or 16 bytes on; numbers of a table have no letters
            rb"(?=(?:[^\n]*\n){0,9}[\da-f]{6,8}:? [\da-f ]*[a-f])"
            rb"0{6,8}:? (?: ?[\da-f]{2}){8}[^\n]*\n0{4,}(?:08|[12]0):? (?: ?[\da-f]{2}){8}",
            "this is a dump of bytes in hexadecimal: give the file itself",
        ),
        (rb"-----BEGIN PGP", "this is encrypted: decrypt it, and give what is in it"),
        (
            rb"(?i)\s*<(?:!doctype html|html|table)\b",
            "this is a page of the web: open it in a spreadsheet, and save it as CSV",
        ),
        *(
            (magic, f"this is {name}: export what the sensor measured as CSV")
            for magic, name in (
                (rb"Obj\x01", "Avro"),
                (rb"TDSm", "TDMS of LabVIEW"),
                (rb"#ROSBAG", "a bag of ROS"),
                (rb"0 {7}.{80}.{80}\d\d\.\d\d\.\d\d|\xffBIOSEMI", "EDF or BDF"),
                (rb"RD[AX]\d\n|[XA]\n\0\0\0[\2\3]", "a workspace of R"),
                (rb"\$FL[23]", "a file of SPSS"),
                (rb"<stata_dta>", "a file of Stata"),
                (rb"RIFF.{4}WAVE", "a sound"),
            )
        ),
        (rb"<\?xml", "this is XML: export what the sensor measured, with gravity, as CSV"),
        (rb"\x02P", "this is a C3D: export the channels of the sensor as CSV"),
        (rb"%PDF", "this is a PDF and no recording: give the file that the sensor has written"),
    )
)


def refuse_others(start: bytes, path: Path) -> None:
    """Refuse what is no recording, or none that is read, as what it is.

    Raises
    ------
    InputError
        When the first bytes are those of such a file.
    """
    for pattern, sentence in _OTHER_FILES:
        if pattern.match(start):
            raise InputError(f"{sentence}.", place=str(path))
