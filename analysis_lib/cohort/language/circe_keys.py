"""Objects of a Circe document, read key by key: what nobody asked for is refused with its path."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from analysis_lib.cohort.language.concepts import ConceptSet
from analysis_lib.errors import CirceError, InvalidDefinitionError

__all__ = ["Node", "at"]

T = TypeVar("T")
MOST_DEPTH = 100


@contextmanager
def at(path: str) -> Iterator[None]:
    """Name the place in the document in the errors of what is made of it.

    Parameters
    ----------
    path : str
        The place.

    Yields
    ------
    None
        While the part is made.

    Raises
    ------
    CirceError
        With the path first.
    """
    try:
        yield
    except CirceError:
        raise
    except InvalidDefinitionError as error:
        raise CirceError(f"{path}: {error}") from error


class Node:
    """One object of the document.

    Keys are read in any case and with or without underscores, as tools differ in how they write them.

    Parameters
    ----------
    document : Any
        The object.
    path : str, default ""
        Where it stands.
    """

    def __init__(self, document: Any, path: str = "") -> None:
        self.path = path
        if not isinstance(document, dict):
            raise CirceError(f"{path or 'the document'} must be an object; got {_kind(document)}. Mend the document.")
        if path.count(".") > MOST_DEPTH:
            raise CirceError(f"{path[:80]}… lies too deep; found over {MOST_DEPTH} objects inside one another.")
        self._left: dict[str, tuple[str, Any]] = {}
        for key, value in document.items():
            plain = _plain(str(key))
            if plain in self._left and value != self._left[plain][1]:
                raise CirceError(f"{self.at(key)} is said twice, in two spellings; found two values. Leave one.")
            self._left[plain] = (str(key), value)

    def at(self, key: str) -> str:
        """Say where a key stands.

        Parameters
        ----------
        key : str
            The key.

        Returns
        -------
        str
            Its path.
        """
        return f"{self.path}.{key}".lstrip(".")

    def take(self, *keys: str) -> Any:
        """Take a value out.

        Parameters
        ----------
        *keys : str
            The names that it may have.

        Returns
        -------
        Any
            The value; None if there is none.
        """
        found = [self._left.pop(_plain(key))[1] for key in keys if _plain(key) in self._left]
        return next((value for value in found if value is not None), None)

    def below(self, *keys: str) -> "Node | None":
        """Take an object out.

        Parameters
        ----------
        *keys : str
            The names that it may have.

        Returns
        -------
        Node or None
            None if there is none.
        """
        value = self.take(*keys)
        return None if value is None else Node(value, self.at(keys[0]))

    def nodes(self, *keys: str) -> "list[Node]":
        """Take a list of objects out.

        Parameters
        ----------
        *keys : str
            The names that it may have.

        Returns
        -------
        list of Node
            Empty if there is none.
        """
        value = self.take(*keys)
        if value is None:
            return []
        if not isinstance(value, list):
            raise CirceError(f"{self.at(keys[0])} must be a list; got {_kind(value)}. Mend the document.")
        return [Node(each, f"{self.at(keys[0])}[{number}]") for number, each in enumerate(value)]

    def flag(self, key: str) -> bool:
        """Take a yes or no out; none is no.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        bool
            The answer.
        """
        value = self.take(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise CirceError(f"{self.at(key)} must be true or false; got {_kind(value)}. Mend the document.")

    def whole(self, key: str, value: Any) -> int:
        """Read a whole number.

        Parameters
        ----------
        key : str
            Its name.
        value : Any
            What stands there.

        Returns
        -------
        int
            The number.
        """
        # Some tools write whole numbers as text or with a decimal point.
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            return int(value)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise CirceError(f"{self.at(key)} must be a whole number; got {_kind(value)}. Mend the document.")
        return value

    def number_of(self, *keys: str, default: int | None = None) -> int | None:
        """Take a whole number out.

        Parameters
        ----------
        *keys : str
            The names that it may have.
        default : int, optional
            What to give if there is none.

        Returns
        -------
        int or None
            The number.
        """
        value = self.take(*keys)
        return default if value is None else self.whole(keys[0], value)

    def word(self, key: str, value: Any, *, known: Mapping[str, T]) -> T:
        """Read a word from a closed list, in any case.

        Parameters
        ----------
        key : str
            Its name.
        value : Any
            What stands there.
        known : mapping of str to Any
            What the words mean, in lower case.

        Returns
        -------
        Any
            The meaning.
        """
        if not isinstance(value, str) or value.lower() not in known:
            raise CirceError(f"{self.at(key)} is not known; got {_kind(value)}. It may be one of: {', '.join(known)}.")
        return known[value.lower()]

    def concept_set(self, key: str, number: Any, *, among: Mapping[int, ConceptSet]) -> ConceptSet:
        """Look up a concept set by its number.

        Parameters
        ----------
        key : str
            Where the number stands.
        number : Any
            What stands there.
        among : mapping of int to ConceptSet
            The document's.

        Returns
        -------
        ConceptSet
            The set.
        """
        whole = self.whole(key, number)
        if whole not in among:
            raise CirceError(
                f"{self.at(key)} names concept set {whole}, which the document does not have; found "
                f"{', '.join(map(str, sorted(among))) or 'none'}. Add the set, or mend the number."
            )
        return among[whole]

    def only(self) -> tuple[str, Any]:
        """Take the one key that is left.

        Returns
        -------
        tuple of str and Any
            The key as it is written, and its value.
        """
        if len(self._left) != 1:
            names = ", ".join(key for key, _ in self._left.values()) or "nothing"
            raise CirceError(f"{self.path} must hold one kind of event; got {names}. Mend the document.")
        return self._left.popitem()[1]

    def finish(self) -> None:
        """Refuse what was not read.

        Raises
        ------
        CirceError
            With the paths of what is left.
        """
        left = [self.at(key) for key, value in self._left.values() if value not in (None, [], {}, "")]
        if left:
            raise CirceError(
                f"{left[0]} is not known; found {len(left)} such parts: {', '.join(left[:10])}. "
                "Nothing is left out silently: take it out of the document, or ask for it to be added."
            )


def _plain(key: str) -> str:
    return key.replace("_", "").lower()


def _kind(value: Any) -> str:
    shown = f" {value!r}" if isinstance(value, str | int | float) and len(str(value)) <= 40 else ""
    return f"{type(value).__name__}{shown}"
