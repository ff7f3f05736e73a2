"""The words in which a crate says how a run ended, what a parameter was, and how things are called."""

import base64
import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

__all__ = [
    "action_error",
    "action_status",
    "action_status_text",
    "action_time",
    "file_id",
    "file_path",
    "hash_id",
    "property_value",
    "text_of",
]


def action_status(record: Mapping[str, Any]) -> str:
    """Give a run's state in the words of schema.org.

    Parameters
    ----------
    record : mapping
        A run's record.

    Returns
    -------
    str
        The address of CompletedActionStatus, or of FailedActionStatus for every other end.
    """
    done = record.get("status") == "succeeded"
    return f"http://schema.org/{'Completed' if done else 'Failed'}ActionStatus"


def action_status_text(record: Mapping[str, Any]) -> str:
    """Give a run's state in our own words.

    Parameters
    ----------
    record : mapping
        A run's record.

    Returns
    -------
    str
        Such as ``timed out``.
    """
    return text_of(record.get("status")).replace("_", " ")


def action_error(record: Mapping[str, Any]) -> str:
    """Give why a run did not succeed.

    Parameters
    ----------
    record : mapping
        A run's record.

    Returns
    -------
    str
        Code and message, which hold no value from the data; '' for success.
    """
    error = record.get("error")
    if record.get("status") == "succeeded" or not isinstance(error, Mapping):
        return ""
    return f"{text_of(error.get('code'))}: {text_of(error.get('message'))}"


def action_time(time: Any) -> str:
    """Give a time as validators of the profile want it, with an offset rather than a Z.

    Parameters
    ----------
    time : object
        As ``run.json`` has it.

    Returns
    -------
    str
        ISO 8601; '' for what is no text.
    """
    return re.sub(r"Z$", "+00:00", text_of(time))


def property_value(value: Any) -> Any:
    """Give a parameter's value as the crate holds it.

    Parameters
    ----------
    value : object
        As ``run.json`` has it.

    Returns
    -------
    str, int, float or bool
        What is none of these (a list, no value, an infinite number) as JSON text.
    """
    plain = isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))
    return value if plain else json.dumps(value, ensure_ascii=False)


def file_id(path: str) -> str:
    """Give the identifier of a file of the folder.

    Parameters
    ----------
    path : str
        Relative to the folder.

    Returns
    -------
    str
        A relative address (RFC 3986), bytes that are no letters or digits written with ``%``.
    """
    return quote(os.fsencode(path), safe="/")


def file_path(identifier: str) -> str:
    """Give the path that `file_id` was made from.

    Parameters
    ----------
    identifier : str
        Of a file in a crate.

    Returns
    -------
    str
        Relative to the folder.
    """
    return os.fsdecode(unquote_to_bytes(identifier))


def hash_id(digest: str) -> str | None:
    """Name something by its hash alone (RFC 6920).

    Parameters
    ----------
    digest : str
        SHA-256 in hexadecimal.

    Returns
    -------
    str or None
        None for what is no such hash.
    """
    if re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII) is None:
        return None
    return f"ni:///sha-256;{base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip('=')}"


def text_of(value: Any) -> str:
    """Give a value of a record that should be text.

    Parameters
    ----------
    value : object
        Any.

    Returns
    -------
    str
        It, or '' for what is no text.
    """
    return value if isinstance(value, str) else ""
