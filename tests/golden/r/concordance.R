# Makes ../data/concordance.json with R's survival. Run once, by hand, in this folder, after prediction.R:
#   Rscript concordance.R            (Debian: r-base-core r-cran-survival r-cran-jsonlite)
# The tests read the file and need no R. The versions that made the stored file are in it, under "versions".
# Data: ../data/lung_risk.csv (survival's lung); risks rounded to two places so that many are tied, times to 30 days.
library(survival)
library(jsonlite)

l <- read.csv("../data/lung_risk.csv")
l$risk <- round(l$risk, 2)
l$time <- 30 * ceiling(l$time / 30)
l$w <- (seq_len(nrow(l)) * 3) %% 5 / 2 + 0.5
l$person <- (seq_len(nrow(l)) * 7) %% 60
found <- function(k) {
  count <- if (is.matrix(k$count)) colSums(k$count) else k$count
  list(estimate = unname(k$concordance), se = sqrt(c(k$var)), concordant = unname(count["concordant"]),
       discordant = unname(count["discordant"]), tied = unname(count["tied.x"]))
}
follow_up <- Surv(l$time, l$event)
out <- list(
  versions = list(R = R.version.string, survival = as.character(packageVersion("survival"))),
  data = list(time = l$time, event = l$event, sex = l$sex, risk = l$risk, w = l$w, person = l$person),
  plain = found(concordance(follow_up ~ risk, l, reverse = TRUE)),
  weighted = found(concordance(follow_up ~ risk, l, weights = w, reverse = TRUE)),
  stratified = found(concordance(follow_up ~ risk + strata(sex), l, reverse = TRUE)),
  weighted_and_stratified = found(concordance(follow_up ~ risk + strata(sex), l, weights = w, reverse = TRUE)),
  clustered = found(concordance(follow_up ~ risk, l, weights = w, cluster = person, reverse = TRUE)),
  uno = found(concordance(follow_up ~ risk, l, timewt = "n/G2", ymax = 390, reverse = TRUE)))
writeLines(toJSON(out, auto_unbox = TRUE, digits = I(17), pretty = FALSE), "../data/concordance.json")
