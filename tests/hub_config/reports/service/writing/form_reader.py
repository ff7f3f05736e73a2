"""What a browser without scripts makes of a form: which fields there are, and what is sent if nothing is touched."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class SentForm(HTMLParser):
    """The fields of the page's main form.

    Parameters
    ----------
    html : str
        The page.
    """

    html: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    described: dict[str, str] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    labelled: set[str] = field(default_factory=set)
    controls: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: tuple[str, list[str]] | None = None
        self._in_label = False
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if "id" in has:
            assert has["id"] not in self.ids, has["id"]
            self.ids.add(has["id"])
        if tag == "a":
            self.links.append(has.get("href", ""))
        if tag == "label":
            self._in_label = True
            self.labelled.add(has.get("for", ""))
        if "aria-describedby" in has:
            self.described[has.get("id", "")] = has["aria-describedby"]
        if has.get("aria-invalid") == "true":
            self.wrong.add(has.get("id", ""))
        if tag == "input":
            self._input(has)
        elif tag == "select":
            self._select, self._options = has["name"], []
            self._named(has)
        elif tag == "option" and self._select is not None:
            self._options.append((has["value"], "selected" in has))
        elif tag == "textarea":
            self._area = (has["name"], [])
            self._named(has)

    def _named(self, has: dict[str, str]) -> None:
        if not self._in_label and "aria-label" not in has:
            self.controls.append(has["id"])

    def _input(self, has: dict[str, str]) -> None:
        kind = has.get("type", "text")
        if kind in {"submit", "file"}:
            return
        if kind != "hidden":
            self._named(has)
        if kind in {"checkbox", "radio"}:
            if "checked" in has:
                self.sent.append((has["name"], has["value"]))
            return
        # A field of one line has no line ends, whatever its value says.
        value = has.get("value", "")
        self.sent.append((has["name"], value if kind == "hidden" else value.replace("\n", "").replace("\r", "")))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "label":
            self._in_label = False
        elif tag == "select" and self._select is not None:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [self._options[0][0]]
            self.sent.append((self._select, chosen[-1]))
            self._select = None
        elif tag == "textarea" and self._area is not None:
            name, parts = self._area
            text = "".join(parts).replace("\r\n", "\n").replace("\r", "\n")
            self.sent.append((name, text.removeprefix("\n").replace("\n", "\r\n")))
            self._area = None

    def values(self) -> dict[str, list[str]]:
        """What is sent, by name."""
        found: dict[str, list[str]] = {}
        for name, value in self.sent:
            found.setdefault(name, []).append(value)
        return found
