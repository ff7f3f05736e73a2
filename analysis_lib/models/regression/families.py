"""The exponential families of generalised linear models, and their links.

McCullagh P. and Nelder J. A. (1989), Generalized Linear Models, 2nd ed., Chapman and Hall: variance functions and
deviances in table 2.1 and section 2.3. Negative binomial as in Venables and Ripley (2002), section 7.4: the variance is
mu + mu^2 / theta.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis_lib.errors import ModelInputError
from analysis_lib.models.arguments import checked_choice

__all__ = ["FAMILIES", "Family", "FamilyName", "Link", "LinkName", "family_of"]

FloatArray = npt.NDArray[np.float64]
FamilyName = Literal["gaussian", "binomial", "poisson", "negative binomial", "gamma", "inverse gaussian"]
LinkName = Literal["identity", "logit", "probit", "cloglog", "log", "inverse", "inverse squared", "sqrt"]
#: Nearer to 0 and 1 than this a fitted probability is put back: the weights of probit and cloglog are 0/0 there.
_EDGE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Link:
    """How the mean hangs on the linear predictor.

    Attributes
    ----------
    name : str
        Its name.
    predictor : callable
        From the mean to the linear predictor.
    mean : callable
        From the linear predictor to the mean.
    slope : callable
        From the linear predictor to the derivative of the mean.
    positive : bool
        Whether the linear predictor must be positive.
    """

    name: LinkName
    predictor: Callable[[FloatArray], FloatArray]
    mean: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    positive: bool = False


def _inside(probability: FloatArray) -> FloatArray:
    return np.clip(probability, _EDGE, 1 - _EDGE)


def _normal_density(eta: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * eta * eta) / np.sqrt(2 * np.pi))


def _cloglog_mean(eta: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):
        return _inside(-np.expm1(-np.exp(eta)))


def _cloglog_slope(eta: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.exp(eta - np.exp(eta)))


def _logit_slope(eta: FloatArray) -> FloatArray:
    mu = special.expit(eta)
    return np.asarray(mu * (1 - mu))


LINKS: Mapping[str, Link] = {
    "identity": Link("identity", lambda mu: mu, lambda eta: eta, np.ones_like),
    "logit": Link("logit", special.logit, special.expit, _logit_slope),
    "probit": Link("probit", special.ndtri, lambda eta: _inside(special.ndtr(eta)), _normal_density),
    "cloglog": Link("cloglog", lambda mu: np.log(-np.log1p(-mu)), _cloglog_mean, _cloglog_slope),
    "log": Link("log", np.log, np.exp, np.exp),
    "inverse": Link("inverse", np.reciprocal, np.reciprocal, lambda eta: -1 / eta**2, positive=True),
    "inverse squared": Link(
        "inverse squared", lambda mu: 1 / mu**2, lambda eta: eta**-0.5, lambda eta: -0.5 * eta**-1.5, positive=True
    ),
    "sqrt": Link("sqrt", np.sqrt, np.square, lambda eta: 2 * eta, positive=True),
}


@dataclass(frozen=True)
class Family:
    """A family of distributions.

    Attributes
    ----------
    name : str
        Its name.
    links : tuple of str
        Links that make sense for it; the first is the default.
    canonical : str
        The link under which Fisher's scoring is Newton's method.
    variance : callable
        From the mean to the variance, up to the scale.
    unit_deviance : callable
        From outcome and mean to the deviance of one row.
    has_scale : bool
        Whether the scale is estimated (from Pearson's statistic), else it is 1.
    outcome : str
        What the outcome may be, for messages.
    theta : float or None
        Size of the negative binomial; None for the others.
    """

    name: FamilyName
    links: tuple[LinkName, ...]
    canonical: LinkName
    variance: Callable[[FloatArray], FloatArray]
    unit_deviance: Callable[[FloatArray, FloatArray], FloatArray]
    has_scale: bool
    outcome: str
    theta: float | None = None

    def fits(self, y: FloatArray) -> bool:
        """Tell whether outcomes are possible.

        Parameters
        ----------
        y : ndarray of float64
            Finite outcomes.

        Returns
        -------
        bool
            False if one cannot come from this family.
        """
        if self.name == "binomial":
            return bool(((y >= 0) & (y <= 1)).all())
        if self.name in {"poisson", "negative binomial"}:
            return bool((y >= 0).all())
        return self.name == "gaussian" or bool((y > 0).all())

    def start(self, y: FloatArray, centre: float) -> FloatArray:
        """Guess means from outcomes, for the first step.

        Parameters
        ----------
        y : ndarray of float64
            Outcomes.
        centre : float
            Their mean.

        Returns
        -------
        ndarray of float64
            Inside the range of means.
        """
        if self.name == "binomial":
            return (y + 0.5) / 2
        if self.name == "gaussian":
            return y
        return (y + centre) / 2

    def saturated(self, y: FloatArray, weight: FloatArray, *, frequency: FloatArray) -> float:
        """Add up what the log likelihood has beyond minus half the deviance, where no scale is in it.

        Parameters
        ----------
        y, weight, frequency : ndarray of float64
            Outcome, analytic weight, frequency weight.

        Returns
        -------
        float
            Zero for a 0/1 outcome.
        """
        if self.name == "binomial":
            inside = (y > 0) & (y < 1)
            if not inside.any():
                return 0.0
            # A share with weight n is n trials.
            n, k = weight[inside], (weight * y)[inside]
            choose = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
            rest = special.xlogy(k, k / n) + special.xlogy(n - k, 1 - k / n)
            return float(np.sum(frequency[inside] * (choose + rest)))
        if self.name == "poisson":
            return float(np.sum(frequency * weight * (special.xlogy(y, y) - y - special.gammaln(y + 1))))
        theta = self.theta or 1.0
        each = (
            special.gammaln(theta + y)
            - special.gammaln(theta)
            - special.gammaln(y + 1)
            + special.xlogy(y, y / (y + theta))
            - theta * np.log1p(y / theta)
        )
        return float(np.sum(frequency * weight * each))


def _gaussian(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray((y - mu) ** 2)


def _binomial(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray(
        2 * (special.xlogy(y, y) - special.xlogy(y, mu) + special.xlogy(1 - y, 1 - y) - special.xlog1py(1 - y, -mu))
    )


def _poisson(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray(2 * (special.xlogy(y, y) - special.xlogy(y, mu) - (y - mu)))


def _gamma(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray(2 * ((y - mu) / mu - np.log(y / mu)))


def _inverse_gaussian(y: FloatArray, mu: FloatArray) -> FloatArray:
    return np.asarray((y - mu) ** 2 / (y * mu**2))


FAMILIES: Mapping[str, Family] = {
    "gaussian": Family(
        name="gaussian",
        links=("identity", "log", "inverse"),
        canonical="identity",
        variance=np.ones_like,
        unit_deviance=_gaussian,
        has_scale=True,
        outcome="any finite number",
    ),
    "binomial": Family(
        name="binomial",
        links=("logit", "probit", "cloglog", "log", "identity"),
        canonical="logit",
        variance=lambda mu: mu * (1 - mu),
        unit_deviance=_binomial,
        has_scale=False,
        outcome="bool, 0/1, or a share between 0 and 1 with weights as trials",
    ),
    "poisson": Family(
        name="poisson",
        links=("log", "identity", "sqrt"),
        canonical="log",
        variance=lambda mu: mu,
        unit_deviance=_poisson,
        has_scale=False,
        outcome="a count: 0 or more",
    ),
    "gamma": Family(
        name="gamma",
        links=("inverse", "log", "identity"),
        canonical="inverse",
        variance=np.square,
        unit_deviance=_gamma,
        has_scale=True,
        outcome="greater than 0",
    ),
    "inverse gaussian": Family(
        name="inverse gaussian",
        links=("inverse squared", "inverse", "log", "identity"),
        canonical="inverse squared",
        variance=lambda mu: mu**3,
        unit_deviance=_inverse_gaussian,
        has_scale=True,
        outcome="greater than 0",
    ),
}


def negative_binomial(theta: float) -> Family:
    """Give the negative binomial family of one size.

    Parameters
    ----------
    theta : float
        Size, > 0; the variance is mu + mu^2 / theta.

    Returns
    -------
    Family
        With log link.
    """

    def deviance(y: FloatArray, mu: FloatArray) -> FloatArray:
        return np.asarray(2 * (special.xlogy(y, y / mu) - (y + theta) * np.log((y + theta) / (mu + theta))))

    return Family(
        name="negative binomial",
        links=("log", "identity", "sqrt"),
        canonical="log",
        variance=lambda mu: mu + mu**2 / theta,
        unit_deviance=deviance,
        has_scale=False,
        outcome="a count: 0 or more",
        theta=theta,
    )


def family_of(name: str, link: str | None) -> tuple[Family, Link]:
    """Look up a family and a link for it.

    Parameters
    ----------
    name : str
        Name of the family.
    link : str or None
        Name of the link; None for the family's default.

    Returns
    -------
    tuple of Family and Link
        A negative binomial has size 1 until it is estimated.

    Raises
    ------
    ModelInputError
        If either is not known, or they do not go together.
    """
    plain = name.lower().replace("_", " ") if isinstance(name, str) else name
    checked_choice(plain, "family", known=[*FAMILIES, "negative binomial"])
    family = negative_binomial(1.0) if plain == "negative binomial" else FAMILIES[plain]
    if link is None:
        return family, LINKS[family.links[0]]
    wanted = link.lower().replace("_", " ") if isinstance(link, str) else link
    if wanted not in family.links:
        raise ModelInputError(
            f"link of family {family.name} must be one of {', '.join(family.links)}; found {link!r}. Use one of these."
        )
    return family, LINKS[wanted]
