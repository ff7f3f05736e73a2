"""What a report definition is: the fields that a project lead writes, checked and frozen."""

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, LiteralString, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from hub_config.projects import Event
from hub_config.projects.document import TOLD_UNASKED, paragraphs
from hub_config.reports.calendar import load_zone
from hub_config.reports.calendar.errors import ScheduleError
from hub_config.reports.definitions.plain_values import plain_table, plain_value
from hub_config.reports.definitions.template_paths import why_no_path
from hub_config.reports.parameters.dates import is_date
from hub_config.reports.parameters.values import NAME, RELEASE
from hub_config.settings.sections import Section

__all__ = ["Definition", "Recipient", "Release", "Retention", "RunLimits", "Sweep", "Tolerance"]

MOST_SETS = 1_000


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text")
    return " ".join(text.split())


def _contradiction(place: str, message: LiteralString) -> PydanticCustomError:
    return PydanticCustomError("contradiction", message, {"place": place})


def _each_once(items: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(items)) != len(items):
        raise ValueError("must name each only once")
    return items


def _day(value: object) -> object:
    if isinstance(value, str) and is_date(value):
        return dt.date.fromisoformat(value)
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ValueError("must be a date, YYYY-MM-DD")
    return value


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _count(low: int, high: int) -> Any:
    return Field(strict=True, ge=low, le=high)


Table = Annotated[Mapping[str, Any], AfterValidator(MappingProxyType), PlainSerializer(dict)]
Line = Annotated[str, StringConstraints(strict=True, max_length=200), AfterValidator(_one_line)]
Day = Annotated[dt.date, BeforeValidator(_day)]
TargetName = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
OutputId = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
DatasetName = Annotated[str, StringConstraints(strict=True, pattern=rf"^{NAME}$")]
ReleaseName = Annotated[str, StringConstraints(strict=True, pattern=rf"^{RELEASE}$")]
Seconds = Annotated[int, _count(1, 30 * 86_400)]
Flag = Annotated[bool, Field(strict=True)]
Share = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class RunLimits(Section, frozen=True):
    """How long a run may take; the project's limits where not set."""

    cell_seconds: Seconds | None = Field(default=None, description="The longest that one cell may take.")
    run_seconds: Seconds | None = Field(default=None, description="The longest that one run may take.")


class Recipient(Section, frozen=True):
    """One notification target of the project, and what it is told."""

    target: TargetName = Field(description="Name of a target in the project's `notify` table.")
    events: Annotated[tuple[Event, ...], AfterValidator(_each_once)] = Field(
        default=TOLD_UNASKED, min_length=1, description="What it is told."
    )


class Retention(Section, frozen=True):
    """How long runs are kept; what neither rule keeps is taken away. For ever where neither is set."""

    successes: Annotated[int, _count(1, 10_000)] | None = Field(
        default=None, description="So many of the newest successful runs are kept."
    )
    days: Annotated[int, _count(1, 36_500)] | None = Field(
        default=None, description="Runs that ended in the last so many days are kept."
    )


class Release(Section, frozen=True):
    """Which release of the data a run reads."""

    policy: Literal["latest", "pinned"] = Field(
        default="latest", description="`latest` at the time of the run, or `pinned` to the releases named."
    )
    datasets: Annotated[Mapping[DatasetName, ReleaseName], AfterValidator(MappingProxyType), PlainSerializer(dict)] = (
        Field(default={}, max_length=100, description="With `pinned`: data set to release.")
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.policy == "pinned") != bool(self.datasets):
            raise ValueError("must name data sets if, and only if, the policy is pinned")
        return self


class Tolerance(Section, frozen=True):
    """How far two numbers may lie apart and still count as the same."""

    absolute: Share = Field(default=0.0, description="In the unit of the number.")
    relative: Share = Field(default=1e-9, description="As a share of the larger number.")
    exact_integers: Flag = Field(default=True, description="Whether whole numbers must be equal.")


