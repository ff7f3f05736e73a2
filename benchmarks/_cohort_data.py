"""The data of the cohort benchmark, made and imported in processes of their own, and the concepts of its job."""

import json
import sys
import time
from pathlib import Path

# Type 2 diabetes and what lies below it; heart failure; creatinine, HbA1c, haemoglobin, systolic pressure, weight.
JOB: dict[str, tuple[int, ...]] = {
    "condition": (201826, 376065, 443731),
    "outcome": (316139, 319835),
    "measurements": (3016723, 3004410, 3000963, 3004249, 3025315),
}
# So many besides the named ones make the 784 codes that 99 % of all results have in real laboratories.
LOCAL_TESTS = 765
UNITS = {3016723: "mg/dL", 3004410: "%", 3000963: "g/dL", 3004249: "mm[Hg]", 3025315: "kg"}


def main(words: list[str]) -> None:
    """Do one of the two steps and print what it took."""
    begin, cpu = time.perf_counter(), time.process_time()
    if words[0] == "generate":
        from analysis_lib.testing import synthetic_omop

        made = synthetic_omop(
            Path(words[1]),
            persons=int(words[2]),
            measurements_per_person=float(words[3]),
            local_tests=LOCAL_TESTS,
        )
        rows = sum(made.rows.values())
        found: dict[str, object] = {"measurements": made.rows["measurement"]}
    else:
        from analysis_lib.catalog import import_omop

        source, data, name = words[1:4]
        buckets = int(words[4]) if len(words) > 4 else None
        dataset = import_omop(source, name=name, data=data, bucket_count=buckets).dataset
        rows = sum(entry.rows for entry in dataset.tables.values())
        found = {"buckets": dataset.bucket_count}
    seconds = time.perf_counter() - begin
    found |= {"rows": rows, "wall_s": round(seconds, 1), "cpu_s": round(time.process_time() - cpu, 1)}
    print(json.dumps({**found, "rows_per_second": round(rows / seconds)}))


if __name__ == "__main__":
    main(sys.argv[1:])
