# Reference values for tests/golden/test_small_data_regression_against_r.py.
# Run once: Rscript tests/golden/r/small_data_regression.R
# Data: infert and stackloss (R's datasets), dietox and ohio (geepack), epil (MASS), sleepstudy (lme4), engel (quantreg);
# written to tests/golden/data/*.csv as they are. Output: tests/golden/data/small_data_regression.json.
suppressMessages({library(survival); library(geepack); library(lme4); library(quantreg); library(MASS); library(jsonlite)})
folder <- "tests/golden/data/"
save <- function(frame, name) write.csv(frame, paste0(folder, name, ".csv"), row.names = FALSE)
version <- function(p) as.character(packageVersion(p))
out <- list(versions = c(list(R = R.version.string),
  sapply(c("survival", "geepack", "lme4", "quantreg", "MASS"), version, simplify = FALSE)))

# Conditional logistic regression, exact likelihood
infert2 <- infert; names(infert2)[names(infert2) == "pooled.stratum"] <- "pooled"
save(infert, "infert")
conditional <- function(strata) {
  f <- as.formula(paste0("case ~ spontaneous + induced + strata(", strata, ")"))
  fit <- clogit(f, infert2, method = "exact", control = coxph.control(eps = 1e-13, iter.max = 100))
  list(coef = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), llf = fit$loglik[2], llnull = fit$loglik[1])
}
out$clogit <- list(stratum = conditional("stratum"), pooled = conditional("pooled"))

# Estimating equations
data(dietox); dietox <- dietox[order(dietox$Pig, dietox$Time), c("Pig", "Time", "Weight", "Cu")]
dietox$Cu <- as.character(dietox$Cu); save(dietox, "dietox")
data(ohio); save(ohio, "ohio")
epil2 <- epil[, c("y", "trt", "lbase", "lage", "V4", "subject", "period")]; epil2$trt <- as.character(epil2$trt)
save(epil2, "epil")
holes <- dietox[(seq_len(nrow(dietox)) * 7) %% 5 != 0, ]
tight <- geese.control(epsilon = 1e-13, maxit = 1000)
equations <- function(fit) list(
  coef = unname(coef(fit)), se = unname(summary(fit)$coefficients[, 2]), naive = unname(sqrt(diag(fit$geese$vbeta.naiv))),
  alpha = unname(c(fit$geese$alpha, 0)[1]), scale = unname(fit$geese$gamma))
out$gee <- list()
for (corstr in c("independence", "exchangeable", "ar1")) {
  out$gee[[paste0("dietox.", corstr)]] <- equations(geeglm(Weight ~ Time + Cu, id = Pig, data = dietox, corstr = corstr, control = tight))
  out$gee[[paste0("ohio.", corstr)]] <- equations(geeglm(resp ~ age * smoke, id = id, family = binomial, data = ohio, corstr = corstr, control = tight))
  out$gee[[paste0("epil.", corstr)]] <- equations(geeglm(y ~ lbase * trt + lage + V4, id = subject, family = poisson, data = epil2, corstr = corstr, control = tight))
}
out$gee[["holes.ar1"]] <- equations(geeglm(Weight ~ Time + Cu, id = Pig, waves = Time, data = holes, corstr = "ar1", control = tight))

# Linear mixed models; the optimiser's own tolerances are tightened
save(sleepstudy, "sleepstudy")
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-11, maxfun = 1e6), calc.derivs = FALSE)
mixed <- function(formula, data, reml) {
  fit <- suppressMessages(lmer(formula, data, REML = reml, control = control)); group <- names(ranef(fit))[1]
  list(criterion = if (reml) REMLcrit(fit) else deviance(fit), coef = unname(fixef(fit)),
       se = unname(sqrt(diag(as.matrix(vcov(fit))))), sigma = sigma(fit),
       random = unname(as.matrix(VarCorr(fit)[[1]])[, ]), first = unname(unlist(ranef(fit)[[group]][1, ])))
}
out$mixed <- list()
for (reml in c(TRUE, FALSE)) {
  tag <- if (reml) "reml" else "ml"
  out$mixed[[paste0("sleepstudy.intercept.", tag)]] <- mixed(Reaction ~ Days + (1 | Subject), sleepstudy, reml)
  out$mixed[[paste0("sleepstudy.slope.", tag)]] <- mixed(Reaction ~ Days + (Days | Subject), sleepstudy, reml)
  out$mixed[[paste0("holes.slope.", tag)]] <- mixed(Weight ~ Time + Cu + (Time | Pig), holes, reml)
}

# Quantile regression
data(engel); save(engel, "engel"); save(stackloss, "stackloss")
out$quantile <- list()
for (q in c(0.1, 0.25, 0.5, 0.75, 0.9)) for (name in c("engel", "stackloss")) {
  fit <- if (name == "engel") rq(foodexp ~ income, tau = q, data = engel)
         else rq(stack.loss ~ Air.Flow + Water.Temp + Acid.Conc., tau = q, data = stackloss)
  errors <- function(se) tryCatch(suppressWarnings(unname(coef(summary(fit, se = se))[, 2])), error = function(e) NULL)
  out$quantile[[paste(name, q)]] <- list(coef = unname(coef(fit)), rho = fit$rho, nid = errors("nid"), iid = errors("iid"),
                                         kernel = errors("ker"), p = unname(coef(summary(fit, se = "iid"))[, 4]))
}
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), paste0(folder, "small_data_regression.json"))
