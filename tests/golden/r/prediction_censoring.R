# Makes ../data/prediction_censoring.json with R's survival and stats. Run once, by hand, in this folder, after prediction.R:
#   Rscript prediction_censoring.R            (Debian: r-base-core r-cran-survival r-cran-jsonlite)
# The tests read the file and need no R. The versions that made the stored file are in it, under "versions".
#
# Errors of measures at a horizon with weights that are themselves estimated: every step (survfit of the censoring, weights,
# measure) takes case weights, and each is moved up and down a little in turn. The squares of these derivatives add up to
# the infinitesimal jackknife variance of the whole procedure. With the weights held it is that of known weights.
# Data: ../data/lung_risk.csv (survival's lung, made by prediction.R).
library(survival)
library(jsonlite)

l <- read.csv("../data/lung_risk.csv")
h <- 365
strict <- glm.control(epsilon = 1e-14, maxit = 100)
shifted <- ifelse(l$event == 1, l$time, l$time + 0.5)  # events before censorings of the same day
y <- as.integer(l$time <= h & l$event == 1)
known <- y == 1 | l$time >= h
lp <- qlogis(l$risk)

censoring_weights <- function(v) {
  g <- survfit(Surv(shifted, 1 - l$event) ~ 1, weights = v)
  G <- stepfun(g$time, c(1, g$surv))
  ifelse(known, 1 / G(pmin(l$time, h) - 0.25), 0)
}
measures <- function(v, w) {
  w <- v * w
  p <- l$risk
  cases <- which(y == 1); controls <- which(known & y == 0)
  ww <- outer(w[cases], w[controls])
  pairs <- outer(p[cases], p[controls], function(a, b) (a > b) + 0.5 * (a == b))
  mean_y <- sum(w * y) / sum(w)
  brier <- sum(w * (y - p)^2) / sum(w)
  flagged <- p >= 0.5
  large <- suppressWarnings(glm(y ~ offset(lp), weights = w, subset = known, family = binomial, control = strict))
  line <- suppressWarnings(glm(y ~ lp, weights = w, subset = known, family = binomial, control = strict))
  c(auroc = sum(pairs * ww) / sum(ww), brier = brier, scaled_brier = 1 - brier / (mean_y * (1 - mean_y)),
    net_benefit = (sum(w[flagged] * y[flagged]) - sum(w[flagged] * (1 - y[flagged]))) / sum(w),
    intercept = unname(coef(large)), slope = unname(coef(line)[2]))
}
one <- rep(1, nrow(l))
held <- censoring_weights(one)
moved <- function(i, by) replace(one, i, 1 + by)
eps <- 1e-4
errors <- function(weights_of) {
  derivatives <- sapply(seq_len(nrow(l)), function(i) {
    up <- moved(i, eps); down <- moved(i, -eps)
    (measures(up, weights_of(up)) - measures(down, weights_of(down))) / (2 * eps)
  })
  as.list(sqrt(rowSums(derivatives^2)))
}
person <- (seq_len(nrow(l)) * 7) %% 60
clustered <- local({
  derivatives <- sapply(seq_len(nrow(l)), function(i) {
    up <- moved(i, eps); down <- moved(i, -eps)
    (measures(up, censoring_weights(up)) - measures(down, censoring_weights(down))) / (2 * eps)
  })
  as.list(sqrt(rowSums(rowsum(t(derivatives), person)^2 |> t())))
})
out <- list(versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
            estimate = as.list(measures(one, held)), estimated = errors(censoring_weights), known = errors(function(v) held),
            person = person, clustered = clustered)
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "../data/prediction_censoring.json")
