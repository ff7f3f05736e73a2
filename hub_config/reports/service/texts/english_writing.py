"""What the pages on which report definitions are written say in English."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH_WRITING"]

ENGLISH_WRITING: Mapping[str, str] = MappingProxyType(
    {
        # definitions of another version
        "unreadable_title": "This version of CohortHub cannot read this report.",
        "unreadable_what": (
            "An older or a newer version wrote it, in a way that is not known here. Nothing of it was changed."
        ),
        "unreadable_next": (
            "Its runs and results stay where they are. To use it again, ask an operator for the version that wrote "
            "it, or write it anew under another name with what is shown below."
        ),
        "unreadable_document": "What stands there",
        "draft_approved_unreadable": (
            "What was approved was written by another version of CohortHub and cannot be compared: all of the "
            "draft is to be approved."
        ),
    }
)
