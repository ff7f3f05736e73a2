"""What every model says of robust errors by few clusters."""

__all__ = ["few_clusters_note"]

#: Below so many, errors by cluster are too small to be left without a word (Cameron A. C., Miller D. L. (2015). J. Hum.
#: Resour. 50(2), 317-372: from 20 to 50, by how unequal they are).
FEW = 40


def few_clusters_note(clusters: int, coefficients: int) -> str:
    """Write what few clusters do to robust errors.

    Parameters
    ----------
    clusters : int
        How many there are.
    coefficients : int
        Of the model.

    Returns
    -------
    str
        A sentence, or nothing where there are enough.
    """
    if clusters <= coefficients:
        return (
            f"{clusters:,} clusters cannot bear errors of {coefficients:,} coefficients: these intervals and p values "
            "say next to nothing. Cluster by something finer, or fit fewer terms."
        )
    return f"With fewer than {FEW} clusters robust errors come out too small." if clusters < FEW else ""
