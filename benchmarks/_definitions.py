"""Build the shared cohort definitions in one pass, and one by one, on generated people who hit them; print JSON."""

import json
import sys
import time
import warnings
from pathlib import Path

from analysis_lib.catalog import import_omop
from analysis_lib.cohort import CohortDefinition, build_cohorts
from analysis_lib.testing import people_for_definitions

PERSONS_PER_DEFINITION = 200


def main(definitions: Path, folder: Path) -> None:
    """Make the people, build the cohorts both ways, compare the answers and print the seconds."""
    files = sorted(definitions.glob("*.json"))
    source = folder / "definitions.duckdb"
    source.unlink(missing_ok=True)
    made = people_for_definitions(files, path=source, persons_per_definition=PERSONS_PER_DEFINITION)
    dataset = import_omop(made.path, name="definitions", data=folder / "data").dataset
    asked = [
        CohortDefinition.from_circe(json.loads(file.read_text()), name=file.stem, cohort_definition_id=int(file.stem))
        for file in files
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build_cohorts(asked[:1], dataset, unknown_concepts="warn")  # imports, and the sha256 of most files
        begin = time.perf_counter()
        together = build_cohorts(asked, dataset, unknown_concepts="warn")
        one_pass = time.perf_counter() - begin
        begin = time.perf_counter()
        apart = [build_cohorts([definition], dataset, unknown_concepts="warn")[0] for definition in asked]
        one_by_one = time.perf_counter() - begin
    failed = [one.name for one in (*together, *apart) if not hasattr(one, "frame")]
    different = [a.name for a, b in zip(together, apart, strict=True) if not a.frame.equals(b.frame)]
    if failed or different:
        raise SystemExit(f"failed: {failed}; different alone and together: {different}")
    found = {
        "definitions": len(asked),
        "persons": dataset.n_persons,
        "records": sum(entry.rows for entry in dataset.tables.values()),
        "buckets": dataset.bucket_count,
        "cohorts_with_people": sum(len(one) > 0 for one in together),
        "one_pass_s": round(one_pass, 2),
        "one_by_one_s": round(one_by_one, 2),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
