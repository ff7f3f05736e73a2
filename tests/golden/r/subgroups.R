# Values of R for tests/golden/test_subgroups_against_r.py: hazard ratios in subgroups and tests of interaction.
#
# Run once, from the folder of this script: Rscript subgroups.R   (Debian: r-base-core r-cran-survival r-cran-jsonlite)
# Data: ../data/rossi.csv; where they are from is said in ../data/survival_reference.R.

library(survival)
library(jsonlite)
rossi <- read.csv("../data/rossi.csv")
rossi$aid <- as.integer(rossi$fin == "yes")
rossi$priors <- cut(rossi$prio, c(-Inf, 0, 2, Inf), labels = c("none", "1-2", "3+"))
newton <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)

one <- function(data, formula) {
  found <- summary(coxph(formula, data, control = newton, ties = "efron"))
  list(n = found$n, events = found$nevent, estimate = found$conf.int["aid", 1], ci_low = found$conf.int["aid", 3],
       ci_high = found$conf.int["aid", 4], p_value = found$coefficients["aid", "Pr(>|z|)"])
}
of <- function(column, extra) {
  right <- paste(c("aid", extra), collapse = " + ")
  formula <- as.formula(paste("Surv(week, arrest) ~", right))
  levels <- lapply(split(rossi, rossi[[column]]), one, formula = formula)
  plain <- coxph(as.formula(paste("Surv(week, arrest) ~", right, "+", column)), rossi, control = newton)
  crossed <- coxph(as.formula(paste("Surv(week, arrest) ~", right, "+", column, "+ aid:", column)), rossi, control = newton)
  lr <- 2 * (crossed$loglik[2] - plain$loglik[2])
  list(levels = levels, p_interaction = pchisq(lr, length(levels) - 1, lower.tail = FALSE))
}
values <- list(
  made_by = list(r = R.version.string, survival = as.character(packageVersion("survival"))),
  all = one(rossi, Surv(week, arrest) ~ aid),
  race = of("race", NULL),
  priors = of("priors", NULL),
  adjusted = of("priors", c("age", "wexp"))
)
write(toJSON(values, digits = I(16), auto_unbox = TRUE, pretty = TRUE), "../data/subgroups.json")
