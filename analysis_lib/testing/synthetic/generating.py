"""A large synthetic OMOP database, block by block, in memory that does not grow with it."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis_lib.catalog.spec import TableSpec, cdm_tables
from analysis_lib.errors import SyntheticDataError
from analysis_lib.testing.row_tables import rows_to_arrow
from analysis_lib.testing.synthetic.blocks import Columns, to_arrow
from analysis_lib.testing.synthetic.eras import condition_eras, drug_eras
from analysis_lib.testing.synthetic.finishing import (
    CARE_SITES,
    LOCATIONS,
    PROVIDERS,
    death_columns,
    finish,
    period_columns,
    person_columns,
    visit_columns,
)
from analysis_lib.testing.synthetic.labs import MOST_CODES
from analysis_lib.testing.synthetic.lives import Lives, draw_lives
from analysis_lib.testing.synthetic.measurements import measurement_rows
from analysis_lib.testing.synthetic.mess import Mess, Planned, Spoiler
from analysis_lib.testing.synthetic.records import condition_rows, draw_visits, drug_rows, other_rows
from analysis_lib.testing.synthetic.targets import FORMATS, Format, Target, open_target
from analysis_lib.testing.synthetic.vocabulary import vocabulary_tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ROWS_PER_BLOCK = 400_000
_MOST_PERSONS_PER_BLOCK = 5_000
_FLOAT_LIMIT = 2**53


@dataclass(frozen=True)
class SyntheticData:
    """What was written."""

    path: Path
    persons: int
    rows: Mapping[str, int]
    """Rows by table."""
    planned: Mapping[tuple[str, str], int]
    """Spoilt rows by rule and table, as the quality report of an import should count them."""

    def planned_of_rule(self, rule: str) -> dict[str, int]:
        """Count one rule's spoilt rows by table, in the form of `QualityReport.of_rule`.

        Parameters
        ----------
        rule : str
            A name in `analysis_lib.catalog.RULES`.

        Returns
        -------
        dict of str to int
            Tables without any are left out.
        """
        return {table: n for (known, table), n in self.planned.items() if known == rule and n}


@dataclass(frozen=True)
class _Recipe:
    """What decides the data, apart from where they are written."""

    persons: int
    seed: int
    measurements_per_person: float
    skewed: int
    wide_ids: bool
    local_tests: int

    @property
    def block_size(self) -> int:
        by_rows = int(_ROWS_PER_BLOCK / max(self.measurements_per_person, 1))
        return max(1, min(_MOST_PERSONS_PER_BLOCK, by_rows))

    @property
    def n_blocks(self) -> int:
        return -(-self.persons // self.block_size)

    def rng(self, block: int, purpose: int) -> "np.random.Generator":
        import numpy as np

        return np.random.Generator(np.random.SFC64([self.seed, block, purpose]))

    def person_ids(self, block: int) -> "NDArray[np.int64]":
        import numpy as np

        first = block * self.block_size
        number = np.arange(first, min(first + self.block_size, self.persons))
        if not self.wide_ids:
            return number + 1
        beyond = 3 * _FLOAT_LIMIT + number // 2
        return np.where(number % 2 == 1, beyond, -beyond)


@dataclass(frozen=True)
class _Block:
    lives: Lives
    person_ids: "NDArray[np.int64]"
    visits: Columns
    tables: list[Columns]


def synthetic_omop(
    path: str | os.PathLike[str],
    *,
    persons: int,
    seed: int = 0,
    measurements_per_person: float = 60,
    mess: Mess | None = None,
    format: Format | None = None,  # noqa: A002 - what users look for
    cdm_version: str = "5.4",
    skewed_person_rows: int = 0,
    wide_ids: bool = False,
    local_tests: int = 0,
) -> SyntheticData:
    """Write an OMOP database of people who never lived.

    Ages, illnesses, drugs, values and deaths depend on one another so that tables and curves look sensible; the
    figures behind them are invented. Concepts are real, with their real ids and Korean synonyms. The same arguments
    give the same data, in any format.

    Parameters
    ----------
    path : path
        The DuckDB file, or the folder of Parquet or CSV files, to write; nothing may be there.
    persons : int
        How many people.
    seed : int, default 0
        Where chance begins.
    measurements_per_person : float, default 60
        Mean number of measurements, besides the daily creatinine of admissions.
    mess : Mess, optional
        What is wrong with the data; nothing when left out.
    format : {"duckdb", "parquet", "csv", "csv.gz"}, optional
        By default a DuckDB file where `path` ends in ``.duckdb``, else a folder of Parquet files.
    cdm_version : {"5.4", "5.3"}
        The version of the model.
    skewed_person_rows : int, default 0
        So many measurements more for the first person; they are all in memory at once.
    wide_ids : bool, default False
        Whether person ids are of either sign and beyond 2^53, so that a float could not tell neighbours apart.
    local_tests : int, default 0
        How many laboratory tests of the site's own concepts there are besides the 19 measurements that are named, the
        first ones more often than the last, as laboratories report them [1]_; 765 make the 784 codes that accounted
        for 99 % of all results there; of far more, the rarest are not drawn. They have their share of
        `measurements_per_person`.

    Returns
    -------
    SyntheticData
        What was written, and what was spoilt.

    Raises
    ------
    SyntheticDataError
        If an argument cannot be meant, or something is at `path`.

    References
    ----------
    .. [1] Vreeman DJ, Finnell JT, Overhage JM (2007). A rationale for parsimonious laboratory term mapping by
       frequency. AMIA Annual Symposium Proceedings, 771-775.
    """
    target_path = Path(path)
    chosen: Format = format or ("duckdb" if target_path.suffix == ".duckdb" else "parquet")
    recipe = _Recipe(persons, seed, measurements_per_person, skewed_person_rows, wide_ids, local_tests)
    _check(recipe, kind=chosen, version=cdm_version)
    mess = mess or Mess()
    specs = cdm_tables(cdm_version)
    target = open_target(target_path, chosen, specs=specs, headers_as_rows=mess.header_rows)
    planned: Planned = Counter()
    try:
        _write_small(target, specs, version=cdm_version, local_tests=local_tests)
        _write_blocks(target, recipe, mess=mess, planned=planned)
        for table in target.finish():
            planned["header-as-data", table] += 1
    except BaseException:
        target.abandon()
        raise
    return SyntheticData(target_path, persons, dict(target.rows), dict(planned))


def _check(recipe: _Recipe, *, kind: str, version: str) -> None:
    for name, value, least in (
        ("persons", recipe.persons, 1),
        ("seed", recipe.seed, 0),
        ("measurements_per_person", recipe.measurements_per_person, 0),
        ("skewed_person_rows", recipe.skewed, 0),
        ("local_tests", recipe.local_tests, 0),
    ):
        if not value >= least:
            raise SyntheticDataError(f"{name} must be at least {least}; got {value:g}.")
    if recipe.local_tests > MOST_CODES:
        raise SyntheticDataError(f"local_tests must be at most {MOST_CODES:,}; got {recipe.local_tests:,}.")
    if kind not in FORMATS:
        raise SyntheticDataError(f"there is no such format; known: {', '.join(FORMATS)}. Choose one of them.")
    if version not in {"5.3", "5.4"}:
        raise SyntheticDataError("there is no such version of the CDM here; known: 5.3, 5.4. Choose one of them.")


def _write_blocks(target: Target, recipe: _Recipe, *, mess: Mess, planned: Planned) -> None:
    """Write one block while the next is drawn."""
    import numpy as np

    next_key: Counter[str] = Counter()
    for number, block in enumerate(_drawn_ahead(recipe)):
        spoiler = Spoiler(mess, lives=block.lives, planned=planned, rng=recipe.rng(number, 2))
        silent = spoiler.unobserved()
        person = person_columns(block.lives, ids=block.person_ids, rng=recipe.rng(number, 1))
        target.write("person", to_arrow(person, target.specs["person"]))
        first_visit = next_key["visit_occurrence"] + 1
        for columns in (block.visits, *block.tables):
            if columns.table not in target.specs:
                continue
            finish(columns, person_ids=block.person_ids, first_visit=first_visit, first_key=next_key[columns.table] + 1)
            kept = _without(columns, silent)
            spoilt = spoiler.spoil(kept)
            next_key[columns.table] += len(columns)
            copies = len(spoilt) - len(kept)
            if copies:
                spoilt.values[f"{columns.table}_id"][-copies:] = next_key[columns.table] + 1 + np.arange(copies)
                next_key[columns.table] += copies
            target.write(columns.table, to_arrow(spoilt, target.specs[columns.table]))


def _without(columns: Columns, silent: "NDArray[np.bool_]") -> Columns:
    import numpy as np

    if not silent.any():
        return columns
    return columns.take(np.flatnonzero(~silent[columns.values["person"]]))


def _drawn_ahead(recipe: _Recipe) -> Iterator[_Block]:
    with ThreadPoolExecutor(1, thread_name_prefix="synthetic") as pool:
        ahead = pool.submit(_draw, recipe, 0)
        for number in range(recipe.n_blocks):
            block = ahead.result()
            if number + 1 < recipe.n_blocks:
                ahead = pool.submit(_draw, recipe, number + 1)
            yield block


def _draw(recipe: _Recipe, number: int) -> _Block:
    """Draw one block; nothing but its number and the recipe decides what is in it."""
    ids = recipe.person_ids(number)
    rng = recipe.rng(number, 0)
    lives = draw_lives(len(ids), rng=rng)
    visits = draw_visits(lives, rng=rng)
    conditions, diagnosed = condition_rows(lives, visits, rng=rng)
    drugs = drug_rows(lives, conditions, diagnosed=diagnosed, rng=rng)
    measurements = measurement_rows(
        lives,
        visits,
        per_person=recipe.measurements_per_person,
        skewed=recipe.skewed if number == 0 else 0,
        local_tests=recipe.local_tests,
        rng=rng,
    )
    others = other_rows(lives, visits, diagnosed=diagnosed, rng=rng)
    tables = [
        period_columns(lives),
        death_columns(lives),
        conditions,
        drugs,
        measurements,
        condition_eras(conditions),
        *drug_eras(drugs),
        *others.values(),
    ]
    return _Block(lives, ids, visit_columns(visits), tables)


def _write_small(target: Target, specs: Mapping[str, TableSpec], *, version: str, local_tests: int) -> None:
    """Write the tables that do not grow with the people."""
    day = 738_886  # 2024-01-01
    rows: dict[str, list[dict[str, Any]]] = {
        "location": [{"location_id": i, "city": f"City {i}", "zip": f"{i:05d}"} for i in range(1, LOCATIONS + 1)],
        "care_site": [
            {"care_site_id": i, "care_site_name": f"Clinic {i}", "place_of_service_concept_id": 8756, "location_id": i}
            for i in range(1, CARE_SITES + 1)
        ],
        "provider": [
            {"provider_id": i, "specialty_concept_id": 38004446 if i % 2 else 38004456, "care_site_id": i % 10 + 1}
            for i in range(1, PROVIDERS + 1)
        ],
        "cdm_source": [
            {
                "cdm_source_name": "Synthetic hospital",
                "cdm_source_abbreviation": "SYN",
                "cdm_holder": "nobody",
                "source_description": "People who never lived",
                "source_release_date": day,
                "cdm_release_date": day,
                "cdm_version": f"v{version}",
                "cdm_version_concept_id": 756265,
                "vocabulary_version": "synthetic subset",
            }
        ],
        **vocabulary_tables(local_tests=local_tests),
    }
    for table, listed in rows.items():
        target.write(table, rows_to_arrow(listed, specs[table].fields))
