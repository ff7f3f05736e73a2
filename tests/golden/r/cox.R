# Makes ../data/cox/cox.json, and the data sets beside it, with R's survival and cmprsk. Run once, by hand, in this folder:
#   Rscript cox.R            (Debian: r-base-core r-cran-survival r-cran-cmprsk r-cran-jsonlite)
# The tests read the files and need no R. The versions that made the stored file are in it, under "versions".
#
# Data, all from R's survival, which names their sources: veteran (Kalbfleisch and Prentice 1980), ovarian (Edmunson et
# al. 1979), bladder2 (Wei, Lin, Weissfeld 1989), heart (Crowley and Hu 1977), colon (Moertel et al. 1990), pbc (Fleming
# and Harrington 1991), mgus2 (Kyle et al. 2002).
library(survival)
library(cmprsk)
library(jsonlite)

newton <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
out <- list(versions = list(R = R.version.string, survival = as.character(packageVersion("survival")),
                            cmprsk = as.character(packageVersion("cmprsk"))))
store <- function(data, name) write.csv(data, file.path("..", "data", "cox", paste0(name, ".csv")), row.names = FALSE, na = "")

# Cases: what a fit prints, and more where asked ---------------------------------------------------------------------
estimates <- function(fit) {
  naive <- if (is.null(fit$naive.var)) fit$var else fit$naive.var
  found <- list(coef = unname(coef(fit)), se = unname(sqrt(diag(as.matrix(naive)))), llnull = fit$loglik[1], llf = fit$loglik[2],
                score = fit$score, wald = fit$wald.test, n = fit$n, events = fit$nevent)
  if (!is.null(fit$naive.var)) found <- c(found, list(robust_se = unname(sqrt(diag(as.matrix(fit$var)))), robust_score = fit$rscore))
  found
}
concordant <- function(fit) {
  found <- fit$concordance
  list(concordance = unname(found["concordance"]), se = unname(found["std"]), concordant = unname(found["concordant"]),
       discordant = unname(found["discordant"]), tied = unname(found["tied.x"]))
}
residuals_of <- function(fit) {
  list(martingale = unname(residuals(fit, "martingale")), deviance = unname(residuals(fit, "deviance")),
       score = unname(as.matrix(residuals(fit, "score"))), dfbeta = unname(as.matrix(residuals(fit, "dfbeta"))),
       schoenfeld = unname(as.matrix(residuals(fit, "schoenfeld"))))
}
proportional <- function(fit) {
  found <- lapply(c("km", "rank", "identity", "log"), function(transform) {
    test <- cox.zph(fit, transform = transform)
    list(chisq = unname(test$table[, "chisq"]), df = unname(test$table[, "df"]), p = unname(test$table[, "p"]),
         x = unname(test$x), y = unname(as.matrix(test$y)), var = unname(as.matrix(test$var)))
  })
  setNames(found, c("km", "rank", "identity", "log"))
}
curves <- function(fit, newdata, at) {
  found <- summary(survfit(fit, newdata = newdata), times = at, extend = TRUE)
  list(time = found$time, surv = unname(as.matrix(found$surv)), std_err = unname(as.matrix(found$std.err)),
       lower = unname(as.matrix(found$lower)), upper = unname(as.matrix(found$upper)), n_risk = found$n.risk)
}
baseline <- function(fit, centered) {
  found <- basehaz(fit, centered = centered)
  list(time = found$time, hazard = found$hazard, strata = as.character(found$strata))
}

# veteran: strata, weights, categories -------------------------------------------------------------------------------
veteran <- survival::veteran
veteran$w <- rep(c(1, 2, 0.5, 1.25), length.out = nrow(veteran))
veteran$shift <- rep(c(0, 0.3, -0.2), length.out = nrow(veteran))
veteran$site <- rep(1:20, length.out = nrow(veteran))
store(veteran, "veteran")
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, status) ~ trt + karno + age + prior + celltype, veteran, ties = ties, control = newton)
  out$veteran[[ties]] <- c(estimates(fit), list(residuals = residuals_of(fit), zph = proportional(fit), concordance = concordant(fit),
    basehaz = baseline(fit, FALSE)))
  fit <- coxph(Surv(time, status) ~ trt + karno + age + strata(celltype), veteran, weights = w, ties = ties, control = newton)
  out$veteran_weighted[[ties]] <- c(estimates(fit), list(residuals = residuals_of(fit), zph = proportional(fit), concordance = concordant(fit),
    basehaz = baseline(fit, FALSE),
    curves = lapply(levels(veteran$celltype), function(cell) curves(fit, data.frame(trt = c(1, 2), karno = c(40, 80), age = c(50, 65),
      celltype = cell), c(10, 60, 150)))))
  fit <- coxph(Surv(time, status) ~ trt + karno + offset(shift) + cluster(site), veteran, ties = ties, control = newton)
  out$veteran_offset[[ties]] <- c(estimates(fit), list(residuals = residuals_of(fit), concordance = concordant(fit)))
}

# ovarian: small, no ties --------------------------------------------------------------------------------------------
store(survival::ovarian, "ovarian")
fit <- coxph(Surv(futime, fustat) ~ age + resid.ds + rx + ecog.ps, ovarian, control = newton)
out$ovarian <- c(estimates(fit), list(residuals = residuals_of(fit), zph = proportional(fit), concordance = concordant(fit),
  curves = curves(fit, data.frame(age = c(50, 70), resid.ds = c(1, 2), rx = c(1, 2), ecog.ps = c(1, 1)), c(100, 400, 700, 1000))))

