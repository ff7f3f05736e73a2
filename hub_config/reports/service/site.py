"""The frame of all pages: templates, our own script and style, and the links around them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from hub_config.reports.service.moments import time_element
from hub_config.reports.service.texts import Texts

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
    banners : mapping of str to str
        A line on top of every page, or '', in each language.
    """

    prefix: str
    hub_base_url: str
    banners: Mapping[str, str] = field(default_factory=dict)

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
        pages.filters.update(
            duration=_duration,
            shown=_shown,
            said=_said,
            shipped=_shipped,
            titled=_titled,
            moment=time_element,
            path=quote_part,
        )
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

    def render(self, page: str, *, texts: Texts, values: Mapping[str, Any]) -> str:
        """Make a page.

        Parameters
        ----------
        page : str
            Name of the Jinja2 template.
        texts : Texts
            The words of the reader's language.
        values : mapping
            What this page shows, and what its frame needs: ``nonce`` (this answer's licence for script and style),
            ``person`` (who is signed in, or None), ``xsrf_token`` (what a form must send back), ``languages``.

        Returns
        -------
        str
            HTML.
        """
        words = {"t": texts.text, "texts": texts, "states": texts.states, "language": texts.language}
        return self.pages.get_template(page).render(site=self, **words, **values)


@jinja2.pass_context
def _duration(context: jinja2.runtime.Context, seconds: float | None) -> str:
    texts: Texts = context["texts"]
    return texts.duration(seconds)


@jinja2.pass_context
def _shown(context: jinja2.runtime.Context, value: Any) -> str:
    texts: Texts = context["texts"]
    return texts.shown(value)


@jinja2.pass_context
def _said(context: jinja2.runtime.Context, words: str) -> str:
    texts: Texts = context["texts"]
    return texts.said(words)


@jinja2.pass_context
def _shipped(context: jinja2.runtime.Context, words: str) -> str:
    texts: Texts = context["texts"]
    return texts.shipped(words)


@jinja2.pass_context
def _titled(context: jinja2.runtime.Context, named: Any) -> str:
    texts: Texts = context["texts"]
    return texts.title_of(named.title, named.title_ko)


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
