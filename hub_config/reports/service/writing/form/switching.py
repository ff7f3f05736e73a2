"""Another template in the form: its fields take the place of those that were shown, and what was typed goes along."""

from hub_config.reports.service.writing.form.conversion import Opened, document_of, typed_of
from hub_config.reports.service.writing.form.judging import is_opened
from hub_config.reports.service.writing.form.parameter_values import KEPT, PREFIX
from hub_config.reports.service.writing.form.sweep_fields import KEPT_LISTS, LISTS
from hub_config.reports.service.writing.form.typed import Typed

__all__ = ["with_template"]

_OF_TEMPLATE = (PREFIX, LISTS, KEPT, KEPT_LISTS)


def with_template(typed: Typed, opened: Opened, *, to: Opened) -> tuple[dict[str, list[str]], Opened]:
    """Show what stands in the form with the fields of another template.

    Parameters
    ----------
    typed : mapping
        All fields.
    opened : Opened
        With which the form was opened.
    to : Opened
        The same document, with the parameters of the other template.

    Returns
    -------
    dict
        All fields, of the other template. What it has no parameter for is offered to be kept or dropped.
    Opened
        The document with the parameters that were typed.
    """
    read = document_of(typed, opened)
    of_template = {name: read.document[name] for name in ("parameters", "sweep") if name in read.document}
    others = {name: value for name, value in opened.document.items() if name not in {"parameters", "sweep"}}
    document = others | of_template
    known = Opened(document if is_opened(document) else opened.document, to.parameters)
    fresh = typed_of(known)
    wrong = {one.field for one in read.problems}
    same = {
        name: list(texts)
        for name, texts in typed.items()
        if not name.startswith(_OF_TEMPLATE) or (name in wrong and name in fresh)
    }
    return fresh | same, known
