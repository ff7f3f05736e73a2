# Values of R for tests/golden/test_tables_against_r.py: tests between groups and quantiles.
#
# Run once, from the folder of this script: Rscript tables.R
# Data: ../data/lung.csv and ../data/rossi.csv; where they are from is said in ../data/survival_reference.R.

library(jsonlite)
lung <- read.csv("../data/lung.csv")
rossi <- read.csv("../data/rossi.csv")
lung$ecog <- lung$ph.ecog

answer <- function(test) list(
  statistic = unname(test$statistic),
  df = unname(test$parameter),
  p = test$p.value
)
two <- factor(lung$sex)
more <- factor(ifelse(is.na(lung$ecog), NA, pmin(lung$ecog, 2)))

small <- matrix(c(3, 1, 1, 9), nrow = 2)
values <- list(
  made_by = list(r = R.version.string, jsonlite = as.character(packageVersion("jsonlite"))),
  welch_two = answer(t.test(meal.cal ~ two, data = lung)),
  student_two = answer(t.test(meal.cal ~ two, data = lung, var.equal = TRUE)),
  welch_more = answer(oneway.test(meal.cal ~ more, data = lung)),
  student_more = answer(oneway.test(meal.cal ~ more, data = lung, var.equal = TRUE)),
  kruskal_two = answer(kruskal.test(meal.cal ~ two, data = lung)),
  kruskal_more = answer(kruskal.test(wt.loss ~ more, data = lung)),
  wilcoxon = list(
    statistic = unname(wilcox.test(wt.loss ~ two, data = lung, exact = FALSE)$statistic),
    p = wilcox.test(wt.loss ~ two, data = lung, exact = FALSE)$p.value
  ),
  wilcoxon_small = list(
    statistic = unname(wilcox.test(c(1, 2, 2, 5), c(2, 3, 7, 8, 8), exact = FALSE)$statistic),
    p = wilcox.test(c(1, 2, 2, 5), c(2, 3, 7, 8, 8), exact = FALSE)$p.value
  ),
  chi_square = answer(suppressWarnings(chisq.test(table(lung$ph.karno, lung$sex), correct = FALSE))),
  chi_square_plain = answer(chisq.test(table(rossi$race, rossi$fin), correct = FALSE)),
  chi_square_corrected = answer(chisq.test(table(rossi$race, rossi$fin))),
  fisher_race = list(p = fisher.test(table(rossi$race, rossi$fin))$p.value),
  fisher_small = list(p = fisher.test(small)$p.value),
  quantiles = list(
    wt.loss = as.numeric(quantile(lung$wt.loss[lung$sex == 1], c(.25, .5, .75), na.rm = TRUE, type = 7)),
    meal.cal = as.numeric(quantile(lung$meal.cal[lung$sex == 2], c(.25, .5, .75), na.rm = TRUE, type = 7)),
    interpolated = as.numeric(quantile(c(0.1, 0.7, 1.9, 2.2, 11.3, 12.8), c(.25, .5, .75), type = 7))
  ),
  moments = list(mean = mean(lung$meal.cal[lung$sex == 1], na.rm = TRUE), sd = sd(lung$meal.cal[lung$sex == 1], na.rm = TRUE))
)
write(toJSON(values, digits = I(17), auto_unbox = TRUE, pretty = TRUE), "../data/tables.json")
