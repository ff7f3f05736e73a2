# Makes ../data/curves.json, and the data sets beside it, with R's survival and cmprsk. Run once, by hand, in this folder:
#   Rscript curves.R            (Debian: r-base-core r-cran-survival r-cran-cmprsk r-cran-jsonlite)
# The tests read the files and need no R. The versions that made the stored file are in it.
#
# Data, all from R's survival: lung (Loprinzi et al. 1994), veteran (Kalbfleisch and Prentice 1980), heart (Crowley and
# Hu 1977, Stanford heart transplants, with delayed entry), pbc (Therneau and Grambsch 2000, the 312 randomised),
# mgus2 (Kyle et al. 2002: progression and death compete), colon (Moertel et al. 1990).
library(survival)
library(cmprsk)

out <- list(versions = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                            cmprsk = as.character(packageVersion("cmprsk"))))
put <- function(name, value) out[[name]] <<- value
save <- function(data, name) write.csv(data, paste0("../data/", name, ".csv"), row.names = FALSE, na = "")

# One row per group and time. Times at which a group is no longer followed are left out, as summary() leaves them out.
curve <- function(fit, times) {
  read <- summary(fit, times = times)
  groups <- if (is.null(read$strata)) rep("all", length(read$time)) else sub("^[^=]*=", "", as.character(read$strata))
  data.frame(group = trimws(groups), time = read$time, n_risk = read$n.risk, survival = read$surv, se = read$std.err,
             ci_low = read$lower, ci_high = read$upper, cumhaz = read$cumhaz, cumhaz_se = read$std.chaz)
}
every <- function(name, formula, data, times, weights = NULL) {
  data$w_ <- if (is.null(weights)) 1 else weights
  for (type in c("log", "log-log", "plain")) {
    fit <- survfit(formula, data = data, weights = w_, conf.type = type)
    put(paste(name, type), curve(fit, times))
  }
  middle <- quantile(fit <- survfit(formula, data = data, weights = w_), c(0.25, 0.5))
  put(paste(name, "quantiles"), data.frame(time = as.vector(t(middle$quantile)), low = as.vector(t(middle$lower)),
                                           high = as.vector(t(middle$upper))))
}

# Kaplan-Meier and Nelson-Aalen ------------------------------------------------------------------------------------
i <- seq_len(nrow(lung))
lung$counts <- i %% 3 + 1
lung$sampling <- 0.5 + (i * 7) %% 11 / 4
lung$died <- as.integer(lung$status == 2)
save(lung[, c("time", "died", "sex", "age", "ph.ecog", "counts", "sampling")], "lung_weighted")
every("lung counts", Surv(time, died) ~ sex, lung, c(1, 30, 100, 365, 700, 900), lung$counts)
every("lung sampling", Surv(time, died) ~ sex, lung, c(1, 30, 100, 365, 700, 900), lung$sampling)
save(veteran, "veteran")
every("veteran", Surv(time, status) ~ celltype, veteran, c(1, 10, 50, 100, 180))
heart$arm <- ifelse(heart$transplant == 1, "yes", "no")
heart$sampling <- 0.5 + (seq_len(nrow(heart)) * 5) %% 9 / 3
save(heart[, c("start", "stop", "event", "arm", "surgery", "id", "sampling")], "heart")
every("heart", Surv(start, stop, event) ~ arm, heart, c(1, 10, 50, 100, 300, 900))
every("heart sampling", Surv(start, stop, event) ~ arm, heart, c(1, 10, 50, 100, 300, 900), heart$sampling)
every("heart all", Surv(start, stop, event) ~ 1, heart, c(1, 10, 50, 100, 300, 900))

# Log-rank ---------------------------------------------------------------------------------------------------------
difference <- function(name, formula, data, rho) {
  test <- survdiff(formula, data, rho = rho)
  put(name, list(chi2 = test$chisq, observed = rowSums(as.matrix(test$obs)), expected = rowSums(as.matrix(test$exp))))
}
colon2 <- subset(colon, etype == 2)[, c("time", "status", "rx", "sex", "differ", "extent")]
save(colon2, "colon_deaths")
for (rho in c(0, 0.5, 1)) {
  difference(paste("veteran celltype rho", rho), Surv(time, status) ~ celltype, veteran, rho)
  difference(paste("colon rx rho", rho), Surv(time, status) ~ rx, colon2, rho)
  difference(paste("colon rx within extent rho", rho), Surv(time, status) ~ rx + strata(extent), colon2, rho)
}
# The score test of Cox's model with exact ties is the log-rank test, here for trend and with delayed entry.
score <- function(name, formula, data) put(name, coxph(formula, data, ties = "exact", iter.max = 0)$score)
score("colon trend extent", Surv(time, status) ~ extent, colon2)
score("colon trend extent within sex", Surv(time, status) ~ extent + strata(sex), colon2)
score("heart delayed entry", Surv(start, stop, event) ~ arm, heart)
score("lung counts", Surv(time, died) ~ sex, lung[rep(i, lung$counts), ])

