"""The settings: small frozen sections, nested into one `Settings`. Only what something obeys is here."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from pydantic import Field, PositiveInt, field_validator

from hub_config.errors import SettingsError
from hub_config.settings.notices import MailSettings, NoticeSettings
from hub_config.settings.section import Section

__all__ = ["DataSettings", "HubSettings", "ReportSettings", "Section", "Settings", "SpawnerSettings"]


class HubSettings(Section, frozen=True):
    """Where the hub answers."""

    ip: IPv4Address | IPv6Address = Field(default=ip_address("127.0.0.1"), description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]+/?$",
        description="Address at which people reach the hub, such as `https://hub.example.org`; notices link to it. "
        "Its own address when not set.",
    )
    allow_beyond_loopback: bool = Field(
        default=False,
        description="Listen on an address that others can reach, though passwords then travel unencrypted "
        "unless a TLS proxy stands in front.",
    )


class DataSettings(Section, frozen=True):
    """Where the data releases lie."""

    path: Path | None = Field(default=None, description="Folder of the releases; `data` in the home when not set.")

    @field_validator("path")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        if path is None:
            return None
        if not path.expanduser().is_absolute():
            raise ValueError("give an absolute path")
        return path.expanduser()


class SpawnerSettings(Section, frozen=True):
    """How personal servers start."""

    start_timeout_seconds: PositiveInt = Field(default=60, description="How long a server may take until it answers.")
    server_limit: PositiveInt = Field(
        default=50, description="How many servers may run at once; one takes about 125 MB idle."
    )


class ReportSettings(Section, frozen=True):
    """What the reports service may take, and where it keeps its queue."""

    max_running: PositiveInt = Field(default=2, description="How many reports may run at once; others wait.")
    runs_per_runner: PositiveInt = Field(default=2, description="How many reports one runner carries out at once.")
    runner_idle_seconds: PositiveInt = Field(
        default=300, description="How long a runner without work stays, so that the next report starts at once."
    )
    api_requests_per_second: PositiveInt = Field(
        default=20,
        description="How many requests to the reports API one token may send in a second, in the long run; more are "
        "refused with status 429 and `Retry-After`.",
    )
    api_burst: PositiveInt = Field(
        default=200, description="How many requests one token may send at once after a rest."
    )
    database_url_file: Path | None = Field(
        default=None,
        description="File with the address of a PostgreSQL database, `postgresql://USER:PASSWORD@HOST/NAME`; "
        "`reports.sqlite` in the home when not set.",
    )

    def database_url(self) -> str | None:
        """Read the address of the database; it may hold a password, so it stands in a file of its own.

        Returns
        -------
        str or None
            None for SQLite in the home.

        Raises
        ------
        SettingsError
            If the file cannot be read.
        """
        if self.database_url_file is None:
            return None
        try:
            return self.database_url_file.expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as refused:
            raise SettingsError(
                f"reports.database_url_file cannot be read; found {type(refused).__name__}. "
                "Give a file that the hub's account can read."
            ) from refused


class Settings(Section, frozen=True):
    """All that an operator may set."""

    hub: HubSettings = Field(default=HubSettings(), description=HubSettings.__doc__)
    data: DataSettings = Field(default=DataSettings(), description=DataSettings.__doc__)
    spawner: SpawnerSettings = Field(default=SpawnerSettings(), description=SpawnerSettings.__doc__)
    reports: ReportSettings = Field(default=ReportSettings(), description=ReportSettings.__doc__)
    mail: MailSettings = Field(default=MailSettings(), description=MailSettings.__doc__)
    notices: NoticeSettings = Field(default=NoticeSettings(), description=NoticeSettings.__doc__)
