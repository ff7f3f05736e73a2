"""What results over person-time say of persons with several rows."""

from dataclasses import dataclass

from analysis_lib.models.result import ModelResult, left_out

__all__ = ["PersonTimeResult", "person_time_notes"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PersonTimeResult(ModelResult):
    """A result over person-time, whose rows may be parts of one follow-up."""

    def _notes(self) -> tuple[str, ...]:
        return person_time_notes(self)


def person_time_notes(result: ModelResult) -> tuple[str, ...]:
    """Say how many persons are behind the rows, and what that means for the intervals.

    Parts of one follow-up do not count twice; several events of one person do.

    Parameters
    ----------
    result : ModelResult
        Over person-time.

    Returns
    -------
    tuple of str
        Method, counts and exclusions.
    """
    notes = [f"Method: {result.method}.", f"{result.n:,} rows, {result.events:,} events."]
    # A table of counts over person-time does not say how many persons it is of.
    if (
        not result.settings.get("n_events")
        and (persons := result.persons.get("all", result.n)) < result.n
        and "events" in result.persons
    ):
        several = result.persons["events"] < result.events
        independent = "; the intervals take events of one person for independent" if several else ""
        notes.append(f"They come from {persons:,} persons{independent}.")
    if result.exclusions:
        notes.append(left_out(result.n_excluded, result.exclusions))
    return tuple(notes)
