"""Drawing negative controls; apart because matplotlib takes a while to load."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from analysis_lib.figures import GREY, PALETTE, StudyFigure, journal_style, study_figure

if TYPE_CHECKING:
    from analysis_lib.models.effectiveness.error_model import ErrorModel
    from analysis_lib.models.effectiveness.negative_controls import EmpiricalNull

__all__ = ["calibration_figure", "error_model_figure"]

_TICKS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0)


def calibration_figure(null: "EmpiricalNull", *, width: float, title: str) -> StudyFigure:
    """Draw controls by effect and standard error, with the lines where p is 0.05 before and after calibration.

    Parameters
    ----------
    null : EmpiricalNull
        What was estimated.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        The controls attached.
    """
    table = null.to_frame()
    alt = f"{len(table)} negative controls by estimated ratio and standard error; mean bias {np.exp(null.mean):.2f}."
    with journal_style():
        figure = study_figure(width=width, height=3.2, data=table, alt_text=alt)
        axes = figure.add_subplot()
        highest = 1.15 * float(table["se"].max())
        se = np.linspace(0, highest, 200)
        axes.set_xscale("log")
        for sign in (-1, 1):
            plain, total = sign * 1.959964 * se, null.mean + sign * 1.959964 * np.hypot(null.sd, se)
            first = sign < 0
            axes.plot(
                np.exp(plain), se, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="p = 0.05" if first else None
            )
            axes.plot(
                np.exp(total), se, color=PALETTE[1], linewidth=1.1, label="calibrated p = 0.05" if first else None
            )
        axes.axvline(1.0, color=GREY, linewidth=0.7)
        axes.plot(
            np.exp(table["log_estimate"]), table["se"], "o", color=PALETTE[0], markersize=4, label="negative control"
        )
        reach = 1.1 * max(float(table["log_estimate"].abs().max()), 0.8)
        axes.set_xlim(np.exp(-reach), np.exp(reach))
        axes.set_ylim(0, highest)
        axes.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if abs(np.log(tick)) <= reach]))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
        axes.set_xlabel("Estimated ratio, log scale")
        axes.set_ylabel("Standard error")
        axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1), ncols=3, borderaxespad=0.2, columnspacing=1.0)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure


def error_model_figure(model: "ErrorModel", *, width: float, title: str) -> StudyFigure:
    """Draw the controls by true and estimated ratio, with the line of no error and the fitted errors.

    Parameters
    ----------
    model : ErrorModel
        What was estimated.
    width : float
        Inches.
    title : str
        Above the plot; empty for none.

    Returns
    -------
    StudyFigure
        The controls attached.
    """
    table = model.to_frame()
    truth = table["true_log_effect"].to_numpy(dtype=np.float64)
    alt = f"{len(table)} controls by true and estimated ratio, with the fitted mean and spread of systematic error."
    with journal_style():
        figure = study_figure(width=width, height=3.4, data=table, alt_text=alt)
        axes = figure.add_subplot()
        reach = 0.08 * max(float(np.ptp(truth)), 0.1)
        at = np.linspace(truth.min() - reach, truth.max() + reach, 200)
        mean = model.mean_intercept + model.mean_slope * at
        spread = 1.959964 * np.maximum(model.sd_intercept + model.sd_slope * np.abs(at), 0)
        low, high, label = np.exp(mean - spread), np.exp(mean + spread), "95% of systematic errors"
        axes.fill_between(np.exp(at), low, high, color=PALETTE[1], alpha=0.18, linewidth=0, label=label)
        axes.plot(np.exp(at), np.exp(mean), color=PALETTE[1], linewidth=1.1, label="mean")
        axes.plot(np.exp(at), np.exp(at), color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), label="no error")
        estimates = np.exp(table["log_estimate"])
        axes.plot(np.exp(truth), estimates, "o", color=PALETTE[0], markersize=3.5, alpha=0.7, label="control")
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis, values in ((axes.xaxis, np.exp(at)), (axes.yaxis, np.append(estimates, np.exp([mean.min()])))):
            axis.set_major_locator(
                FixedLocator([tick for tick in _TICKS if values.min() / 1.3 <= tick <= values.max() * 1.3])
            )
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
        axes.set_xlabel("True ratio, log scale")
        axes.set_ylabel("Estimated ratio, log scale")
        axes.legend(loc="lower left", bbox_to_anchor=(-0.1, 1), ncols=4, borderaxespad=0.2, columnspacing=1.0)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    return figure
