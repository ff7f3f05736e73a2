"""From a letter to its subject, its plain text, and a small page for mail programs."""

import html
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from hub_config.reports.notices.notice import Letter, Notice
from hub_config.reports.notices.texts import text

__all__ = ["page_of", "subject_of", "text_of"]

# Inline, as mail programs drop style sheets; system fonts and colours of 7:1 contrast on white.
_BODY = (
    "margin:0;padding:24px;background:#ffffff;color:#1f2328;"
    "font:16px/1.5 system-ui,'Apple SD Gothic Neo','Noto Sans KR','Malgun Gothic',sans-serif"
)
_MAIN = "max-width:36em;margin:0 auto"
_TITLE = "font-size:20px;line-height:1.35;margin:0 0 16px;overflow-wrap:anywhere;word-break:keep-all"
_PARAGRAPH = "margin:0 0 16px;overflow-wrap:anywhere;word-break:keep-all"
_LINK = "color:#0a4b9c;overflow-wrap:anywhere;word-break:keep-all"
_FOOT = "margin:24px 0 0;padding-top:12px;border-top:1px solid #d0d7de;font-size:14px;color:#454c54"

Block = tuple[tuple[str, ...], str | None]  # lines, and the address that stands alone below them


def subject_of(letter: Letter, *, chat: bool = False) -> str:
    """Give a letter's subject.

    Parameters
    ----------
    letter : Letter
        The letter.
    chat : bool, default False
        Whether it goes where ``@everyone`` or ``<!here>`` in a title would call people.

    Returns
    -------
    str
        One line.
    """
    first = letter.notices[0]
    if letter.count > 1:
        return text(letter.language, "subject_many", n=letter.count, project=first.project)
    event = text(letter.language, _word(first))
    subject = text(letter.language, "subject", event=event, title=first.title, project=first.project)
    return _calling_nobody(subject) if chat else subject


def text_of(letter: Letter, *, chat: bool = False) -> str:
    """Give a letter as plain text, each address on a line of its own.

    Parameters
    ----------
    letter : Letter
        The letter.
    chat : bool, default False
        Whether it goes where ``@everyone`` or ``<!here>`` in a title would call people.

    Returns
    -------
    str
        Paragraphs with empty lines between.
    """
    blocks = ["\n".join([*lines, *([link] if link else [])]) for lines, link in _blocks(letter)]
    said = "\n\n".join([_head(letter), *blocks, text(letter.language, "foot")]) + "\n"
    return _calling_nobody(said) if chat else said


def page_of(letter: Letter) -> str:
    """Give a letter as a page of HTML that fetches nothing.

    Parameters
    ----------
    letter : Letter
        The letter.

    Returns
    -------
    str
        A whole document, readable without its style and by screen readers.
    """
    language = letter.language
    blocks = "\n".join(_paragraph(lines, link) for lines, link in _blocks(letter))
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(subject_of(letter))}</title></head>\n"
        f'<body style="{_BODY}"><main style="{_MAIN}">\n'
        f'<h1 style="{_TITLE}">{html.escape(_head(letter))}</h1>\n{blocks}\n'
        f'<p style="{_FOOT}">{html.escape(text(language, "foot"))}</p>\n</main></body></html>\n'
    )


def _calling_nobody(said: str) -> str:
    """Write the signs that chats act on as others that look like them."""
    return said.translate(str.maketrans("@<>", "＠‹›"))


def _paragraph(lines: tuple[str, ...], link: str | None) -> str:
    parts = [html.escape(line) for line in lines]
    if link:
        parts.append(f'<a href="{html.escape(link)}" style="{_LINK}">{html.escape(link)}</a>')
    return f'<p style="{_PARAGRAPH}">{"<br>".join(parts)}</p>'


def _head(letter: Letter) -> str:
    first = letter.notices[0]
    if letter.count > 1:
        return text(letter.language, "said_many", n=letter.count, project=first.project)
    return text(letter.language, f"said_{_word(first)}", title=first.title)


def _blocks(letter: Letter) -> Iterator[Block]:
    first, language = letter.notices[0], letter.language
    if letter.count == 1:
        yield tuple(_facts(first)), None
        yield (text(language, "open"),), first.link
        return
    for notice in letter.notices:
        event = text(language, _word(notice))
        lines = [text(language, "entry", event=event, title=notice.title), _time(notice.when)]
        yield tuple([*lines, notice.error_code] if notice.error_code else lines), notice.link
    if letter.more:
        yield (text(language, "more", n=letter.more),), None


def _word(notice: Notice) -> str:
    return "test" if notice.is_test else notice.event.value


def _facts(notice: Notice) -> Iterator[str]:
    yield text(notice.language, "project", project=notice.project)
    if not notice.is_test:
        yield text(notice.language, "run", run_id=notice.run_id)
    yield text(notice.language, "when", when=_time(notice.when))
    if notice.error_code is not None:
        yield text(notice.language, "reason", code=notice.error_code)


def _time(when: datetime) -> str:
    zone = when.tzinfo.key if isinstance(when.tzinfo, ZoneInfo) else when.strftime("%Z")
    return f"{when:%Y-%m-%d %H:%M} {zone}"
