"""The words and shapes in which an import says what it found: rules, findings and the report of a release."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from analysis_lib.catalog.nearest import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

Severity = Literal["problem", "repaired", "note"]


@dataclass(frozen=True)
class Rule:
    """One thing that is looked for."""

    title: str
    severity: Severity
    readers_see: str
    """What a reader of the release sees of the rows that break the rule."""
    means: str = ""
    """What it means for an analysis."""


RULES: dict[str, Rule] = {
    "header-as-data": Rule(
        "A row of the table is its header",
        "repaired",
        "Nothing: the row was left out.",
        "Where it was the only row, nothing was recorded or the export went wrong: a zero from it is not a finding.",
    ),
    "line-unreadable": Rule(
        "A line of a CSV file is no row of its table",
        "problem",
        "Nothing: the line was left out.",
        "Records are missing, often those with odd texts. Mend the export and import again.",
    ),
    "column-name-case": Rule(
        "Column names are not lower-case",
        "repaired",
        "Lower-case names.",
        "Nothing, but queries written for the source may spell them otherwise.",
    ),
    "column-type": Rule(
        "A column has another type than the model's",
        "repaired",
        "The model's type; no value was lost.",
        "Nothing: values are as they were.",
    ),
    "float-id": Rule(
        "An id column is stored as a float",
        "repaired",
        "64-bit integers; every value was whole and below 2^53.",
        "Ids match those of other tables. Ask the source's keeper to store integers: larger ids would be lost.",
    ),
    "value-unreadable": Rule(
        "A value cannot be read as the model's type",
        "problem",
        "A missing value.",
        "These rows drop out of whatever uses the column; if they differ from the rest, results are biased.",
    ),
    "time-cut-off": Rule(
        "A date column holds times of day",
        "repaired",
        "The date.",
        "Order within a day is only in the datetime columns.",
    ),
    "column-missing": Rule(
        "A column of the model is not there",
        "note",
        "A column of missing values.",
        "What asks for the column finds nothing, without an error.",
    ),
    "required-column-missing": Rule(
        "A required column is not there",
        "problem",
        "A column of missing values.",
        "What needs the column, cohort definitions among it, finds nothing, without an error.",
    ),
    "column-not-in-model": Rule(
        "A column is not in the model",
        "note",
        "The column, as it is.",
        "It is there for your own queries; cohort definitions and features do not use it.",
    ),
    "table-not-in-model": Rule(
        "A table is not in the model",
        "note",
        "The table, as it is.",
        "It is there for your own queries; cohort definitions and features do not use it.",
    ),
    "table-missing": Rule(
        "A table of the model is not there",
        "note",
        "No such table.",
        "Criteria on this table find nobody. Without vocabulary tables, concept sets cannot find descendants.",
    ),
    "table-unreadable": Rule(
        "A table has none of the model's columns, or no column for its owner",
        "problem",
        "Nothing: its rows were left out.",
        "Everything recorded there is missing from every analysis.",
    ),
    "table-name": Rule(
        "A table's name has other signs than a-z, 0-9 and _, or does not begin with a letter",
        "problem",
        "No such table: it was left out.",
        "Everything recorded there is missing from every analysis.",
    ),
    "owner-missing": Rule(
        "A row of a person's table names no person",
        "problem",
        "Nothing: the row was left out, since it lies in no bucket.",
        "Counts of records are too low by these rows; no person's history is changed.",
    ),
    "key-duplicate": Rule(
        "A key that should be unique occurs again",
        "problem",
        "All the rows.",
        "Joins over the key multiply rows, and 'the first record' may be either of two.",
    ),
    "row-duplicate": Rule(
        "A row repeats another in everything but its key",
        "problem",
        "All the rows.",
        "Counts of records and sums of doses are too high where the repeats are copies; some may be real. "
        "Vocabularies, people, providers and care sites are not looked at.",
    ),
    "required-value-missing": Rule(
        "A required value is missing",
        "problem",
        "The row, with the missing value.",
        "A row without a date or concept is in no cohort and no feature.",
    ),
    "owner-unknown": Rule(
        "A row belongs to nobody in the person table",
        "problem",
        "The row; joining the person table leaves it out.",
        "Such people have no age or sex and are in no cohort. Often the person table is a sample, or older.",
    ),
    "person-unobserved": Rule(
        "A person has no observation period",
        "problem",
        "The person.",
        "Cohort definitions never find them, and they are at risk for no day.",
    ),
    "visit-unknown": Rule(
        "A row names a visit that its person does not have",
        "problem",
        "The row; joining the visits leaves it out.",
        "Criteria such as 'during an inpatient stay' miss these rows.",
    ),
    "end-before-start": Rule(
        "An end lies before its start",
        "problem",
        "The row, as it is.",
        "Lengths of stay, exposure or follow-up become negative; a period of this kind covers no day.",
    ),
    "period-overlap": Rule(
        "An observation period shares days with an earlier one of its person",
        "problem",
        "The periods, as they are.",
        "Adding up the lengths of periods counts person-time twice; 'prior observation' looks at one period alone.",
    ),
    "before-birth": Rule(
        "An event lies before its person's birth",
        "problem",
        "The row, as it is.",
        "Ages become negative. A mother's records in a child's file are a common cause.",
    ),
    "after-death": Rule(
        "An event begins after its person's death",
        "problem",
        "The row, as it is.",
        "The death date or the event's is wrong, or the record was only filed late: follow-up should end at death.",
    ),
    "outside-observation": Rule(
        "An event starts in none of its person's observation periods",
        "problem",
        "The row; cohort definitions ask for an observation period.",
        "It is no entry event, and no evidence of health or illness where follow-up is counted.",
    ),
    "date-too-early": Rule(
        "A date lies before 1850",
        "problem",
        "The row, as it is.",
        "Such dates stand for 'unknown' in some systems; spans from them are wrong by centuries.",
    ),
    "date-in-future": Rule(
        "A date lies after the day of the import",
        "problem",
        "The row, as it is.",
        "Such dates stand for 'open' in some systems; person-time up to them has not been lived yet.",
    ),
    "concept-zero": Rule(
        "A record has the concept 0: its code was not mapped",
        "problem",
        "The row, with concept 0.",
        "No concept set finds it, so counts are too low by an unknown part of these rows. Look at the source values.",
    ),
    "unit-missing": Rule(
        "A number has no unit concept",
        "problem",
        "The row; features that convert units leave it out or refuse.",
        "It cannot be compared with numbers in other units. Some measurements, such as ratios, rightly have none.",
    ),
    "value-out-of-range": Rule(
        "A measured number lies beyond what its unit allows a living person",
        "problem",
        "The row, as it is.",
        "Often a wrong unit or a slipped point: means and maxima are off, medians hardly.",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One rule broken in one table: counts and column names, never a value."""

    rule: str
    table: str
    count: int
    of: int
    unit: str = "rows"
    columns: tuple[str, ...] = ()
    about: str = ""
    """What the rule looked at, where it looks at several things in one column."""

    @property
    def severity(self) -> Severity:
        """How grave the rule is."""
        return RULES[self.rule].severity

    @property
    def title(self) -> str:
        """What the rule says, in words."""
        return RULES[self.rule].title

    @property
    def share(self) -> float:
        """`count` as a share of `of`, in [0, 1]."""
        return self.count / self.of if self.of else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Turn into JSON types.

        Returns
        -------
        dict
            The fields, with `severity` and `share`.
        """
        return {
            "rule": self.rule,
            "severity": self.severity,
            "table": self.table,
            "count": self.count,
            "of": self.of,
            "unit": self.unit,
            "share": round(self.share, 6),
            "columns": list(self.columns),
            "about": self.about,
        }


@dataclass(frozen=True)
class QualityReport:
    """What an import found, kept in the manifest of the release."""

    findings: tuple[Finding, ...] = field(default_factory=tuple)

    def of_rule(self, rule: str) -> dict[str, int]:
        """Count one rule's findings by table.

        Parameters
        ----------
        rule : str
            A name in `RULES`.

        Returns
        -------
        dict of str to int
            Tables without a finding are left out.

        Raises
        ------
        KeyError
            If there is no such rule; the nearest is named.
        """
        if rule not in RULES:
            raise KeyError(f"there is no rule {ascii(rule)[:40]};{did_you_mean(rule, RULES)} see RULES.")
        counts: dict[str, int] = {}
        for finding in self.findings:
            if finding.rule == rule:
                counts[finding.table] = counts.get(finding.table, 0) + finding.count
        return counts

    def to_frame(self) -> "pd.DataFrame":
        """Lay the findings out as a table.

        Returns
        -------
        DataFrame
            One row for each: `severity`, `rule`, `title`, `table`, `columns`, `count`, `of`, `unit`, `share`,
            `about`, `readers_see` and `means`.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "severity": [finding.severity for finding in self.findings],
                "rule": [finding.rule for finding in self.findings],
                "title": [finding.title for finding in self.findings],
                "table": [finding.table for finding in self.findings],
                "columns": [", ".join(finding.columns) for finding in self.findings],
                "count": [finding.count for finding in self.findings],
                "of": [finding.of for finding in self.findings],
                "unit": [finding.unit for finding in self.findings],
                "share": [finding.share for finding in self.findings],
                "about": [finding.about for finding in self.findings],
                "means": [RULES[finding.rule].means for finding in self.findings],
                "readers_see": [RULES[finding.rule].readers_see for finding in self.findings],
            }
        )

    def __repr__(self) -> str:
        """Count the findings; the HTML and `to_frame` list them."""
        counts = {word: sum(f.severity == word for f in self.findings) for word in ("problem", "repaired", "note")}
        return (
            f"<QualityReport: {counts['problem']} problems, {counts['repaired']} repaired, {counts['note']} notes; "
            "see .to_frame()>"
        )

    def _repr_html_(self) -> str:
        from analysis_lib.catalog.display import quality_html

        return quality_html(self)

    def to_dict(self) -> dict[str, Any]:
        """Turn into JSON types.

        Returns
        -------
        dict
            `findings`, and the `rules` they name.
        """
        used = {finding.rule for finding in self.findings}
        return {
            "findings": [finding.to_dict() for finding in self.findings],
            "rules": {name: asdict(rule) for name, rule in RULES.items() if name in used},
            "rules_checked": list(RULES),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "QualityReport":
        """Read what `to_dict` wrote.

        Parameters
        ----------
        document : mapping
            JSON types.

        Returns
        -------
        QualityReport
            The same report.
        """
        return cls(
            tuple(
                Finding(
                    rule=item["rule"],
                    table=item["table"],
                    count=item["count"],
                    of=item["of"],
                    unit=item["unit"],
                    columns=tuple(item["columns"]),
                    about=item.get("about", ""),
                )
                for item in document["findings"]
            )
        )
