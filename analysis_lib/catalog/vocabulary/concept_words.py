"""How the words of concepts and of questions are made alike, so that either way of writing finds the other.

Decomposed and composed letters (a Mac sends Hangul decomposed), full-width letters, case, accents of Latin, Greek and
Cyrillic letters, British and American spellings, and the typographic forms of dashes and apostrophes count as the same.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

# Combining accents. Marks of other scripts stay, since there they make another letter.
_ACCENTS = r"[\x{0300}-\x{036F}]"
# haemorrhage, oesophagus, tumour, hospitalisation, litre
_SPELLINGS = (
    *(("æ", "e"), ("œ", "e"), ("ae", "e"), ("oe", "e"), ("our", "or"), ("isation", "ization")),
    *((f"{stem}re", f"{stem}er") for stem in ("lit", "met", "cent", "fib", "tit")),
)
# Letters that lower case leaves apart, and signs that a typesetter writes in place of those of a keyboard.
_ALIKE = (
    ("ß", "ss"),
    ("ς", "σ"),
    ("\u2019", "'"),
    ("\u2018", "'"),
    *((dash, "-") for dash in "\u2010\u2011\u2012\u2013\u2014"),
)
_CODE = re.compile(r"[a-z0-9][a-z0-9.\-]*")


def plain(texts: "pa.Array") -> "pa.Array":
    """Write texts in the one form in which they are compared.

    Parameters
    ----------
    texts : pyarrow.Array of string
        Any; missing ones stay missing.

    Returns
    -------
    pyarrow.Array of string
        Of the same length.
    """
    import pyarrow.compute as pc

    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, form="NFKD")
        texts = pc.replace_substring_regex(texts, pattern=_ACCENTS, replacement="")
        texts = pc.utf8_normalize(texts, form="NFKC")
        texts = pc.utf8_lower(texts)
        for written, compared in _ALIKE:
            texts = pc.replace_substring(texts, pattern=written, replacement=compared)
    texts = pc.utf8_lower(texts)
    for british, american in _SPELLINGS:
        texts = pc.replace_substring(texts, pattern=british, replacement=american)
    return texts


def plain_text(text: str) -> str:
    """Write one text in the form of `plain`.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    str
        The same form.
    """
    import pyarrow as pa

    return str(plain(pa.array([text]))[0].as_py())


@dataclass(frozen=True)
class Question:
    """What was typed, taken apart."""

    words: tuple[str, ...]
    """In the form of `plain`; a concept's text has to have all of them."""
    concept_id: int | None
    """The number that is the whole text."""
    codes: tuple[tuple[str, str], ...]
    """Codes it may be, without points, each with what is said of the vocabulary."""

    @classmethod
    def of(cls, text: str) -> "Question":
        """Take a text apart.

        Parameters
        ----------
        text : str
            Words; or a concept id; or a code, alone or with its vocabulary before or after it.

        Returns
        -------
        Question
            Never an error: any text is a question.
        """
        written = plain_text(text)
        parts = [part for part in (part.strip("\"'`,;()[]") for part in written.split()) if part]
        # heart-failure asks for both words, however a name joins them.
        words = tuple(word for part in parts for word in part.split("-") if word)
        number = words[0] if len(words) == 1 and words[0].isascii() and words[0].isdigit() else ""
        concept_id = int(number) if number and len(number) < 19 else None
        return cls(words, concept_id, tuple(_codes(" ".join(parts).replace(":", " ").split())))


def _codes(parts: list[str]) -> list[tuple[str, str]]:
    """Read each part with a digit as a code, and the rest as words of its vocabulary."""
    found = []
    for number, part in enumerate(parts):
        code = part.replace(".", "")
        if len(parts) <= 3 and len(code) >= 3 and any(map(str.isdigit, code)) and _CODE.fullmatch(part):
            found.append((code, " ".join(parts[:number] + parts[number + 1 :])))
    return found
