"""The frame of all pages: templates, our own script and style, and the links around them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from hub_config.reports.desk import Person
from hub_config.reports.service.forms import shown
from hub_config.reports.service.texts import LANGUAGE, STATES, TEXTS, text

__all__ = ["ASSETS", "Site"]

HERE = Path(__file__).parent
ASSETS: Mapping[str, str] = {"reports.css": "text/css; charset=utf-8", "reports.js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Site:
    """What every page shows around its content.

    Parameters
    ----------
    prefix : str
        Where the service lies, ``/services/reports/``.
    hub_base_url : str
        Where the hub lies, ``/``.
    banner : str
        A line on top of every page, or ''.
    """

    prefix: str
    hub_base_url: str
    banner: str = ""

    @cached_property
    def pages(self) -> jinja2.Environment:
        """The Jinja2 templates; whatever is put into them is escaped, and a name they do not know is an error."""
        pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE / "page_templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        pages.globals.update(t=text, texts=TEXTS, states=STATES, language=LANGUAGE)
        pages.filters.update(duration=duration, shown=shown, minute=minute, path=quote_part)
        return pages

    @cached_property
    def assets(self) -> Mapping[str, bytes]:
        """Our own script and style by name."""
        return {name: (HERE / "static" / name).read_bytes() for name in ASSETS}

    @cached_property
    def style(self) -> Markup:
        """Our own style, for a page shown to nobody in particular: assets are for people who are signed in."""
        return Markup(self.assets["reports.css"].decode())  # noqa: S704 - a file of ours, not what somebody sent

    @cached_property
    def icon(self) -> str:
        """The browser tab's picture, as an address that needs no request."""
        return "data:image/svg+xml," + quote((HERE / "static" / "icon.svg").read_text(encoding="utf-8"))

    def asset_url(self, name: str) -> str:
        """Return the address of an asset; it changes with the content, so browsers may keep it.

        Parameters
        ----------
        name : str
            A key of `ASSETS`.

        Returns
        -------
        str
            Path with the content's hash.
        """
        return f"{self.prefix}static/{name}?v={hashlib.sha256(self.assets[name]).hexdigest()[:12]}"

    def render(
        self, page: str, *, nonce: str, person: Person | None, xsrf_token: str, values: Mapping[str, Any]
    ) -> str:
        """Make a page.

        Parameters
        ----------
        page : str
            Name of the Jinja2 template.
        nonce : str
            This answer's licence for script and style.
        person : Person or None
            Who is signed in.
        xsrf_token : str
            What a form must send back.
        values : mapping
            What this page shows.

        Returns
        -------
        str
            HTML.
        """
        template = self.pages.get_template(page)
        return template.render(site=self, nonce=nonce, person=person, xsrf_token=xsrf_token, **values)


def duration(seconds: float | None) -> str:
    """Write a duration for reading.

    Parameters
    ----------
    seconds : float or None
        Not negative.

    Returns
    -------
    str
        For instance ``42 s``, ``3 min 5 s``, ``2 h 14 min``; '' for None.
    """
    if seconds is None:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def minute(written: str | None) -> str:
    """Write a moment for reading, in UTC; the page's script turns it into local time.

    Parameters
    ----------
    written : str or None
        ISO 8601.

    Returns
    -------
    str
        ``2026-11-23 02:15 UTC``; '' for None or what is no moment.
    """
    try:
        moment = datetime.fromisoformat(written) if written else None
    except ValueError:
        return ""
    if moment is None:
        return ""
    return f"{moment.astimezone(UTC) if moment.tzinfo else moment:%Y-%m-%d %H:%M} UTC"


def quote_part(part: str) -> str:
    """Write any text as one part of an address.

    Parameters
    ----------
    part : str
        Any text.

    Returns
    -------
    str
        Percent-encoded, ``/`` included.
    """
    return quote(part, safe="")
