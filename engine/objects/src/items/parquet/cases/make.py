"""Writes the files beside it with pyarrow, a writer that is not ours: `pip install pyarrow`, then run it."""

import datetime as dt
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent

moment = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=dt.timezone.utc)
kinds = pa.table(
    {
        "flag": pa.array([True, None]),
        "tiny": pa.array([-128, 127], pa.int8()),
        "int": pa.array([-5, None], pa.int32()),
        "long": pa.array([9007199254740993, -1], pa.int64()),
        "unsigned": pa.array([18446744073709551615, 0], pa.uint64()),
        "float": pa.array([0.1, float("inf")], pa.float32()),
        "double": pa.array([2.5, float("nan")], pa.float64()),
        "price": pa.array([decimal.Decimal("12.50"), decimal.Decimal("-0.05")], pa.decimal128(10, 2)),
        "text": pa.array(["Grüße \"you\"", ""], pa.string()),
        "bytes": pa.array([b"plain", b"\xff\x00"], pa.binary()),
        "day": pa.array([dt.date(2026, 2, 28), dt.date(1969, 12, 31)], pa.date32()),
        "at": pa.array([moment, None], pa.timestamp("ms", tz="UTC")),
        "exactly": pa.array([moment.replace(microsecond=678901), moment], pa.timestamp("us", tz="UTC")),
        "clock": pa.array([dt.time(23, 59, 58, 500), dt.time(0)], pa.time64("us")),
        "list": pa.array([[1, 2], []], pa.list_(pa.int64())),
        "group": pa.array([{"a": 1, "b": [{"c": "x"}]}, None]),
        "map": pa.array([[("k", 1), ("l", 2)], []], pa.map_(pa.string(), pa.int64())),
    }
)
pq.write_table(kinds, FOLDER / "kinds.parquet", compression="none")

many = pa.table({"id": pa.array(range(5000)), "name": pa.array([f"name {n % 7}" for n in range(5000)])})
for compression in ("snappy", "gzip", "zstd"):
    pq.write_table(many, FOLDER / f"many-{compression}.parquet", compression=compression, row_group_size=1500)

pq.write_table(many.slice(0, 0), FOLDER / "empty.parquet")

deep = pa.int64()
for _ in range(40):
    deep = pa.struct([("in", deep)])
pq.write_table(pa.table({"top": pa.array([None], deep)}), FOLDER / "deep.parquet")