class Sweep(Section, frozen=True):
    """Several sets of parameters: one run for each. Exactly one of the four ways is used."""

    sets: Annotated[tuple[Table, ...], Field(max_length=MOST_SETS)] = Field(
        default=(), description="The sets themselves, a list of tables."
    )
    grid: Table = Field(default={}, description="Name to list of values; every combination is a set.")
    zip: Table = Field(default={}, description="Name to list of values, all equally long; the first of each is a set.")
    csv: str | None = Field(
        default=None, description="A CSV file in the project's folder; its header names parameters."
    )

    @field_validator("sets", mode="before")
    @classmethod
    def _plain_sets(cls, sets: object) -> object:
        return [plain_table(one) for one in sets] if isinstance(sets, list | tuple) else sets

    @field_validator("grid", "zip", mode="before")
    @classmethod
    def _plain_lists(cls, lists: object) -> object:
        if not isinstance(lists, Mapping):
            raise ValueError("must be a table of name = [values]")
        plain_table(dict.fromkeys(lists))
        if any(not isinstance(values, list | tuple) or not values for values in lists.values()):
            raise ValueError("must have a list of values, not an empty one, behind each name")
        if any(len(values) > MOST_SETS for values in lists.values()):
            raise ValueError(f"must have at most {MOST_SETS} values behind each name")
        return {name: [plain_value(value) for value in values] for name, values in lists.items()}

    @field_validator("csv")
    @classmethod
    def _inside(cls, csv: str | None) -> str | None:
        reason = None if csv is None else why_no_path(csv, suffix=".csv")
        if reason is not None:
            raise ValueError(f"must be a path in the project's folder; {reason}")
        return csv

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum(bool(way) for way in (self.sets, self.grid, self.zip, self.csv)) != 1:
            raise ValueError("must have exactly one of sets, grid, zip and csv")
        if len({len(values) for values in self.zip.values()}) > 1:
            raise ValueError("must have equally many values behind each name of zip")
        return self


