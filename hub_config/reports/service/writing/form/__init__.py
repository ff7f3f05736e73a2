"""The typed form of a report definition.

To add a field to the form: one line in `plain_fields` (or in `rows`, if it repeats), its label and help in the texts,
and its place on the page in `layout`. What is right and wrong is said by the definition alone, not here.
"""

from hub_config.reports.service.writing.form.conversion import Opened, ReadForm, document_of, typed_of
from hub_config.reports.service.writing.form.typed import Typed, first, typed_from

__all__ = ["Opened", "ReadForm", "Typed", "document_of", "first", "typed_from", "typed_of"]
