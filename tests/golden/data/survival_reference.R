# Makes survival_reference.csv, and the data sets beside it, with R's survival package. Run once, by hand:
#   Rscript survival_reference.R            (in this folder; Debian: r-base-core r-cran-survival r-cran-mass r-cran-cardata)
# The tests read the files and need no R. Columns: data set, quantity, value with 17 significant digits.
# The versions that made the stored file are in its first two lines.
#
# Data: lung (Loprinzi et al. 1994, J. Clin. Oncol. 12(3), 601-607), gehan (Gehan 1965; used by Cox 1972),
# Rossi (Rossi, Berk, Lenihan 1980, Money, Work and Crime), and two made here by formula.
library(survival)

rows <- character(0)
put <- function(data, quantity, value) {
  rows <<- c(rows, sprintf("%s,%s,%.17g", data, quantity, as.numeric(value)))
}
newton <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)

# Exact profile limits: the log partial likelihood with one coefficient held by an offset, the others maximised again.
profile_limits <- function(ties, fit, index) {
  x <- fit$x
  response <- fit$y
  top <- fit$loglik[2]
  others <- x[, -index, drop = FALSE]
  excess <- function(b) {
    held <- b * x[, index]
    if (ncol(others) > 0) {
      value <- coxph(response ~ others + offset(held), ties = ties, control = newton)$loglik[2]
    } else {
      value <- coxph(response ~ offset(held), ties = ties, control = newton)$loglik[1]
    }
    2 * (top - value) - qchisq(0.95, 1)
  }
  b <- coef(fit)[index]; s <- sqrt(diag(vcov(fit)))[index]
  c(uniroot(excess, c(b - 5 * s, b - 0.5 * s), tol = 1e-13)$root,
    uniroot(excess, c(b + 0.5 * s, b + 5 * s), tol = 1e-13)$root)
}

put_cox <- function(name, formula, data, terms) {
  for (ties in c("efron", "breslow")) {
    fit <- coxph(formula, data, ties = ties, control = newton, x = TRUE, y = TRUE)
    put(name, paste0("cox.", ties, ".llnull"), fit$loglik[1])
    put(name, paste0("cox.", ties, ".llf"), fit$loglik[2])
    for (i in seq_along(terms)) {
      at <- paste0("cox.", ties, ".", terms[i])
      put(name, paste0(at, ".coef"), coef(fit)[i])
      put(name, paste0(at, ".se"), sqrt(diag(vcov(fit)))[i])
      limits <- profile_limits(ties, fit, i)
      put(name, paste0(at, ".profile_low"), limits[1])
      put(name, paste0(at, ".profile_high"), limits[2])
    }
  }
}

put_curve <- function(name, time, event, at, quantiles) {
  for (ci in c("log", "log-log", "plain")) {
    curve <- survfit(Surv(time, event) ~ 1, conf.type = ci)
    read <- summary(curve, times = at)
    for (i in seq_along(at)) {
      key <- paste0("km.", ci, ".", at[i])
      put(name, paste0(key, ".survival"), read$surv[i])
      put(name, paste0(key, ".se"), read$std.err[i])
      put(name, paste0(key, ".ci_low"), read$lower[i])
      put(name, paste0(key, ".ci_high"), read$upper[i])
      put(name, paste0(key, ".n_risk"), read$n.risk[i])
    }
    found <- quantile(curve, quantiles)
    for (i in seq_along(quantiles)) {
      key <- paste0("quantile.", ci, ".", quantiles[i])
      put(name, paste0(key, ".time"), found$quantile[i])
      put(name, paste0(key, ".ci_low"), found$lower[i])
      put(name, paste0(key, ".ci_high"), found$upper[i])
    }
  }
}

put_logrank <- function(name, key, test) {
  put(name, paste0("logrank.", key, ".chi2"), test$chisq)
  put(name, paste0("logrank.", key, ".df"), sum(apply(as.matrix(test$exp), 1, sum) > 0) - 1)
  expected <- apply(as.matrix(test$exp), 1, sum)
  for (i in seq_along(expected)) put(name, paste0("logrank.", key, ".expected.", i), expected[i])
}

# lung -----------------------------------------------------------------------------------------------------------
lung <- survival::lung
write.csv(lung, "lung.csv", row.names = FALSE, na = "")
put_cox("lung", Surv(time, status == 2) ~ age + sex + ph.ecog + wt.loss, lung, c("age", "sex", "ph.ecog", "wt.loss"))
put_curve("lung", lung$time, lung$status == 2, c(1, 5, 100, 365, 700, 1000), c(0.1, 0.25, 0.5, 0.75))
put_logrank("lung", "sex", survdiff(Surv(time, status == 2) ~ sex, lung))
put_logrank("lung", "ph.ecog", survdiff(Surv(time, status == 2) ~ ph.ecog, lung))
put_logrank("lung", "sex within ph.ecog", survdiff(Surv(time, status == 2) ~ sex + strata(ph.ecog), lung))

# gehan ----------------------------------------------------------------------------------------------------------
gehan <- MASS::gehan
gehan$control <- as.integer(gehan$treat == "control")
write.csv(gehan[, c("time", "cens", "control")], "gehan.csv", row.names = FALSE)
put_cox("gehan", Surv(time, cens) ~ control, gehan, "control")
put_curve("gehan", gehan$time, gehan$cens, c(1, 6, 10, 22, 35), c(0.25, 0.5, 0.75))
put_logrank("gehan", "control", survdiff(Surv(time, cens) ~ control, gehan))

# Rossi ----------------------------------------------------------------------------------------------------------
rossi <- carData::Rossi[, c("week", "arrest", "fin", "age", "race", "wexp", "mar", "paro", "prio")]
write.csv(rossi, "rossi.csv", row.names = FALSE)
put_cox("rossi", Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, rossi,
        c("fin[T.yes]", "age", "race[T.other]", "wexp[T.yes]", "mar[T.not married]", "paro[T.yes]", "prio"))

# tied: 300 rows on 12 distinct times, a covariate with an offset of a million; times and groups by formula -----------
i <- 1:300
tied <- data.frame(time = (i * 7) %% 12 + 1, event = as.integer((i * i) %% 5 < 3),
                   big = 1e6 + (i * 37) %% 101, group = (i * 13) %% 4)
write.csv(tied, "tied.csv", row.names = FALSE)
put_cox("tied", Surv(time, event) ~ big + I(group == 1), transform(tied, big = big - 1e6), c("big", "one"))
put_curve("tied", tied$time, tied$event, c(1, 6, 12), c(0.25, 0.5, 0.75))
put_logrank("tied", "group", survdiff(Surv(time, event) ~ group, tied))

# rounded: times that are equal but for rounding (57.3 - 50.1 and 7.2), which R's timefix and we take for ties ---------
start <- 50 + (i %% 9) / 10
rounded <- data.frame(start = start, end = start + ((i * 11) %% 40 + 1) / 10, event = as.integer(i %% 3 > 0),
                      x = (i * 29) %% 17)
write.csv(rounded, "rounded.csv", row.names = FALSE)
put_cox("rounded", Surv(end - start, event) ~ x, rounded, "x")
put_curve("rounded", rounded$end - rounded$start, rounded$event, c(0.5, 2.05, 4.0), c(0.25, 0.5))

writeLines(c(paste("#", R.version.string), paste("# survival", packageVersion("survival")), "data,quantity,value", rows),
           "survival_reference.csv")
