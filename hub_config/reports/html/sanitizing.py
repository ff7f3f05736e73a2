"""What of a notebook's HTML reaches a reader: text, tables, pictures; nothing that runs, asks or fetches."""

import re
from functools import cache
from typing import Any

__all__ = ["clean_html"]

TEXT_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
# Content and all: their text is not meant for readers.
DROPPED_WHOLE = (
    "script",
    "style",
    "template",
    "noscript",
    "iframe",
    "object",
    "svg",
    "math",
    "title",
    "textarea",
    "select",
)
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "style", "title", "align", "valign", "dir", "lang", "role", "aria-label", "aria-hidden"},
    "a": {"href", "name"},
    "col": {"span", "width"},
    "colgroup": {"span"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"width"},
    "td": {"colspan", "rowspan", "headers", "width"},
    "th": {"colspan", "rowspan", "headers", "scope", "width"},
    "time": {"datetime"},
}
# Enough for tables and boxes; nothing that can cover the page (position) or fetch (url(...) is refused below).
STYLES = frozenset(
    [
        "background",
        "background-color",
        "border",
        "border-bottom",
        "border-collapse",
        "border-color",
        "border-left",
        "border-radius",
        "border-right",
        "border-spacing",
        "border-style",
        "border-top",
        "border-width",
        "color",
        "display",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant-numeric",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style",
        "list-style-type",
        "margin",
        "margin-bottom",
        "margin-left",
        "margin-right",
        "margin-top",
        "max-height",
        "max-width",
        "min-width",
        "opacity",
        "overflow-x",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
    ]
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)


def clean_html(html: str) -> str:
    """Keep what a reader needs of a piece of HTML.

    Parameters
    ----------
    html : str
        A fragment, from a Markdown cell or an output.

    Returns
    -------
    str
        Text, tables, lists, links to http(s), mail and places in the page, pictures given as data. Scripts, style
        sheets, forms, frames, event handlers and addresses to fetch from are gone.
    """
    cleaned: str = _cleaner().clean(str(html))
    return cleaned


@cache
def _cleaner() -> Any:
    import nh3

    return nh3.Cleaner(
        tags=set(TEXT_TAGS),
        clean_content_tags=set(DROPPED_WHOLE),
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=set(STYLES),
        link_rel="noopener noreferrer",
    )


def _attribute(_tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if PICTURE.match(value) else None
    if attribute == "href":
        return value if re.match(r"(https?:|mailto:|#)", value, re.IGNORECASE) else None
    if attribute == "style" and re.search(r"url\s*\(|\\|image-set|expression", value, re.IGNORECASE):
        return None
    return value
