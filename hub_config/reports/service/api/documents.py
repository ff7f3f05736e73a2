"""The documents that the API answers with: projects, templates, definitions, and the service itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

__all__ = [
    "DefinitionChange",
    "DefinitionDifference",
    "DefinitionList",
    "DefinitionShown",
    "DefinitionSummary",
    "Document",
    "DraftChecked",
    "DueTime",
    "DueTimes",
    "Moment",
    "ProblemShown",
    "ProjectList",
    "ProjectShown",
    "SecretList",
    "SecretRemoved",
    "SecretSet",
    "SecretShown",
    "ServiceState",
    "TemplateList",
    "TemplateShown",
    "TemplateSummary",
]

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-27T06:30:00.000Z"])]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Document(BaseModel, frozen=True, extra="forbid"):
    """Base of every answer."""


class ProblemShown(Document, frozen=True):
    """One thing that is wrong."""

    field: str = Field(description="Where.")
    rule: str = Field(description="Stable name of the rule that is broken.")
    text: str = Field(description="The kind of value found there, and what the rule wants.")


class ProjectShown(Document, frozen=True):
    """A project, and what the person may do in it."""

    name: str
    title: str
    role: str | None = Field(description="The person's role; null for an operator who is no member.")
    actions: list[str] = Field(description="What the person may do.")
    timezone: str
    expires: str | None
    datasets: list[str]
    targets: list[str] = Field(description="Names of the notification targets.")
    limits: Mapping[str, int | None]


class ProjectList(Document, frozen=True):
    """The projects of a person."""

    projects: list[ProjectShown]


class TemplateSummary(Document, frozen=True):
    """A report that can be run."""

    name: str
    title: str
    description: str
    broken: str | None = Field(description="Why it cannot be run; null if it can.")


class TemplateList(Document, frozen=True):
    """The templates that ship."""

    templates: list[TemplateSummary]


class TemplateShown(Document, frozen=True):
    """A template with its parameters."""

    name: str
    title: str
    description: str
    sha256: Sha256
    n_cells: int
    parameters: dict[str, Any] = Field(description="JSON Schema, draft 2020-12, of an object: name to value.")


class DueTime(Document, frozen=True):
    """A time at which a report is due."""

    at: Moment = Field(description="In UTC.")
    local: str = Field(description="In the zone, with its offset.")
    zone: str


class DueTimes(Document, frozen=True):
    """When a definition is due, and what became of earlier times."""

    enabled: bool
    broken: str | None
    next: list[DueTime]
    decided: list["DecidedSlot"]


class DecidedSlot(Document, frozen=True):
    """A time that has come, or many that were skipped one after another."""

    slot: Moment
    until: Moment | None = Field(description="The last of them, where there are many.")
    n: int = Field(description="How many they are.")
    decision: str
    reason: str | None
    decided_at: Moment
    batch: str | None


class DefinitionSummary(Document, frozen=True):
    """A report definition in a list."""

    project: str
    name: str
    title: str
    is_approved: bool
    has_draft: bool
    enabled: bool
    next_slot: Moment | None
    broken: str | None


class DefinitionList(Document, frozen=True):
    """The definitions of a project."""

    definitions: list[DefinitionSummary]


class DefinitionShown(DefinitionSummary, frozen=True):
    """A report definition."""

    version: str = Field(description="Of all that people have written of it; in quotes it is what `If-Match` takes.")
    document: dict[str, Any] | None = Field(description="What was approved and runs; null if nothing was.")
    document_sha256: Sha256 | None
    template_sha256: Sha256 | None
    approved_by: str | None
    approved_at: Moment | None
    draft: dict[str, Any] | None = Field(description="What waits for a lead; null if nothing does.")
    draft_sha256: Sha256 | None
    draft_template_sha256: Sha256 | None
    drafted_by: str | None
    drafted_at: Moment | None


class DefinitionChange(Document, frozen=True):
    """A field that differs."""

    field: str
    before: Any
    after: Any
    kind: Literal["added", "removed", "changed"]


class DefinitionDifference(Document, frozen=True):
    """What a draft changes."""

    fields: list[DefinitionChange]
    notebook: dict[str, Any] | None = Field(description="Cell by cell; null where the notebook is the same or new.")
    text: str = Field(description="The notebook's changes, for a terminal.")
    document_sha256: Sha256 | None = Field(description="Of the draft: what an approval sends back.")
    template_sha256: Sha256 | None = Field(description="Of the draft's notebook: what an approval sends back.")
    is_first: bool = Field(description="True if nothing was approved before, so that there is nothing to differ from.")


class DraftChecked(Document, frozen=True):
    """A definition that was checked, and written unless it was a dry run."""

    project: str
    name: str
    written: bool
    approved: bool
    document_sha256: Sha256
    template_sha256: Sha256
    version: str | None = Field(
        description="Of what stands there now, in quotes for `If-Match`; null if nothing does, as in a first dry run."
    )
    problems: list[ProblemShown]
    next: list[DueTime] = Field(description="The next five times it is due.")
    changes: list[DefinitionChange] = Field(description="Against what is approved.")
    is_first: bool = Field(description="True if nothing was approved before, so that there is nothing to differ from.")


class SecretShown(Document, frozen=True):
    """A secret that there is, or that something needs; of its value nothing is told."""

    name: str
    set_at: Moment | None = Field(description="When it was set last; null if it is not there.")
    is_usable: bool = Field(description="False if runs refuse it: its file is open to others, or another account's.")
    definitions: list[str] = Field(description="Names of the report definitions that name it.")
    targets: list[str] = Field(description="Names of the notification targets whose address it is.")


class SecretList(Document, frozen=True):
    """The secrets of a project."""

    secrets: list[SecretShown]
    unread: list[str] = Field(description="Definitions of which cannot be said now what they need.")


class SecretSet(Document, frozen=True):
    """A secret that was set."""

    project: str
    name: str
    replaced: bool = Field(description="Whether there was one of this name.")


class SecretRemoved(Document, frozen=True):
    """A secret that was taken away."""

    project: str
    name: str
    definitions: list[str] = Field(description="Names of the report definitions that need it, and fail without it.")
    targets: list[str] = Field(description="Names of the notification targets that are told nothing without it.")


class ServiceState(Document, frozen=True):
    """The service, and what waits for it in the person's projects."""

    version: str
    time: Moment
    began: Moment
    runs: dict[str, dict[str, int]] = Field(description="Project to state to number, of runs that wait or run.")
    runners: dict[str, int] = Field(description="State to number.")
