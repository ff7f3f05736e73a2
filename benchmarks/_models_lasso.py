"""The lasso of a propensity score on sparse covariates: ours, glmnet and scikit-learn on the same stored matrix.

    python benchmarks/_models_lasso.py JOB ENGINE DATA_FOLDER --runs N

JOB is ``lasso-path`` (the whole path that glmnet chooses) or ``lasso-one`` (one penalty, a twentieth of the largest).
ENGINE is ``ours``, ``glmnet`` (needs Rscript) or ``sklearn``, which has no path and solves ``lasso-one`` only.
The data are made once, before any clock: 200,000 persons by 5,000 covariates of 0 and 1, 1 to 2 % filled.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from _measuring import repeated, say

PERSONS, COVARIATES = int(os.environ.get("LASSO_PERSONS", "200000")), int(os.environ.get("LASSO_COVARIATES", "5000"))
SHARE_OF_LARGEST = 1 / 20
SCRIPT = """
suppressMessages({library(glmnet); library(Matrix)})
a <- commandArgs(TRUE); folder <- a[1]; runs <- as.integer(a[2])
lambda <- if (a[3] == "path") NULL else as.numeric(a[3])
read <- function(name, what, size) {
  f <- file.path(folder, name); readBin(f, what, file.info(f)$size / size, size = size)
}
starts <- read("starts.bin", "integer", 4); rows <- read("rows.bin", "integer", 4)
y <- read("treated.bin", "double", 8)
x <- new("dgCMatrix", i = rows, p = starts, x = rep(1, length(rows)), Dim = c(length(y), length(starts) - 1L))
seconds <- sapply(seq_len(runs), function(i) system.time(
  f <<- glmnet(x, y, family = "binomial", lambda = lambda))[["elapsed"]])
cat(sprintf('{"seconds": [%s], "penalties": %d, "terms": %d, "deviance_ratio": %.12g}', paste(seconds, collapse = ", "),
            length(f$lambda), tail(f$df, 1), tail(f$dev.ratio, 1)))
"""


def prepare(folder: Path) -> None:
    """Make the matrix and the arm, once."""
    if (folder / "treated.bin").is_file():
        return
    say(f"making {PERSONS:,} x {COVARIATES:,} sparse covariates in {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20_26)
    share = np.exp(random.normal(np.log(0.008), 1, COVARIATES)).clip(0.0005, 0.4)
    columns = [np.flatnonzero(random.random(PERSONS) < one) for one in share]
    starts = np.concatenate([[0], np.cumsum([column.size for column in columns])])
    rows = np.concatenate(columns)
    matrix = sp.csc_array((np.ones(rows.size), rows, starts), shape=(PERSONS, COVARIATES))
    effect = np.zeros(COVARIATES)
    chosen = random.choice(COVARIATES, min(200, COVARIATES), replace=False)
    effect[chosen] = random.normal(0, 0.5, chosen.size)
    eta = matrix @ effect
    treated = random.random(PERSONS) < 1 / (1 + np.exp(-(eta - eta.mean() - 1)))
    starts.astype("<i4").tofile(folder / "starts.bin")
    rows.astype("<i4").tofile(folder / "rows.bin")
    treated.astype("<f8").tofile(folder / "treated.bin")


def read(folder: Path) -> tuple[Any, np.ndarray, float]:
    """Give matrix, arm and the penalty of the job with one."""
    starts, rows = (np.fromfile(folder / f"{name}.bin", "<i4") for name in ("starts", "rows"))
    treated = np.fromfile(folder / "treated.bin", "<f8")
    matrix = sp.csc_array((np.ones(rows.size), rows, starts), shape=(treated.size, starts.size - 1))
    mean = matrix.mean(axis=0)
    pull = np.abs(matrix.T @ (treated - treated.mean())) / treated.size / np.sqrt(mean * (1 - mean))
    return matrix, treated, float(pull.max()) * SHARE_OF_LARGEST


def ours(job: str, folder: Path, *, runs: int) -> dict[str, Any]:
    """Fit with the library."""
    from analysis_lib.models.regression.penalised import elastic_net_matrix

    matrix, treated, penalty = read(folder)
    names = [f"concept {number}" for number in range(matrix.shape[1])]
    lambdas = None if job == "lasso-path" else [penalty]
    elastic_net_matrix(matrix[:2000], treated[:2000], names=names, folds=None, n_lambdas=5)  # compiles, if it must
    fit, seconds, cpu = repeated(
        lambda: elastic_net_matrix(matrix, treated, names=names, folds=None, lambdas=lambdas), runs=runs
    )
    path = fit.path_frame()
    last = {"terms": int(path["n_terms"].iloc[-1]), "deviance_ratio": float(path["deviance_ratio"].iloc[-1])}
    return {"seconds": seconds, "cpu": cpu, "penalties": len(path), **last, "violation": float(path["violation"].max())}


def glmnet(job: str, folder: Path, *, runs: int) -> dict[str, Any]:
    """Fit with R's glmnet, at its default accuracy."""
    penalty = "path" if job == "lasso-path" else repr(read(folder)[2])
    words = ["Rscript", "-e", SCRIPT, str(folder), str(runs), penalty]
    found: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return found


def sklearn(job: str, folder: Path, *, runs: int) -> dict[str, Any]:
    """Fit with the better of scikit-learn's solvers for the lasso, on columns scaled beforehand."""
    if job == "lasso-path":
        return {"skipped": "scikit-learn has no path for logistic regression"}
    from sklearn.linear_model import LogisticRegression

    matrix, treated, penalty = read(folder)
    mean = np.asarray(matrix.mean(axis=0))
    scaled = (matrix @ sp.diags_array(1 / np.sqrt(mean * (1 - mean)))).tocsr()
    answers = {}
    for solver in ("liblinear", "saga"):
        model = LogisticRegression(l1_ratio=1.0, C=1 / (penalty * treated.size), solver=solver, tol=1e-4, max_iter=200)
        fit, seconds, _ = repeated(lambda model=model: model.fit(scaled, treated), runs=runs)
        answers[solver] = {"seconds": seconds, "terms": int((fit.coef_ != 0).sum()), "rounds": int(fit.n_iter_[0])}
    best = min(answers, key=lambda solver: min(answers[solver]["seconds"]))
    return {**answers[best], "solver": best, "other": answers}


ENGINES = {"ours": ours, "glmnet": glmnet, "sklearn": sklearn}


def main() -> None:
    """Run one job with one engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["lasso-path", "lasso-one"])
    parser.add_argument("engine", choices=list(ENGINES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    words = parser.parse_args()
    prepare(words.folder)
    answer = ENGINES[words.engine](words.job, words.folder, runs=words.runs)
    json.dump({"job": words.job, "engine": words.engine, **answer}, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
