"""Alert rules, checked against a run and the last success before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any, Literal

from hub_config.reports.changes.alerts.rules import AlertRule, Target
from hub_config.reports.changes.alerts.watched_numbers import WatchedRun
from hub_config.reports.changes.cells import Number, shown
from hub_config.reports.changes.declared_outputs import DeclaredOutput, DeclaredRun, read_declared
from hub_config.reports.changes.differences import (
    Difference,
    Tolerance,
    Tolerances,
    compute_difference,
    jsonable,
)
from hub_config.reports.changes.texts import text

__all__ = ["REASONS", "AlertResult", "check_alerts"]

State = Literal["fired", "quiet", "unchecked"]
MOST_NAMED = 20
_COMPARE = {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}

#: Reasons beside those of `WHY_NOT`; the words are stable.
REASONS = ("from-zero", "from-infinity", "no-earlier-run")


@dataclass(frozen=True, kw_only=True)
class AlertResult:
    """What came of one rule.

    Parameters
    ----------
    rule : AlertRule
        The rule.
    state : {"fired", "quiet", "unchecked"}
        ``unchecked`` wants to be looked at as much as ``fired``.
    reason : str
        Stable word: why it could not be checked (`WHY_NOT` of `alerts.watched_numbers`, ``no-earlier-run``), or
        ``from-zero`` where a share of 0 was asked for; else ''.
    side : str
        ``before`` or ``after``: in which run the reason lies; or ''.
    difference : Difference or None
        The numbers, for the page; ``before`` is None where the rule does not need it.
    outputs : tuple of str
        Outputs that are new, or missing; at most 20.
    """

    rule: AlertRule
    state: State
    reason: str = ""
    side: str = ""
    difference: Difference | None = None
    outputs: tuple[str, ...] = ()

    @property
    def is_alert(self) -> bool:
        """Whether somebody should look: it fired, or could not be checked."""
        return self.state != "quiet"

    def page_text(self, language: str = "en") -> str:
        """Say the result with its numbers, for those who may see the report.

        Parameters
        ----------
        language : str, default 'en'
            ``en`` or ``ko``.

        Returns
        -------
        str
            One to three sentences.
        """
        parts = [text(f"alert_{self.state}", language, rule=self.rule.text)]
        found = self.difference
        if found is not None and found.after is not None:
            key = "alert_value" if found.before is None else "alert_change"
            parts.append(text(key, language, before=shown(found.before or 0), after=shown(found.after)))
        if self.outputs:
            parts.append(text("alert_outputs", language, names=", ".join(self.outputs)))
        return " ".join([*parts, *self._why(language)])

    def mail_text(self, language: str = "en") -> str:
        """Say the result without any number, threshold, row or name that the notebook gave.

        Parameters
        ----------
        language : str, default 'en'
            ``en`` or ``ko``.

        Returns
        -------
        str
            One or two sentences; of the rule only the id of its output.
        """
        target, why = self.rule.target, " ".join(self._why(language))
        if self.state == "quiet":
            return text("mail_quiet", language)
        if target is None:
            key = "mail_new" if self.rule.kind == "any-new" else "mail_missing"
            return text(key if self.state == "fired" else "mail_unchecked_any", language, why=why)
        if self.state == "unchecked":
            key = "mail_unchecked" if target.output else "mail_unchecked_persons"
        elif not target.output:
            key = "mail_fired_persons"
        elif self.reason == "from-zero":
            key = "mail_from_zero"
        else:
            key = "mail_output_missing" if self.rule.kind == "missing" else "mail_fired"
        return text(key, language, output=target.output, why=why)

    def _why(self, language: str) -> list[str]:
        if not self.reason:
            return []
        why = text(f"why_{self.reason}", language)
        earlier = self.side == "before" and self.reason != "no-earlier-run"
        return [text("why_side_before", language, why=why) if earlier else why]

    def to_dict(self) -> dict[str, Any]:
        """Give the result as types that JSON knows; with numbers, so for the page and not for a mail.

        Returns
        -------
        dict
            Keys rule, output, state, reason, side, is_alert, threshold, is_percent, numbers, outputs.
        """
        amount = self.rule.amount
        return {
            "rule": self.rule.text,
            "output": self.rule.target.output if self.rule.target else "",
            "state": self.state,
            "reason": self.reason,
            "side": self.side,
            "is_alert": self.is_alert,
            "threshold": None if amount is None else jsonable(float(amount)),
            "is_percent": self.rule.is_percent,
            "numbers": self.difference.to_dict() if self.difference else None,
            "outputs": list(self.outputs),
        }


def check_alerts(
    rules: Sequence[AlertRule], *, before: Path | None, after: Path, tolerances: Tolerances | None = None
) -> tuple[AlertResult, ...]:
    """Check alert rules against a run.

    Parameters
    ----------
    rules : sequence of AlertRule
        From `parse_alert`.
    before : Path or None
        Folder of the last success before it; None where there is none.
    after : Path
        Folder of the run.
    tolerances : Tolerances, optional
        What counts as a change where a rule names no amount.

    Returns
    -------
    tuple of AlertResult
        One for each rule, in their order. What a rule needs and does not find makes it ``unchecked``, never ``quiet``.
    """
    earlier = None if before is None else WatchedRun(read_declared(before))
    run = WatchedRun(read_declared(after))
    chosen = tolerances or Tolerances()
    return tuple(_check(rule, before=earlier, after=run, tolerances=chosen) for rule in rules)


def _check(rule: AlertRule, *, before: WatchedRun | None, after: WatchedRun, tolerances: Tolerances) -> AlertResult:
    if rule.needs_earlier_run and before is None:
        return AlertResult(rule=rule, state="unchecked", reason="no-earlier-run", side="before")
    if rule.kind == "missing" and rule.target:
        is_missing = after.is_missing(rule.target)
        if is_missing is None:
            return AlertResult(rule=rule, state="unchecked", reason="outputs-unreadable", side="after")
        return AlertResult(rule=rule, state="fired" if is_missing else "quiet")
    if rule.kind == "compare" and rule.target:
        return _check_value(rule, rule.target, after=after)
    if before is not None and rule.kind == "change" and rule.target:
        return _check_change(rule, rule.target, before=before, after=after, tolerances=tolerances)
    return _check_outputs(rule, before=before.run if before else after.run, after=after.run)


def _check_outputs(rule: AlertRule, *, before: DeclaredRun, after: DeclaredRun) -> AlertResult:
    for side, run in (("before", before), ("after", after)):
        if not run.is_readable:
            return AlertResult(rule=rule, state="unchecked", reason="outputs-unreadable", side=side)
    if rule.kind == "any-new":
        found = [name for name in after.outputs if name not in before.outputs]
    else:
        found = [
            name
            for name in before.outputs
            if name not in after.outputs or _lost_value(before.outputs[name], after.outputs[name])
        ]
    return AlertResult(rule=rule, state="fired" if found else "quiet", outputs=tuple(found[:MOST_NAMED]))


def _lost_value(old: DeclaredOutput, new: DeclaredOutput) -> bool:
    return old.kind != new.kind or (old.value is not None and new.value is None)


def _check_value(rule: AlertRule, target: Target, *, after: WatchedRun) -> AlertResult:
    found = after.find(target)
    if found.value is None:
        return AlertResult(rule=rule, state="unchecked", reason=found.why_not, side="after")
    amount = rule.amount or Fraction(0)
    fired = bool(_COMPARE[rule.comparison](_exact(found.value), amount))
    shown = Difference(None, found.value, None, None, "same")
    return AlertResult(rule=rule, state="fired" if fired else "quiet", difference=shown)


def _check_change(
    rule: AlertRule, target: Target, *, before: WatchedRun, after: WatchedRun, tolerances: Tolerances
) -> AlertResult:
    new, old = after.find(target), before.find(target)
    # What this run lacks comes first: it is what somebody can still mend.
    if new.value is None:
        return AlertResult(rule=rule, state="unchecked", reason=new.why_not, side="after")
    if old.value is None:
        return AlertResult(rule=rule, state="unchecked", reason=old.why_not, side="before")
    tolerance = tolerances.of(target.output)
    difference = compute_difference(old.value, new.value, tolerance=tolerance)
    state, reason = _judge_change(rule, old=old.value, new=new.value, tolerance=tolerance)
    return AlertResult(rule=rule, state=state, reason=reason, difference=difference)


def _judge_change(rule: AlertRule, *, old: Number, new: Number, tolerance: Tolerance) -> tuple[State, str]:
    if old == new or (rule.direction == "rose" and new < old) or (rule.direction == "fell" and new > old):
        return "quiet", ""
    if rule.amount is None:
        return ("quiet" if compute_difference(old, new, tolerance=tolerance).is_within else "fired"), ""
    one, other = _exact(old), _exact(new)
    if not isinstance(one, Fraction):
        return "fired", "from-infinity"
    if not isinstance(other, Fraction):
        return "fired", ""
    if rule.is_percent and one == 0:
        return "fired", "from-zero"
    size = abs(other - one) / abs(one) * 100 if rule.is_percent else abs(other - one)
    return ("fired" if _COMPARE[rule.comparison](size, rule.amount) else "quiet"), ""


def _exact(number: Number) -> Fraction | float:
    """Take a number as it is written, so that from 100 to 107 are 7 % and not a little more."""
    text = repr(number)
    return Fraction(text) if text not in {"inf", "-inf"} else float(number)