# Restricted means -------------------------------------------------------------------------------------------------
pbc2 <- pbc[1:312, ]
pbc2$years <- pbc2$time / 365.25
pbc2$died <- as.integer(pbc2$status == 2)
save(pbc2[, c("years", "died", "trt")], "pbc_trial")
means <- function(name, formula, data, until) {
  table <- as.matrix(summary(survfit(formula, data), rmean = until)$table)
  if (ncol(table) == 1) table <- t(table)
  put(name, data.frame(mean = table[, "rmean"], se = table[, grep("se\\(rmean\\)", colnames(table))]))
}
means("pbc means 10", Surv(years, died) ~ trt, pbc2, 10)
means("lung means 365", Surv(time, died) ~ sex, lung, 365)
means("lung means 900", Surv(time, died) ~ sex, lung, 900)
means("veteran means 180", Surv(time, status) ~ celltype, veteran, 180)

# Competing risks --------------------------------------------------------------------------------------------------
mgus2$months <- with(mgus2, ifelse(pstat == 0, futime, ptime))
mgus2$cause <- with(mgus2, factor(ifelse(pstat == 0, 2 * death, 1), 0:2, c("censor", "progression", "death")))
mgus2 <- subset(mgus2, months > 0)
mgus2$sampling <- 0.5 + (seq_len(nrow(mgus2)) * 7) %% 11 / 4
mgus2$old <- as.integer(mgus2$age >= 70)
mgus2$entry <- mgus2$age * 12
mgus2$exit <- mgus2$entry + mgus2$months
mgus2$person <- seq_len(nrow(mgus2))
save(mgus2[, c("months", "cause", "sex", "old", "sampling", "entry", "exit")], "mgus2")
incidence <- function(name, fit, times) {
  read <- summary(fit, times = times)
  states <- which(fit$states != "(s0)")
  groups <- if (is.null(read$strata)) rep("all", length(read$time)) else sub("^[^=]*=", "", as.character(read$strata))
  put(name, do.call(rbind, lapply(states, function(k) {
    data.frame(group = groups, cause = fit$states[k], time = read$time, incidence = read$pstate[, k],
               se = read$std.err[, k], ci_low = read$lower[, k], ci_high = read$upper[, k])
  })))
}
months <- c(3, 12, 60, 120, 240, 360)
for (type in c("log", "log-log", "plain")) {
  incidence(paste("mgus2", type), survfit(Surv(months, cause) ~ sex, mgus2, conf.type = type), months)
}
incidence("mgus2 sampling", survfit(Surv(months, cause) ~ sex, mgus2, weights = sampling), months)
ages <- c(480, 600, 720, 840, 960, 1080)
incidence("mgus2 entry", survfit(Surv(entry, exit, cause) ~ 1, mgus2, id = person), ages)
incidence("mgus2 entry sampling", survfit(Surv(entry, exit, cause) ~ 1, mgus2, id = person, weights = sampling), ages)
gray <- function(name, fit) put(name, data.frame(cause = rownames(fit$Tests), chi2 = fit$Tests[, "stat"],
                                                 df = fit$Tests[, "df"], p_value = fit$Tests[, "pv"]))
mgus2$group <- with(mgus2, paste(sex, old))
fit <- with(mgus2, cuminc(months, cause, sex, cencode = "censor"))
gray("gray mgus2 sex", fit)
points <- timepoints(fit, months)
put("cuminc mgus2", list(curve = rownames(points$est), time = months, est = unname(points$est), var = unname(points$var)))
gray("gray mgus2 sex rho 1", with(mgus2, cuminc(months, cause, sex, cencode = "censor", rho = 1)))
gray("gray mgus2 four groups", with(mgus2, cuminc(months, cause, group, cencode = "censor")))
gray("gray mgus2 sex within old", with(mgus2, cuminc(months, cause, sex, strata = old, cencode = "censor")))
# Heavily tied: whole decades of months.
mgus2$decade <- ceiling(mgus2$months / 60)
gray("gray mgus2 tied", with(mgus2, cuminc(decade, cause, group, cencode = "censor")))
fit <- with(mgus2, cuminc(decade, cause, cencode = "censor"))
points <- timepoints(fit, 1:7)
put("cuminc tied", list(curve = rownames(points$est), time = 1:7, est = unname(points$est), var = unname(points$var)))

jsonlite::write_json(out, "../data/curves.json", digits = I(17), na = "null", auto_unbox = TRUE, pretty = 1)
