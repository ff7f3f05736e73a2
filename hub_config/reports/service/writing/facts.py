"""A report definition in words: what it runs, when, who is told, what is kept."""

from collections.abc import Iterator, Sequence

from hub_config.projects import Project
from hub_config.reports.definitions import Definition
from hub_config.reports.service.texts import Texts

__all__ = ["definition_facts"]

Fact = tuple[str, str]


def definition_facts(definition: Definition, *, project: Project, texts: Texts) -> list[Fact]:
    """Say what a definition tells the service to do.

    Parameters
    ----------
    definition : Definition
        Any.
    project : Project
        Whose it is; its limits and zone hold where the definition has none.
    texts : Texts
        The words of the reader's language.

    Returns
    -------
    list of tuple of str
        What, and what is said of it.
    """
    return [
        *_times(definition, project, texts=texts),
        *_runs(definition, project, texts=texts),
        *_readers(definition, texts),
    ]


def _times(one: Definition, project: Project, *, texts: Texts) -> Iterator[Fact]:
    yield texts["label_zone"], one.timezone or project.timezone
    yield texts["label_until"], one.until.isoformat() if one.until else texts["none_set"]
    if one.holidays:
        yield texts["label_holidays"], texts.text("n_days", n=len(one.holidays))
    missed = texts[f"missed_{one.missed}"]
    yield (
        texts["label_missed"],
        missed if one.missed != "all" else texts.text("missed_at_most", what=missed, n=one.missed_limit),
    )
    late = texts.duration(one.late_after_seconds) or texts["none_set"]
    yield texts["label_late"], late


def _runs(one: Definition, project: Project, *, texts: Texts) -> Iterator[Fact]:
    cell = min(one.limits.cell_seconds or project.limits.cell_seconds, project.limits.cell_seconds)
    run = min(one.limits.run_seconds or project.limits.run_seconds, project.limits.run_seconds)
    yield texts["label_limits"], texts.text("limits", cell=texts.duration(min(cell, run)), run=texts.duration(run))
    yield texts["label_retries"], _retries(one, texts)
    if one.priority:
        yield texts["label_priority"], str(min(one.priority, project.limits.max_priority))
    pinned = ", ".join(f"{name}@{release}" for name, release in one.release.datasets.items())
    yield texts["label_release"], texts[f"release_{one.release.policy}"] + (f": {pinned}" if pinned else "")


def _retries(one: Definition, texts: Texts) -> str:
    if not one.retries:
        return texts["retries_none"]
    states = ", ".join(texts.states[state] for state in one.retry_after)
    return texts.text("retries_some", n=one.retries, delay=texts.duration(one.retry_delay_seconds), states=states)


def _readers(one: Definition, texts: Texts) -> Iterator[Fact]:
    told = []
    for each in one.recipients:
        events = ", ".join(texts[f"tell_{event.value}"] for event in each.events)
        told.append(f"{each.target} ({events})")
    yield texts["label_recipients"], _listed(told, texts, nothing="recipients_none")
    yield texts["label_alerts"], _listed(one.alerts, texts, nothing="alerts_none")
    kept = []
    if one.retention.successes is not None:
        kept.append(texts.text("kept_successes", n=one.retention.successes))
    if one.retention.days is not None:
        kept.append(texts.text("kept_days", n=one.retention.days))
    yield texts["label_retention"], _listed(kept, texts, nothing="kept_for_ever")


def _listed(items: Sequence[str], texts: Texts, *, nothing: str) -> str:
    return "; ".join(items) if items else texts[nothing]
