"""Finding concepts by their words and codes, with how often the data hold them."""

import warnings
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb

from analysis_lib.catalog.engine import open_engine
from analysis_lib.catalog.quoting import quoted
from analysis_lib.catalog.vocabulary.concept_tables import (
    COUNTS,
    TOTALS,
    USED,
    WORDS,
    plain_words,
    total_concepts,
    view_concept_tables,
)
from analysis_lib.catalog.vocabulary.concept_words import Question
from analysis_lib.compute.machine import memory_per_bucket
from analysis_lib.errors import ConceptWarning

if TYPE_CHECKING:
    import pandas as pd

    from analysis_lib.catalog.dataset import Dataset

NO_ANCESTORS = (
    "the vocabulary has no concept_ancestor rows: nothing can be said of what lies below a concept; 'descendants' is 0 "
    "throughout, and concept sets with descendants would find the concept alone. Import a release with that table."
)
_CODE_IS = "replace(lower(concept_code), '.', '')"
_FOUND = """
CREATE TEMP TABLE found AS
SELECT f.concept_id, f.longer, f.matched, c.standard_concept, c.invalid_reason,
       coalesce(t.records, 0) AS records, coalesce(t.persons, 0) AS persons,
       coalesce(t.descendants, 0) AS descendants, coalesce(t.records_with_descendants, 0) AS records_with_descendants
FROM (SELECT concept_id, min(longer) AS longer, arg_min(matched, longer) AS matched FROM ({matches}) GROUP BY 1) f
JOIN concept c USING (concept_id) LEFT JOIN {totals} t USING (concept_id)
ORDER BY records_with_descendants DESC, (coalesce(c.standard_concept, '') = 'S') DESC,
         (c.invalid_reason IS NULL) DESC, longer, f.concept_id
LIMIT $limit
"""
_DETAILS = """
SELECT f.concept_id, c.concept_name, c.domain_id, c.vocabulary_id, c.concept_code, c.standard_concept, f.records,
       f.persons, f.descendants, f.records_with_descendants, m.maps_to, f.matched
FROM found f JOIN (SELECT * FROM concept WHERE concept_id IN ({ids})) c USING (concept_id)
LEFT JOIN (
    SELECT r.concept_id_1 AS concept_id,
           string_agg(DISTINCT coalesce(s.concept_name, '?') || ' (' || r.concept_id_2 || ')', '; ') AS maps_to
    FROM concept_relationship r LEFT JOIN concept s ON s.concept_id = r.concept_id_2
    WHERE r.concept_id_1 IN ({ids}) AND r.relationship_id = 'Maps to' AND r.invalid_reason IS NULL
      AND r.concept_id_2 <> r.concept_id_1
    GROUP BY 1) m USING (concept_id)
ORDER BY f.rowid
"""


def search(dataset: "Dataset", text: str, *, limit: int) -> "pd.DataFrame":
    """Find the concepts of a data set whose name or synonym has all words of a text.

    Parameters
    ----------
    dataset : Dataset
        The release.
    text : str
        As `Dataset.search_concepts` says.
    limit : int
        Rows at most.

    Returns
    -------
    DataFrame
        As `Dataset.search_concepts` says.
    """
    from analysis_lib.catalog.frames import to_frame

    question = Question.of(text)
    with closing(open_engine(memory_limit=f"{memory_per_bucket()}B")) as connection:
        _show_tables(connection, dataset)
        matches, values = _matches(question)
        query = _FOUND.format(matches=matches, totals=quoted(TOTALS))
        connection.execute(query, {**values, "limit": limit})
        ids = [str(row[0]) for row in connection.execute("SELECT concept_id FROM found").fetchall()]
        answer = connection.sql(_DETAILS.format(ids=", ".join(ids) or "NULL"))
        frame = to_frame(answer.to_arrow_table())
        known = connection.execute("SELECT EXISTS (FROM concept_ancestor)").fetchall()[0][0]
    if len(frame) and not known:
        warnings.warn(f"{dataset.name}: {NO_ANCESTORS}", ConceptWarning, stacklevel=3)
    return frame


def _show_tables(connection: duckdb.DuckDBPyConnection, dataset: "Dataset") -> None:
    """Show the vocabulary and what was derived of it; releases of older versions have less of that, so derive it."""
    derived = [name for name in (COUNTS, TOTALS, WORDS) if name in dataset.manifest.derived]
    names = [*(name for name in USED if name in dataset.tables), *derived]
    view_concept_tables(connection, {name: dataset.paths(name) for name in names})
    if TOTALS not in derived:
        total_concepts(connection).create(TOTALS)
    if WORDS not in derived:
        connection.register(WORDS, plain_words(connection).read_all())


def _matches(question: Question) -> tuple[str, dict[str, Any]]:
    """Write the query that finds concepts: how much longer than what was typed, and the text that was found."""
    if not question.words:
        return "SELECT concept_id, 0 AS longer, concept_name AS matched FROM concept", {}
    values: dict[str, Any] = {f"word{number}": word for number, word in enumerate(question.words)}
    all_words = " AND ".join(f"contains(words, ${name})" for name in values)
    parts = [f"SELECT concept_id, length(words) AS longer, words AS matched FROM {quoted(WORDS)} WHERE {all_words}"]
    if question.concept_id is not None:
        values["concept_id"] = question.concept_id
        parts.append("SELECT concept_id, 0, 'concept id' FROM concept WHERE concept_id = $concept_id")
    for number, (code, vocabulary) in enumerate(question.codes):
        values |= {f"code{number}": code, f"vocabulary{number}": vocabulary}
        parts.append(
            f"SELECT concept_id, length(concept_code), 'code ' || concept_code FROM concept "
            f"WHERE starts_with({_CODE_IS}, $code{number}) AND contains(lower(vocabulary_id), $vocabulary{number})"
        )
    return " UNION ALL ".join(parts), values


def records_of(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Turn found concepts into JSON types.

    Parameters
    ----------
    frame : DataFrame
        From `search`.

    Returns
    -------
    list of dict
        One for each row; what is missing is None.
    """
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
