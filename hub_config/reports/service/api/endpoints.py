"""The declaration of an endpoint: from it requests are checked, answers are written, and the document is made."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, BinaryIO

from pydantic import BaseModel

from hub_config.accounts import NAME_PATTERN
from hub_config.projects.document import PROJECT_NAME
from hub_config.projects.secrets import SECRET_NAME
from hub_config.reports.desk import Person
from hub_config.reports.desk.versions import WHATEVER, Condition
from hub_config.reports.service.api.kit import Kit
from hub_config.reports.service.scopes import Scope

__all__ = ["IDEMPOTENCY_KEY", "PATH_PARTS", "Call", "Download", "Endpoint", "Made", "PathPart", "Versioned"]

IDEMPOTENCY_KEY = r"^[!-~]{1,200}$"


@dataclass(frozen=True)
class PathPart:
    """A part of an address that names something.

    Parameters
    ----------
    pattern : str
        What it looks like; what does not is the name of nothing.
    about : str
        What it names.
    example : str
        One.
    """

    pattern: str
    about: str
    example: str


PATH_PARTS: Mapping[str, PathPart] = MappingProxyType(
    {
        "project": PathPart(
            rf"^(~{NAME_PATTERN}|{PROJECT_NAME.pattern})$", "A project; `~PERSON` is that person's own.", "wards"
        ),
        "definition": PathPart(r"^[a-z0-9-]{1,40}$", "A report definition of the project.", "monthly-quality"),
        "secret": PathPart(rf"^{SECRET_NAME.pattern}$", "A secret of the project.", "warehouse-login"),
        "template": PathPart(r"^[A-Za-z0-9_-]{1,80}$", "A report that ships with CohortHub.", "quality_indicator"),
        "run": PathPart(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$", "A run.", "20261127T063000123Z-a1b2c3"),
        "batch": PathPart(r"^b-[A-Za-z0-9][A-Za-z0-9_-]{0,77}$", "A submission.", "b-20261127T063000123Z-d4e5f6"),
        "output": PathPart(r"^[A-Za-z0-9_-]{1,64}$", "A table that the run declared, by its id.", "events-by-ward"),
    }
)


@dataclass(frozen=True)
class Call:
    """One request that has been checked.

    Parameters
    ----------
    kit : Kit
        The rooms.
    person : Person
        Who asks.
    now : datetime
        When, in UTC.
    path : mapping
        Names from the address.
    query : object
        The endpoint's model of the query.
    body : object
        The endpoint's model of the body, or the document itself.
    idempotency_key : str, optional
        The sender's name for this request.
    condition : Condition
        What must stand in the database for the request to be carried out.
    may : callable
        Whether the token has a scope.
    """

    kit: Kit
    person: Person
    now: dt.datetime
    path: Mapping[str, str]
    may: Callable[[Scope], bool]
    query: Any = None
    body: Any = None
    idempotency_key: str | None = None
    condition: Condition = WHATEVER


@dataclass(frozen=True)
class Made:
    """An answer that says where what was made is found, and with which status.

    Parameters
    ----------
    document : BaseModel
        The answer.
    address : str
        Relative to the API's root.
    status : int, default 201
        HTTP's.
    """

    document: BaseModel
    address: str
    status: int = 201


@dataclass(frozen=True)
class Versioned:
    """An answer with the version of what stands in the database, for whoever writes over it.

    Parameters
    ----------
    document : BaseModel
        The answer.
    version : str
        For ``ETag`` and ``If-Match``.
    """

    document: BaseModel
    version: str


@dataclass(frozen=True)
class Download:
    """A file as an answer.

    Parameters
    ----------
    file : BinaryIO
        Open; closed when it is sent.
    name : str
        What the browser calls it.
    headers : mapping
        Beside those that every answer has.
    convert : callable, optional
        Gives the lines that are sent instead of the file's own.
    """

    file: BinaryIO
    name: str
    headers: Mapping[str, str] = field(default_factory=dict)
    convert: Callable[[BinaryIO], Iterator[bytes]] | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one address.

    Parameters
    ----------
    method : str
        HTTP's.
    path : str
        Below the API's root, with names from `PATH_PARTS` in braces.
    name : str
        Of the operation.
    summary : str
        What it does, in a sentence.
    scope : Scope
        What a token needs.
    do : callable
        Carries it out.
    answer : type or str
        Model of the answer, or the media type of a file.
    statuses : sequence of int
        Of success.
    refusals : sequence of int
        Statuses of refusal beside those that every endpoint has.
    query : type, optional
        Model of the query.
    body : type, optional
        Model of the body.
    parses_body : bool
        Whether the body is checked by the model here; if not, the endpoint reads the document itself.
    is_idempotent : bool
        Whether it takes an ``Idempotency-Key``.
    gives_version : bool
        Whether its answer has an ``ETag``.
    takes_version : bool
        Whether it takes ``If-Match``.
    takes_new : bool
        Whether it takes ``If-None-Match: *``.
    example : mapping, optional
        A body.
    """

    method: str
    path: str
    name: str
    summary: str
    scope: Scope
    do: Callable[[Call], BaseModel | Made | Versioned | Download]
    answer: type[BaseModel] | str
    statuses: Sequence[int] = (200,)
    refusals: Sequence[int] = ()
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    parses_body: bool = True
    is_idempotent: bool = False
    gives_version: bool = False
    takes_version: bool = False
    takes_new: bool = False
    example: Mapping[str, Any] | None = None
