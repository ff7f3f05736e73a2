"""The language of alert rules: what is watched, and when it is an alert.

::

    rule       =  "new output"  |  "missing"  |  target condition
    target     =  "n_persons" [ "[" text "]" ]
               |  id [ "." column ] [ "[" text { "," text } "]" ]
    condition  =  comparison number
               |  ( "changed" | "rose" | "fell" ) [ "by" ( "more than" | "at least" ) number [ "%" ] ]
               |  "missing"
    comparison =  ">"  |  ">="  |  "<"  |  "<="  |  "=="  |  "!="
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from hub_config.reports.changes.alerts.words import LONGEST_RULE, RuleText

__all__ = ["AlertRule", "Target", "parse_alert"]

Kind = Literal["compare", "change", "missing", "any-missing", "any-new"]
Direction = Literal["changed", "rose", "fell"]
COMPARISONS = (">", ">=", "<", "<=", "==", "!=")
DIRECTIONS: tuple[Direction, ...] = ("changed", "rose", "fell")
PERSONS = "n_persons"
_INSTEAD = {"=": "==", "=<": "<=", "=>": ">=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "===": "=="}


@dataclass(frozen=True)
class Target:
    """The number that a rule watches.

    Parameters
    ----------
    output : str
        Id of an output; '' for the persons of the run's cohort.
    column : str
        A column of estimates; ``persons``, ``exclusions``, ``n`` or ``events`` for a count; or ''.
    labels : tuple of str
        In the brackets. Without a column the last one is the table's column.
    """

    output: str
    column: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlertRule:
    """A rule that was read and understood.

    Parameters
    ----------
    text : str
        As it was written, without blanks around it.
    kind : str
        ``compare``, ``change``, ``missing``, ``any-missing`` or ``any-new``.
    target : Target or None
        What it watches; None for rules about any output.
    comparison : str
        One of ``>``, ``>=``, ``<``, ``<=``, ``==``, ``!=``; for a change ``>`` or ``>=``; or ''.
    direction : str
        ``changed``, ``rose``, ``fell``, or ''.
    amount : Fraction or None
        The number in the rule, exactly; None where it has none.
    is_percent : bool
        Whether the amount is a share of the earlier number.
    """

    text: str
    kind: Kind
    target: Target | None = None
    comparison: str = ""
    direction: Direction | Literal[""] = ""
    amount: Fraction | None = None
    is_percent: bool = False

    @property
    def needs_earlier_run(self) -> bool:
        """Whether it can only be checked against an earlier success."""
        return self.kind in {"change", "any-missing", "any-new"}


def parse_alert(text: str, *, known: Mapping[str, str] | None = None) -> AlertRule:
    """Read an alert rule.

    Parameters
    ----------
    text : str
        Such as ``events > 20`` or ``rate changed by more than 10 %``.
    known : mapping of str to str, optional
        Kind of each output that the report declares, by id; then outputs it does not declare are refused.

    Returns
    -------
    AlertRule
        Understood as a whole.

    Raises
    ------
    AlertRuleError
        If it is no rule, or names an unknown output, or one of another kind; with ``reason`` and ``position``.
    """
    rule = RuleText(text if isinstance(text, str) else "")
    if not isinstance(text, str):
        rule.refuse(f"An alert rule is text; found {type(text).__name__}. Put it in quotes.", reason="no-text")
    if len(text) > LONGEST_RULE:
        rule.refuse(
            f"An alert rule has at most {LONGEST_RULE} signs; found {len(text)}. Make two of it.", reason="too-long"
        )
    if rule.is_done:
        rule.refuse('An alert rule is empty; found no words. Write for instance "events > 20".', reason="empty")
    odd = next((place for place, sign in enumerate(text) if not sign.isprintable()), None)
    if odd is not None:
        rule.refuse("A rule is one line of plain text; found a control sign. Remove it.", reason="control-sign", at=odd)
    words = text.split()
    if words == ["missing"]:
        return AlertRule("missing", "any-missing")
    if words == ["new", "output"]:
        return AlertRule("new output", "any-new")
    return _parse_condition(rule, _parse_target(rule, known))


def _parse_target(rule: RuleText, known: Mapping[str, str] | None) -> Target:
    rule.skip_blanks()
    start = rule.at
    if rule.take(PERSONS):
        labels = rule.labels() if rule.peek() == "[" else ()
        if len(labels) > 1:
            rule.refuse(
                "n_persons takes one cohort; found more labels. Write one rule for each.", reason="too-many-labels"
            )
        return Target("", labels=labels)
    output = rule.output_id()
    column = ""
    if rule.text[rule.at : rule.at + 1] == ".":
        rule.at += 1
        column = rule.column()
    labels = rule.labels() if rule.peek() == "[" else ()
    if not column and len(labels) == 1:
        rule.refuse(
            'A cell of a table has a row and a column, such as table-1["Female", "n"]; found one label. Add the other, '
            "or write id.column for a table of one row.",
            reason="label-expected",
            at=start,
        )
    target = Target(output, column, labels)
    if known is not None:
        _check_known(rule, target, known=known, at=start)
    return target


def _check_known(rule: RuleText, target: Target, *, known: Mapping[str, str], at: int) -> None:
    kind = known.get(target.output)
    if kind is None:
        rule.refuse(
            f"The report has no output {target.output!r}; it declares {_listed(known)}. Use one of these.",
            reason="output-unknown",
            at=at,
        )
    counted = target.column in {"persons", "exclusions", "n", "events"}
    if counted or rule.text.split()[-1:] == ["missing"]:
        return
    whole = not target.column and not target.labels
    numbers = ", ".join(name for name, other in known.items() if other == "number") or "none"
    if kind == "number" and not whole:
        rule.refuse(
            f"Output {target.output!r} is a number; found a column or a row behind it. Write only its id.",
            reason="output-kind",
            at=at,
        )
    if kind == "table" and whole:
        rule.refuse(
            f"Output {target.output!r} is a table, and a rule watches one number; found no column. Write "
            f'{target.output}["row", "column"] or {target.output}.column["row"]. Numbers are: {numbers}.',
            reason="output-kind",
            at=at,
        )
    if kind == "figure":
        rule.refuse(
            f"Output {target.output!r} is a figure, which has no number but its counts; write "
            f"{target.output}.persons, or watch a number: {numbers}.",
            reason="output-kind",
            at=at,
        )


def _listed(known: Mapping[str, str]) -> str:
    names = [f"{name} ({kind})" for name, kind in known.items()]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "") or "none"


def _parse_condition(rule: RuleText, target: Target) -> AlertRule:
    text = rule.text.strip()
    if rule.is_done:
        rule.refuse(
            "A condition is missing; found the end of the rule. Write for instance > 20, or changed by more than 10 %.",
            reason="condition-missing",
        )
    rule.skip_blanks()
    start = rule.at
    sign = rule.sign()
    if sign:
        return _parse_comparison(rule, target, sign=sign, at=start)
    if rule.take("missing"):
        _end(rule)
        return AlertRule(text, "missing", target)
    direction = next((word for word in DIRECTIONS if rule.take(word)), None)
    if direction is None:
        rule.refuse(
            f"A condition is one of {' '.join(COMPARISONS)}, {', '.join(DIRECTIONS)}, missing; found something else. "
            "Write for instance events > 20.",
            reason="condition-unknown",
        )
    return _parse_change(rule, target, direction=direction)


def _parse_comparison(rule: RuleText, target: Target, *, sign: str, at: int) -> AlertRule:
    if sign not in COMPARISONS:
        instead = f"Write {_INSTEAD[sign]}." if sign in _INSTEAD else "Use one of these."
        rule.refuse(
            f"A comparison is one of {' '.join(COMPARISONS)}; found another sign. {instead}",
            reason="sign-unknown",
            at=at,
        )
    amount = Fraction(rule.number())
    if rule.peek() == "%":
        rule.refuse(
            "A number is compared with a number, not with a share; found %. Write for instance rate > 0.1, or rate "
            "changed by more than 10 %.",
            reason="percent-misplaced",
        )
    _end(rule)
    return AlertRule(rule.text.strip(), "compare", target, comparison=sign, amount=amount)


def _parse_change(rule: RuleText, target: Target, *, direction: Direction) -> AlertRule:
    text = rule.text.strip()
    if rule.is_done:
        return AlertRule(text, "change", target, direction=direction)
    if not rule.take("by"):
        rule.refuse(
            f"{direction} is followed by the end of the rule, by more than, or by at least; found something else. "
            f"Write for instance {direction} by more than 10 %.",
            reason="by-expected",
        )
    comparison = _how_much(rule)
    rule.skip_blanks()
    start = rule.at
    amount = Fraction(rule.number())
    if amount < 0:
        rule.refuse(
            "The size of a change is not negative; found a number below 0. "
            "Write fell, and the number without its sign.",
            reason="amount-negative",
            at=start,
        )
    if amount == 0 and comparison == ">=":
        rule.refuse(
            "Every number changes by at least 0; found 0. Write more than 0, or leave the amount out.",
            reason="amount-zero",
            at=start,
        )
    is_percent = rule.take("%")
    _end(rule)
    return AlertRule(
        text, "change", target, comparison=comparison, direction=direction, amount=amount, is_percent=is_percent
    )


def _how_much(rule: RuleText) -> str:
    for first, second, comparison in (("more", "than", ">"), ("at", "least", ">=")):
        if rule.take(first) and rule.take(second):
            return comparison
    return rule.refuse(
        "by is followed by more than, or at least; found something else. Write for instance by more than 10 %.",
        reason="by-expected",
    )


def _end(rule: RuleText) -> None:
    if not rule.is_done:
        rule.skip_blanks()
        rule.refuse(
            "A rule ends behind its condition; found more. Write two rules where two things are watched.",
            reason="trailing",
        )
