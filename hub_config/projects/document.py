"""What a project is: the fields of ``project.toml``, checked and frozen."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_serializer, field_validator, model_validator

from hub_config.accounts import NAME_PATTERN
from hub_config.settings.section import Section
from hub_config.time_zones import read_zone, zone_names

__all__ = ["PROJECT_NAME", "Event", "Limits", "NotifyTarget", "Project", "Role", "personal_project"]

PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_EMAIL = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+"
_LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets


class Role(StrEnum):
    """What a member is in a project."""

    LEAD = "lead"
    ANALYST = "analyst"
    READER = "reader"


class Event(StrEnum):
    """What a notice can be about."""

    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    SUCCEEDED = "succeeded"
    LATE = "late"
    ALERT = "alert"
    APPROVAL_NEEDED = "approval_needed"
    SKIPPED = "skipped"


TOLD_UNASKED = (
    Event.FAILED,
    Event.TIMED_OUT,
    Event.INTERRUPTED,
    Event.LATE,
    Event.ALERT,
    Event.APPROVAL_NEEDED,
)
"""What a target is told of when its `events` are not set: all that somebody has to look after."""


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text")
    return text.strip()


def paragraphs(text: str) -> str:
    """Take text of several lines, without signs that do not print and what surrounds it."""
    if not all(line.isprintable() for line in text.split("\n")):
        raise ValueError("must be printable text")
    return text.strip()


Account = Annotated[str, StringConstraints(pattern=rf"^{NAME_PATTERN}$")]
Dataset = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9_-]{0,62}|\*)$")]
TargetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Count = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class Limits(Section, frozen=True):
    """How much of the machine the project's reports may take."""

    max_running: Count = Field(default=2, description="How many of the project's runs may run at once.")
    max_queued: Count = Field(default=500, description="How many runs may wait; more are refused.")
    max_runners: Count = Field(default=1, description="How many servers may execute the project's runs at once.")
    cell_seconds: Count = Field(default=600, description="The longest that one cell may take.")
    run_seconds: Count = Field(default=3600, description="The longest that one run may take.")
    keep_days: Count | None = Field(default=None, description="How long runs are kept; for ever when not set.")
    max_priority: int = Field(
        default=5, strict=True, ge=0, le=9, description="The highest priority, 0 to 9, that its reports may ask for."
    )

    @model_validator(mode="after")
    def _cell_within_run(self) -> Self:
        if self.cell_seconds > self.run_seconds:
            raise ValueError("cell_seconds must not be more than run_seconds")
        return self


class NotifyTarget(Section, frozen=True):
    """Somebody who is told how the project's reports went: a secret address in a file, or an e-mail address."""

    url_file: Annotated[str, StringConstraints(pattern=r"^secrets/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")] | None = Field(
        default=None,
        repr=False,
        description="File below `secrets/` of the project that holds one address for apprise, such as `mailtos://…`.",
    )
    email: Annotated[str, StringConstraints(pattern=rf"^{_EMAIL}$", max_length=_LONGEST_EMAIL)] | None = Field(
        default=None, description="An e-mail address, reached through the operator's mail server."
    )
    events: tuple[Event, ...] = Field(
        default=TOLD_UNASKED, min_length=1, max_length=len(Event), description="What to tell of."
    )
    language: Literal["en", "ko"] = Field(default="en", description="Language of the notices.")

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url_file is None) == (self.email is None):
            raise ValueError("give either url_file or email")
        return self


class Project(Section, frozen=True):
    """People, data sets and an account: what reports belong to."""

    # Never in the file: a project is called what its folder is called.
    name: str = Field(repr=True, description="")
    title: Annotated[str, AfterValidator(_one_line)] = Field(
        min_length=1, max_length=200, description="What people call it."
    )
    purpose: Annotated[str, AfterValidator(paragraphs)] = Field(
        default="", max_length=4000, description="Why the data are used."
    )
    account: Account = Field(default="", description="Account that runs its reports; `project-NAME` when not set.")
    timezone: str = Field(default="UTC", description="IANA time zone of its schedules, such as `Asia/Seoul`.")
    expires: date | None = Field(
        default=None, description="Last day on which reports run, in the project's time zone; none when not set."
    )
    members: Annotated[Mapping[Account, Role], AfterValidator(MappingProxyType)] = Field(
        min_length=1, max_length=1000, description="Each member's role: `lead`, `analyst` or `reader`."
    )
    datasets: tuple[Dataset, ...] = Field(
        default=(), max_length=1000, description='Names of the data sets it may read; `["*"]` for all.'
    )
    limits: Limits = Field(default=Limits(), description=Limits.__doc__)
    notify: Annotated[Mapping[TargetName, NotifyTarget], AfterValidator(MappingProxyType)] = Field(
        default_factory=lambda: MappingProxyType({}), max_length=20, description=NotifyTarget.__doc__
    )

    @model_validator(mode="before")
    @classmethod
    def _default_account(cls, given: Any) -> Any:
        if isinstance(given, dict) and "account" not in given:
            return {**given, "account": f"project-{given.get('name', '')}"}
        return given

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in zone_names():
            raise ValueError("must be an IANA time zone, such as Asia/Seoul")
        return zone

    @field_validator("expires", mode="before")
    @classmethod
    def _a_day(cls, day: Any) -> Any:
        if day is not None and (not isinstance(day, date) or isinstance(day, datetime)):
            raise ValueError("must be a day without quotes, such as 2027-06-30")
        return day

    @field_validator("datasets", mode="before")
    @classmethod
    def _star(cls, names: Any) -> Any:
        return [names] if names == "*" else names

    @field_validator("datasets")
    @classmethod
    def _star_alone(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in names and len(names) > 1:
            raise ValueError('either names of data sets, or ["*"] alone')
        if len(set(names)) < len(names):
            raise ValueError("names a data set twice")
        return names

    @field_validator("members")
    @classmethod
    def _somebody_leads(cls, members: Mapping[str, Role]) -> Mapping[str, Role]:
        if Role.LEAD not in members.values():
            raise ValueError("at least one member must be a lead, or nobody can approve a report")
        return members

    @field_serializer("members", "notify")
    def _as_dict(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        return dict(entries)

    def may_use(self, dataset: str) -> bool:
        """Tell whether the project's reports may read a data set.

        Parameters
        ----------
        dataset : str
            Its name.

        Returns
        -------
        bool
            True if it is listed, or all are.
        """
        return dataset in self.datasets or self.datasets == ("*",)

    @property
    def notice_secrets(self) -> frozenset[str]:
        """Names of the secrets that hold addresses of notices: for the service alone, never for a notebook."""
        files = (target.url_file for target in self.notify.values() if target.url_file is not None)
        return frozenset(file.removeprefix("secrets/") for file in files)

    def is_expired(self, at: datetime) -> bool:
        """Tell whether the project's last day is over.

        Parameters
        ----------
        at : datetime
            A moment, with its time zone.

        Returns
        -------
        bool
            Judged by the calendar of the project's time zone.
        """
        return self.expires is not None and at.astimezone(read_zone(self.timezone)).date() > self.expires


def personal_project(person: str) -> Project:
    """Make the project that everybody has without a file.

    Parameters
    ----------
    person : str
        An account's name.

    Returns
    -------
    Project
        Called ``~PERSON``; its reports run as the person, who leads it, on all data sets.
    """
    return Project(
        name=f"~{person}", title=person, account=person, members=MappingProxyType({person: Role.LEAD}), datasets=("*",)
    )
