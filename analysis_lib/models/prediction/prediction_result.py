"""What the results about predictions have in common."""

from dataclasses import dataclass

from analysis_lib.models.result import ModelResult, left_out

__all__ = ["PredictionResult"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PredictionResult(ModelResult):
    """A result whose intervals allow for several rows of a person."""

    def _notes(self) -> tuple[str, ...]:
        notes = [f"Method: {self.method}.", f"{self.n:,} rows, {self.events:,} events."]
        if (persons := self.persons.get("all", self.n)) < self.n:
            notes.append(f"They come from {persons:,} persons; the intervals allow for repeated rows.")
        if self.exclusions:
            notes.append(left_out(self.n_excluded, self.exclusions))
        return tuple(notes)
