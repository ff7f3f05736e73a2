"""The sections on the operator's mail server and on what notices may do."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from hub_config.settings.section import Section

__all__ = ["MailSettings", "NoticeSettings"]

_EMAIL = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$"


class MailSettings(Section, frozen=True):
    """The mail server that notices go through, where a project names an e-mail address."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] | None = Field(
        default=None, description="Name or address of the mail server; without it no mail is sent."
    )
    port: int | None = Field(
        default=None, ge=1, le=65535, description="Its port; 587, 465 or 25 when not set, by `security`."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="`starttls`, `tls` from the first byte, or `none` for a relay on this machine."
    )
    sender: Annotated[str, StringConstraints(pattern=_EMAIL, max_length=254)] | None = Field(
        default=None, description="Address that mails come from; needed with `host`."
    )
    user: str | None = Field(default=None, min_length=1, max_length=200, description="Name to log in with, if any.")
    password_file: Path | None = Field(
        default=None, description="File that holds the password alone, readable by its owner alone."
    )

    @field_validator("password_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise ValueError("give an absolute path")
        return path

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host is not None and self.sender is None:
            raise ValueError("a host needs a sender")
        if (self.user is None) != (self.password_file is None):
            raise ValueError("give user and password_file together")
        if self.user is not None and self.security == "none":
            raise ValueError("a password would travel in the clear; set security to starttls or tls")
        return self


class NoticeSettings(Section, frozen=True):
    """What notices of reports may do."""

    allow_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks that are not public and that projects' own addresses may lead to, such as "
        "`10.20.0.0/16`; only there may a notice travel unencrypted.",
    )
    per_hour: int = Field(
        default=10, ge=1, le=1000, description="How many messages one target is sent in an hour; the rest is summed up."
    )
    timeout_seconds: int = Field(default=30, ge=5, le=300, description="How long the sending of one message may take.")
