"""What is known of a column of people, group by group: read once, added up in one pass, whatever its size."""

from analysis_lib.report.columns.levels import LevelFacts, level_facts, persons_by_cell
from analysis_lib.report.columns.number_facts import NumberFacts
from analysis_lib.report.columns.numbers import number_facts
from analysis_lib.report.columns.persons import PersonRows, person_rows
from analysis_lib.report.columns.pieces import CodedColumn, NumberColumn
from analysis_lib.report.columns.reading import open_table
from analysis_lib.report.columns.table import Table

__all__ = [
    "CodedColumn",
    "LevelFacts",
    "NumberColumn",
    "NumberFacts",
    "PersonRows",
    "Table",
    "level_facts",
    "number_facts",
    "open_table",
    "person_rows",
    "persons_by_cell",
]
