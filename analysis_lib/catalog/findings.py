"""The words and shapes in which an import says what it found: rules, findings and the report of a release."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

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


RULES: dict[str, Rule] = {
    "header-as-data": Rule(
        "The table's only row is its header",
        "repaired",
        "An empty table with the model's columns.",
    ),
    "column-name-case": Rule(
        "Column names are not lower-case",
        "repaired",
        "Lower-case names.",
    ),
    "column-type": Rule(
        "A column has another type than the model's",
        "repaired",
        "The model's type; no value was lost.",
    ),
    "float-id": Rule(
        "An id column is stored as a float",
        "repaired",
        "64-bit integers; every value was whole and below 2^53.",
    ),
    "value-unreadable": Rule(
        "A value cannot be read as the model's type",
        "problem",
        "A missing value.",
    ),
    "time-cut-off": Rule(
        "A date column holds times of day",
        "repaired",
        "The date.",
    ),
    "column-missing": Rule(
        "A column of the model is not there",
        "note",
        "A column of missing values.",
    ),
    "required-column-missing": Rule(
        "A required column is not there",
        "problem",
        "A column of missing values.",
    ),
    "column-not-in-model": Rule(
        "A column is not in the model",
        "note",
        "The column, as it is.",
    ),
    "table-not-in-model": Rule(
        "A table is not in the model",
        "note",
        "The table, as it is.",
    ),
    "table-missing": Rule(
        "A table of the model is not there",
        "note",
        "No such table.",
    ),
    "table-unreadable": Rule(
        "A table has none of the model's columns, or no column for its owner",
        "problem",
        "Nothing: its rows were left out.",
    ),
    "table-name": Rule(
        "A table's name has other signs than a-z, 0-9 and _, or does not begin with a letter",
        "problem",
        "No such table: it was left out.",
    ),
    "owner-missing": Rule(
        "A row of a person's table names no person",
        "problem",
        "Nothing: the row was left out, since it lies in no bucket.",
    ),
    "key-duplicate": Rule(
        "A key that should be unique occurs again",
        "problem",
        "All the rows.",
    ),
    "required-value-missing": Rule(
        "A required value is missing",
        "problem",
        "The row, with the missing value.",
    ),
    "owner-unknown": Rule(
        "A row belongs to nobody in the person table",
        "problem",
        "The row; joining the person table leaves it out.",
    ),
    "end-before-start": Rule(
        "An end lies before its start",
        "problem",
        "The row, as it is.",
    ),
    "before-birth": Rule(
        "An event lies before its person's birth",
        "problem",
        "The row, as it is.",
    ),
    "outside-observation": Rule(
        "An event starts in none of its person's observation periods",
        "problem",
        "The row; cohort definitions ask for an observation period.",
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
        """
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
            One row for each: `severity`, `rule`, `title`, `table`, `columns`, `count`, `of`, `unit`, `share`, and
            `readers_see`.
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
                "readers_see": [RULES[finding.rule].readers_see for finding in self.findings],
            }
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
                )
                for item in document["findings"]
            )
        )