class Definition(Section, frozen=True):
    """A report of a project: which notebook, with which parameters, when, and who is told."""

    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9-]{1,40}$")] = Field(
        description="Its name in the project and in addresses."
    )
    title: Line = Field(description="What readers see.")
    title_ko: Line | None = Field(default=None, description="The title in Korean.")
    purpose: Annotated[str, StringConstraints(strict=True, max_length=2_000), AfterValidator(paragraphs)] = Field(
        default="", description="What it is for, in the words of those who read it."
    )
    template: Annotated[str, Field(strict=True)] = Field(
        description="Name of a shipped report, or path of a notebook in the project's folder."
    )
    parameters: Table = Field(default={}, description="Name to value; the template's defaults for all others.")
    sweep: Sweep | None = Field(default=None, description="Several sets of parameters instead of one.")
    schedule: Annotated[tuple[Line, ...], BeforeValidator(_as_list), AfterValidator(_each_once)] = Field(
        default=(), max_length=10, description="When it is due: cron expressions or sentences; never by itself if none."
    )
    timezone: Annotated[str, Field(strict=True)] | None = Field(
        default=None, description="IANA zone of schedule and parameters; the project's when not set."
    )
    until: Day | None = Field(default=None, description="The last day on which it is due.")
    holidays: Annotated[tuple[Day, ...], AfterValidator(_each_once)] = Field(
        default=(), max_length=2_000, description="Days that are no working days; nothing is due on them."
    )
    missed: Literal["skip", "once", "all"] = Field(
        default="once", description="What happens to slots that passed while nothing could run."
    )
    missed_limit: Annotated[int, _count(1, 1_000)] = Field(
        default=10, description="With `all`: how many missed slots run, the newest ones."
    )
    limits: RunLimits = Field(default=RunLimits(), description=RunLimits.__doc__)
    retries: Annotated[int, _count(0, 5)] = Field(default=0, description="How often a run is tried again.")
    safe_to_retry: Flag = Field(
        default=False, description="Whether running twice does no harm. Without it, no retries."
    )
    retry_after: Annotated[tuple[Literal["interrupted", "failed", "timed_out"], ...], AfterValidator(_each_once)] = (
        Field(
            default=("interrupted",),
            min_length=1,
            description="Ends that are tried again: `interrupted` is the machine's fault, `failed` the notebook's.",
        )
    )
    retry_delay_seconds: Annotated[int, _count(0, 86_400)] = Field(default=60, description="Time between two tries.")
    priority: Annotated[int, _count(-10, 10)] = Field(default=0, description="Higher runs first, within the project.")
    recipients: tuple[Recipient, ...] = Field(default=(), max_length=20, description="Who is told what.")
    late_after_seconds: Seconds | None = Field(
        default=None, description="A run that has not ended so long after its slot is late."
    )
    retention: Retention = Field(default=Retention(), description=Retention.__doc__)
    release: Release = Field(default=Release(), description=Release.__doc__)
    compare: Annotated[
        Mapping[OutputId, Tolerance],
        AfterValidator(MappingProxyType),
        PlainSerializer(lambda table: {name: one.model_dump(exclude_defaults=True) for name, one in table.items()}),
    ] = Field(default={}, max_length=500, description="Tolerance of each output when runs are compared, by its id.")
    alerts: Annotated[tuple[Line, ...], AfterValidator(_each_once)] = Field(
        default=(), max_length=100, description="Rules, such as `events > 20`."
    )
    enabled: Flag = Field(default=True, description="Whether the schedule is followed.")

    @field_validator("parameters", mode="before")
    @classmethod
    def _plain(cls, values: object) -> object:
        return plain_table(values)

    @field_validator("sweep", mode="before")
    @classmethod
    def _list_of_sets(cls, sweep: object) -> object:
        return {"sets": sweep} if isinstance(sweep, list) else sweep

    @field_validator("release", mode="before")
    @classmethod
    def _policy_alone(cls, release: object) -> object:
        return {"policy": release} if isinstance(release, str) else release

    @field_validator("template")
    @classmethod
    def _name_or_path(cls, template: str) -> str:
        if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", template):
            return template
        reason = why_no_path(template, suffix=".ipynb")
        if reason is not None:
            raise ValueError(f"must be the name of a shipped report, or a path in the project's folder; {reason}")
        return template

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str | None) -> str | None:
        try:
            return None if zone is None else load_zone(zone).key
        except ScheduleError:
            raise ValueError("must be a zone of the IANA data base, such as Asia/Seoul") from None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.retries and not self.safe_to_retry:
            raise _contradiction(
                "safe_to_retry", "retries are made only where safe_to_retry = true says that running twice does no harm"
            )
        if "missed_limit" in self.model_fields_set and self.missed != "all":
            raise _contradiction("missed_limit", 'missed_limit is for missed = "all"')
        cell, run = self.limits.cell_seconds, self.limits.run_seconds
        if cell is not None and run is not None and cell > run:
            raise _contradiction(
                "limits.cell_seconds", "limits.cell_seconds must not be larger than limits.run_seconds"
            )
        if len({one.target for one in self.recipients}) != len(self.recipients):
            raise _contradiction("recipients", "recipients must name each target only once")
        return self

    def to_document(self) -> dict[str, Any]:
        """Give the definition as types that JSON knows, without what is as the defaults say.

        Returns
        -------
        dict
            What `read_definition` reads back as an equal definition.
        """
        return self.model_dump(mode="json", exclude_defaults=True)

    def retry_rule(self) -> dict[str, Any]:
        """Say how runs are tried again, as the queue keeps it.

        Returns
        -------
        dict
            Keys left, delay_s and states; empty where nothing is tried again.
        """
        if not self.retries:
            return {}
        return {"left": self.retries, "delay_s": self.retry_delay_seconds, "states": list(self.retry_after)}