# heart: start, stop; covariates that change ---------------------------------------------------------------------------
heart <- survival::heart
heart$transplant <- as.integer(heart$transplant) - 1L
heart$surgery <- as.integer(heart$surgery)
heart$w <- rep(c(1, 2, 1, 3), length.out = max(heart$id))[heart$id]
store(heart, "heart")
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(start, stop, event) ~ age + year + surgery + transplant, heart, ties = ties, control = newton)
  out$heart[[ties]] <- c(estimates(fit), list(residuals = residuals_of(fit), zph = proportional(fit), concordance = concordant(fit),
    basehaz = baseline(fit, FALSE),
    curves = curves(fit, data.frame(age = c(-10, 5), year = c(1, 4), surgery = c(0, 1), transplant = c(0, 1)), c(5, 50, 200, 900))))
  fit <- coxph(Surv(start, stop, event) ~ age + transplant + strata(surgery) + cluster(id), heart, weights = w, ties = ties, control = newton)
  out$heart_weighted[[ties]] <- c(estimates(fit), list(residuals = residuals_of(fit), zph = proportional(fit), concordance = concordant(fit)))
}

# bladder: several events a person -------------------------------------------------------------------------------------
store(survival::bladder2, "bladder2")
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(start, stop, event) ~ rx + number + size + strata(enum) + cluster(id), bladder2, ties = ties, control = newton)
  out$bladder2[[ties]] <- c(estimates(fit), list(zph = proportional(fit), concordance = concordant(fit), basehaz = baseline(fit, FALSE)))
}

# colon: strata, many ties ----------------------------------------------------------------------------------------------
colon <- subset(survival::colon, etype == 2)
store(colon[, c("id", "rx", "sex", "age", "obstruct", "nodes", "status", "time", "surg", "extent")], "colon")
for (ties in c("efron", "breslow")) {
  fit <- coxph(Surv(time, status) ~ rx + sex + age + nodes + strata(extent), colon, ties = ties, control = newton)
  out$colon[[ties]] <- c(estimates(fit), list(zph_km = unname(cox.zph(fit)$table), concordance = concordant(fit)))
}

# pbc: logarithms, missing values ----------------------------------------------------------------------------------------
store(survival::pbc, "pbc")
fit <- coxph(Surv(time, status == 2) ~ age + edema + log(bili) + log(protime) + log(albumin), pbc, control = newton)
out$pbc <- c(estimates(fit), list(zph_km = unname(cox.zph(fit)$table), concordance = concordant(fit)))

# exact ties ---------------------------------------------------------------------------------------------------------------
gehan <- read.csv("../data/gehan.csv")
exact <- function(fit) estimates(fit)[c("coef", "se", "llnull", "llf", "score")]
out$exact <- list(
  gehan = exact(coxph(Surv(time, cens) ~ control, gehan, ties = "exact", control = newton)),
  veteran = exact(coxph(Surv(time, status) ~ trt + karno + age + prior, veteran, ties = "exact", control = newton)),
  heart = exact(coxph(Surv(start, stop, event) ~ age + transplant + strata(surgery), heart, ties = "exact", control = newton)),
  weeks = exact(coxph(Surv(ceiling(time / 7), status) ~ trt + karno + age, veteran, ties = "exact", control = newton)))

# mgus2: competing risks -----------------------------------------------------------------------------------------------------
mgus2 <- survival::mgus2
mgus2$months <- with(mgus2, ifelse(pstat == 0, futime, ptime))
mgus2$ended <- factor(with(mgus2, ifelse(pstat == 0, 2 * death, 1)), 0:2, labels = c("censor", "pcm", "death"))
mgus2$male <- as.integer(mgus2$sex == "M")
store(mgus2[, c("id", "age", "male", "mspike", "months", "ended")], "mgus2")
complete <- na.omit(mgus2[, c("id", "age", "male", "mspike", "months", "ended")])
for (cause in c("pcm", "death")) {
  out$mgus2$cause_specific[[cause]] <- estimates(coxph(Surv(months, ended == cause) ~ age + male + mspike, complete, control = newton))
  spread <- finegray(Surv(months, ended) ~ ., complete, etype = cause)
  out$mgus2$finegray[[cause]] <- list(
    breslow = estimates(coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male + mspike + cluster(id), spread, weights = fgwt,
                              ties = "breslow", control = newton)),
    efron = estimates(coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male + mspike + cluster(id), spread, weights = fgwt,
                            ties = "efron", control = newton)),
    rows = nrow(spread), weight_sum = sum(spread$fgwt))
  fit <- with(complete, crr(months, as.integer(ended) - 1, cbind(age, male, mspike), failcode = match(cause, c("pcm", "death")), cencode = 0,
                            gtol = 1e-12, maxiter = 100))
  curve <- predict(fit, rbind(c(60, 0, 1), c(80, 1, 2)))
  at <- findInterval(c(12, 60, 120, 240), curve[, 1])
  out$mgus2$crr[[cause]] <- list(coef = unname(fit$coef), se = unname(sqrt(diag(fit$var))), llf = fit$loglik, llnull = fit$loglik.null,
    cif = unname(curve[at, -1]))
}

write(toJSON(out, digits = I(17), auto_unbox = TRUE, na = "null"), "../data/cox/cox.json")
