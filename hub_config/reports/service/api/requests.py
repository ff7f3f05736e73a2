"""What the API takes: queries and bodies, strict in every field."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, StringConstraints

from hub_config.projects.secrets import LARGEST, SHORTEST
from hub_config.reports.service.api.endpoints import PATH_PARTS

__all__ = [
    "Approval",
    "ComparisonQuery",
    "EventsQuery",
    "Request",
    "RollUpQuery",
    "RunsQuery",
    "SecretValue",
    "SlotsQuery",
    "TemplateQuery",
    "TemplateRun",
    "WriteQuery",
]

WHOLE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def _whole(value: object) -> object:
    if isinstance(value, str):
        if not WHOLE.fullmatch(value):
            raise ValueError("must be a whole number in digits")
        return int(value)
    return value


def _switch(value: object) -> object:
    if value not in {"true", "false"} and not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value in {"true", True}


Switch = Annotated[bool, BeforeValidator(_switch)]
Project = Annotated[str, StringConstraints(pattern=PATH_PARTS["project"].pattern)]
# What is a time for people is one for the database as well: both sort as they stand.
Since = Annotated[
    str,
    StringConstraints(
        pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z)?$"
    ),
]
Sha256 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]


class Request(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Base of queries and bodies: what is not known is refused."""


class TemplateQuery(Request, frozen=True):
    """For whom a template is looked at."""

    project: Project | None = Field(
        default=None, description="The data sets and secrets of this project become the values allowed."
    )


class WriteQuery(Request, frozen=True):
    """How a definition is written."""

    dry_run: Switch = Field(default=False, description="Only check, write nothing.")
    approve: Switch = Field(default=False, description="A lead approves it in the same step; needs that scope as well.")


class SlotsQuery(Request, frozen=True):
    """How many times are given."""

    n: Annotated[int, Field(ge=1, le=50), BeforeValidator(_whole)] = Field(default=5, description="At most so many.")


class RunsQuery(Request, frozen=True):
    """Which runs are listed."""

    project: Project | None = Field(default=None, description="Of one project.")
    definition: Annotated[str, StringConstraints(pattern=PATH_PARTS["definition"].pattern)] | None = Field(
        default=None, description="Of one report definition."
    )
    template: Annotated[str, StringConstraints(pattern=PATH_PARTS["template"].pattern)] | None = Field(
        default=None, description="Of one template."
    )
    state: (
        Literal["queued", "running", "succeeded", "failed", "cancelled", "timed_out", "interrupted", "skipped"] | None
    ) = Field(default=None, description="In one state.")
    submitted_by: Annotated[str, StringConstraints(pattern=r"^(~schedule|[a-z][a-z0-9-]{0,31})$")] | None = Field(
        default=None, description="Asked for by one person; `~schedule` is the schedule."
    )
    since: Since | None = Field(default=None, description="Asked for at this time or later, in UTC.")
    until: Since | None = Field(default=None, description="Asked for before this time, in UTC.")
    cursor: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,200}$")] | None = Field(
        default=None, description="From the page before."
    )
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_whole)] = Field(
        default=25, description="At most so many."
    )


class EventsQuery(Request, frozen=True):
    """Which events are given."""

    after: Annotated[int, Field(ge=0, lt=2**31), BeforeValidator(_whole)] = Field(
        default=0, description="Only those with a higher id."
    )


class RollUpQuery(Request, frozen=True):
    """How a roll-up is written."""

    format: Literal["json", "csv"] = Field(default="json", description="How it is written.")


class ComparisonQuery(Request, frozen=True):
    """With what a run is compared."""

    other: Annotated[str, StringConstraints(pattern=PATH_PARTS["run"].pattern)] = Field(
        alias="with", description="The later run."
    )


class Approval(Request, frozen=True):
    """What a lead has looked at, and approves."""

    document_sha256: Sha256
    template_sha256: Sha256
    comment: Annotated[str, StringConstraints(strict=True, max_length=500)] = ""


class SecretValue(Request, frozen=True):
    """What is to be kept secret."""

    # The rule itself is that of projects' secrets: a refusal here would tell how long the value is.
    value: SecretStr = Field(
        strict=True,
        description="Text without NUL, at most as many bytes as characters are allowed; ends of lines at its end go.",
        json_schema_extra={"minLength": SHORTEST, "maxLength": LARGEST},
    )


class TemplateRun(Request, frozen=True):
    """A run of a template without a definition."""

    template: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=400)] = Field(
        description="Name of a shipped report, or path of a notebook in the project's folder."
    )
    parameters: dict[Annotated[str, StringConstraints(max_length=200)], Any] = Field(
        default={}, max_length=500, description="Name to value; the template's own for all others."
    )
    texts: dict[Annotated[str, StringConstraints(max_length=200)], str] = Field(
        default={}, max_length=500, description="Name to value as a person types it; wins over `parameters`."
    )
