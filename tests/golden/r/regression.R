# Makes ../data/regression_reference.json, and the data sets beside it, with R. Run once, by hand, in this folder:
#   Rscript regression.R      (Debian: r-base-core r-cran-mass r-cran-sandwich r-cran-brglm2 r-cran-survival r-cran-jsonlite)
# The tests read the files and need no R. The versions that made the stored file are in it.
#
# Data: birthwt (Hosmer and Lemeshow 1989, in MASS), quine and Insurance (MASS), esoph, infert, warpbreaks, trees and
# airquality (R's datasets), endometrial (Heinze and Schemper 2002, in brglm2), clotting (McCullagh and Nelder 1989,
# p. 300), beetles (Bliss 1935). Every fit is written twice: as R reads it, and as a formula with formulaic's names.
suppressMessages({library(MASS); library(sandwich); library(brglm2); library(survival); library(jsonlite)})

tight <- glm.control(epsilon = 1e-15, maxit = 200)
fits <- list()
folder <- "../data"
save_data <- function(frame, name) write.csv(frame, file.path(folder, paste0(name, ".csv")), row.names = FALSE, na = "")
named <- function(values, terms) as.list(setNames(as.numeric(values), terms))

# R takes the covariance at the last but one coefficients; starting again from the last ones, ten times, ends that.
tight_glm <- function(formula, family, data, weights = NULL, start = NULL) {
  environment(formula) <- environment()
  for (again in 1:10) {
    fit <- glm(formula, family, data, weights = weights, control = tight, start = start)
    start <- coef(fit)
  }
  fit
}

# Exact profile limits: one coefficient held by an offset, the others maximised again.
profile_limits <- function(fit, index) {
  x <- model.matrix(fit); y <- fit$y; w <- fit$prior.weights
  offset <- if (is.null(fit$offset)) rep(0, length(y)) else fit$offset
  excess <- function(b) {
    held <- glm.fit(x[, -index, drop = FALSE], y, weights = w, offset = offset + b * x[, index],
                    family = fit$family, control = tight)
    (held$deviance - fit$deviance) - qchisq(0.95, 1)
  }
  b <- coef(fit)[index]; s <- sqrt(diag(vcov(fit)))[index]
  c(uniroot(excess, c(b - 6 * s, b - 0.5 * s), tol = 1e-13)$root, uniroot(excess, c(b + 0.5 * s, b + 6 * s), tol = 1e-13)$root)
}

# What a fit tells. `python` says how the same is asked for here.
put <- function(name, fit, terms, python, cluster = NULL, robust = TRUE, profile = FALSE, new_rows = NULL) {
  read <- summary(fit)
  told <- list(
    params = named(coef(fit), terms), bse = named(read$coefficients[, 2], terms),
    p_values = named(read$coefficients[, 4], terms), deviance = deviance(fit), null_deviance = fit$null.deviance,
    df_resid = df.residual(fit), df_null = fit$df.null, dispersion = read$dispersion, n = length(fit$y),
    llf = as.numeric(logLik(fit)), aic = AIC(fit), bic = BIC(fit),
    pearson_chi2 = sum(residuals(fit, type = "pearson")^2),
    covariance = unname(as.matrix(vcov(fit))))
  if (robust) {
    told$robust <- list()
    for (type in c("HC0", "HC1", "HC2", "HC3")) told$robust[[type]] <- named(sqrt(diag(vcovHC(fit, type = type))), terms)
  }
  if (!is.null(cluster)) {
    told$cluster <- list(
      plain = named(sqrt(diag(vcovCL(fit, cluster = cluster, type = "HC0", cadjust = FALSE))), terms),
      adjusted = named(sqrt(diag(vcovCL(fit, cluster = cluster, type = "HC0", cadjust = TRUE))), terms),
      hc1 = named(sqrt(diag(vcovCL(fit, cluster = cluster, type = "HC1", cadjust = TRUE))), terms))
  }
  if (profile) {
    limits <- sapply(seq_along(terms), function(i) profile_limits(fit, i))
    told$profile_low <- named(limits[1, ], terms); told$profile_high <- named(limits[2, ], terms)
  }
  if (!is.null(new_rows)) {
    link <- predict(fit, new_rows, type = "link", se.fit = TRUE)
    told$predicted <- list(rows = new_rows, link = unname(link$fit), link_se = unname(link$se.fit),
                           mean = unname(predict(fit, new_rows, type = "response")))
  }
  fits[[length(fits) + 1]] <<- c(list(name = name), python, told)
}

# birthwt: Hosmer and Lemeshow's low birth weight -----------------------------------------------------------------
births <- MASS::birthwt
births$clinic <- (seq_len(nrow(births)) * 7) %% 23  # clusters and weights by formula, for robust and weighted fits
births$weight <- 0.5 + ((seq_len(nrow(births)) * 13) %% 17) / 10
births$times <- 1 + (seq_len(nrow(births)) * 5) %% 4
save_data(births, "birthwt")
small <- low ~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv
small_terms <- c("Intercept", "age", "lwt", "C(race)[T.2]", "C(race)[T.3]", "smoke", "ptl", "ht", "ui", "ftv")
small_python <- "low ~ age + lwt + C(race) + smoke + ptl + ht + ui + ftv"
few <- births[c(1, 50, 100, 150, 189), ]
for (link in c("logit", "probit", "cloglog")) {
  fit <- tight_glm(small, binomial(link), births)
  put(paste("birthwt", link), fit, small_terms,
      list(data = "birthwt", formula = small_python, family = "binomial", link = link),
      cluster = births$clinic, profile = link == "logit", new_rows = if (link == "logit") few else NULL)
}
fit <- glm(small, binomial, births, control = tight)
tests <- list(
  lr_race = as.numeric(drop1(fit, test = "LRT")["factor(race)", c("LRT", "Pr(>Chi)")]),
  rao_race = as.numeric(drop1(fit, test = "Rao")["factor(race)", c("Rao score", "Pr(>Chi)")]),
  wald_race = {i <- 4:5; w <- as.numeric(coef(fit)[i] %*% solve(vcov(fit)[i, i]) %*% coef(fit)[i]); c(w, pchisq(w, 2, lower.tail = FALSE))},
  lr_all = {d <- fit$null.deviance - fit$deviance; c(d, pchisq(d, 9, lower.tail = FALSE))})
put("birthwt analytic weights", tight_glm(bwt ~ age + lwt + factor(race) + smoke, gaussian, births, weights = births$weight),
    c("Intercept", "age", "lwt", "C(race)[T.2]", "C(race)[T.3]", "smoke"),
    list(data = "birthwt", formula = "bwt ~ age + lwt + C(race) + smoke", family = "gaussian", weights = "weight"),
    robust = FALSE)
put("birthwt frequency weights", tight_glm(small, binomial, births[rep(seq_len(nrow(births)), births$times), ]),
    small_terms, list(data = "birthwt", formula = small_python, family = "binomial", frequency_weights = "times"))
put("birthwt gaussian", tight_glm(bwt ~ age + lwt + factor(race) * smoke, gaussian, births),
    c("Intercept", "age", "lwt", "C(race)[T.2]", "C(race)[T.3]", "smoke", "C(race)[T.2]:smoke", "C(race)[T.3]:smoke"),
    list(data = "birthwt", formula = "bwt ~ age + lwt + C(race) * smoke", family = "gaussian"), cluster = births$clinic)
put("birthwt splines", tight_glm(low ~ splines::bs(lwt, df = 4) + smoke, binomial, births),
    c("Intercept", paste0("bs(lwt, df=4)[", 1:4, "]"), "smoke"),
    list(data = "birthwt", formula = "low ~ bs(lwt, df=4) + smoke", family = "binomial"))

# infert, esoph, warpbreaks, Insurance, beetles ---------------------------------------------------------------------
save_data(infert, "infert")
infert$education <- factor(as.character(infert$education))  # levels in the order of their text, as read from a file
put("infert logistic", tight_glm(case ~ age + parity + education + spontaneous + induced, binomial, infert),
    c("Intercept", "age", "parity", "C(education)[T.12+ yrs]", "C(education)[T.6-11yrs]", "spontaneous", "induced"),
    list(data = "infert", formula = "case ~ age + parity + C(education) + spontaneous + induced", family = "binomial"),
    cluster = infert$stratum)
conditional <- list()
for (ties in c("exact", "efron", "breslow")) {
  fit <- clogit(case ~ spontaneous + induced + strata(stratum), infert, method = ties, control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  conditional[[ties]] <- list(params = named(coef(fit), c("spontaneous", "induced")), bse = named(sqrt(diag(vcov(fit))), c("spontaneous", "induced")), llf = fit$loglik[2], llnull = fit$loglik[1])
}
esoph_rows <- data.frame(agegp = as.character(esoph$agegp), alcgp = as.character(esoph$alcgp), tobgp = as.character(esoph$tobgp),
                         ncases = esoph$ncases, ncontrols = esoph$ncontrols)
long <- rbind(cbind(esoph_rows[, 1:3], case = 1, times = esoph_rows$ncases), cbind(esoph_rows[, 1:3], case = 0, times = esoph_rows$ncontrols))
long <- long[long$times > 0, ]
long$age <- as.integer(substr(long$agegp, 1, 2)); long$alcohol <- match(long$alcgp, levels(esoph$alcgp)); long$tobacco <- match(long$tobgp, levels(esoph$tobgp))
save_data(long, "esoph")
put("esoph frequency weights", tight_glm(case ~ age + I(age^2) + alcohol + factor(tobacco), binomial, long[rep(seq_len(nrow(long)), long$times), ]),
    c("Intercept", "age", "I(age ** 2)", "alcohol", paste0("C(tobacco)[T.", 2:4, "]")),
    list(data = "esoph", formula = "case ~ age + I(age**2) + alcohol + C(tobacco)", family = "binomial", frequency_weights = "times"), profile = FALSE)
loom <- warpbreaks
save_data(loom, "warpbreaks")
put("warpbreaks poisson", tight_glm(breaks ~ wool * tension, poisson, transform(loom, tension = factor(tension, levels = c("H", "L", "M")))),
    c("Intercept", "wool[T.B]", "tension[T.L]", "tension[T.M]", "wool[T.B]:tension[T.L]", "wool[T.B]:tension[T.M]"),
    list(data = "warpbreaks", formula = "breaks ~ wool * tension", family = "poisson"), profile = TRUE)
claims <- data.frame(District = as.integer(MASS::Insurance$District), Group = as.character(MASS::Insurance$Group), Age = as.character(MASS::Insurance$Age),
                     Holders = MASS::Insurance$Holders, Claims = MASS::Insurance$Claims, log_holders = log(MASS::Insurance$Holders))
save_data(claims, "insurance")
for (column in c("Group", "Age")) claims[[column]] <- factor(claims[[column]], levels = sort(unique(claims[[column]]), method = "radix"))
insurance_terms <- c("Intercept", paste0("C(District)[T.", 2:4, "]"), paste0("Group[T.", levels(factor(claims$Group))[-1], "]"), paste0("Age[T.", levels(factor(claims$Age))[-1], "]"))
put("insurance exposure", tight_glm(Claims ~ factor(District) + Group + Age + offset(log(Holders)), poisson, claims), insurance_terms,
    list(data = "insurance", formula = "Claims ~ C(District) + Group + Age", family = "poisson", exposure = "Holders"), cluster = claims$District)
put("insurance offset", tight_glm(Claims ~ factor(District) + Group + Age + offset(log(Holders)), poisson, claims), insurance_terms,
    list(data = "insurance", formula = "Claims ~ C(District) + Group + Age", family = "poisson", offset = "log_holders"))
beetles <- data.frame(dose = c(1.6907, 1.7242, 1.7552, 1.7842, 1.8113, 1.8369, 1.8610, 1.8839), n = c(59, 60, 62, 56, 63, 59, 62, 60), killed = c(6, 13, 18, 28, 52, 53, 61, 60))
dead <- rbind(data.frame(dose = beetles$dose, dead = 1, times = beetles$killed), data.frame(dose = beetles$dose, dead = 0, times = beetles$n - beetles$killed))
dead <- dead[dead$times > 0, ]
save_data(dead, "beetles")
for (link in c("logit", "probit", "cloglog"))
  put(paste("beetles", link), tight_glm(dead ~ dose, binomial(link), dead[rep(seq_len(nrow(dead)), dead$times), ]), c("Intercept", "dose"),
      list(data = "beetles", formula = "dead ~ dose", family = "binomial", link = link, frequency_weights = "times"))

# gamma and inverse gaussian ------------------------------------------------------------------------------------------
clotting <- data.frame(u = c(5, 10, 15, 20, 30, 40, 60, 80, 100), lot1 = c(118, 58, 42, 35, 27, 25, 21, 19, 18), lot2 = c(69, 35, 26, 21, 18, 16, 13, 12, 12))
clotting$log_u <- log(clotting$u)
save_data(clotting, "clotting")
for (lot in c("lot1", "lot2")) for (link in c("inverse", "log"))
  put(paste("clotting", lot, link), tight_glm(as.formula(paste(lot, "~ log_u")), Gamma(link), clotting), c("Intercept", "log_u"),
      list(data = "clotting", formula = paste(lot, "~ log_u"), family = "gamma", link = link))
save_data(trees, "trees")
for (link in c("log", "inverse", "1/mu^2", "identity")) {
  start <- if (link == "identity") coef(lm(Volume ~ Girth + Height, trees)) else NULL
  fit <- try(tight_glm(Volume ~ Girth + Height, inverse.gaussian(link), trees, start = if (link == "identity") c(5, 3, 0) else NULL), silent = TRUE)
  if (inherits(fit, "try-error") || !fit$converged) { cat("no fit for inverse gaussian", link, "\n"); next }
  put(paste("trees inverse gaussian", link), fit, c("Intercept", "Girth", "Height"),
      list(data = "trees", formula = "Volume ~ Girth + Height", family = "inverse gaussian", link = if (link == "1/mu^2") "inverse squared" else link))
}
save_data(airquality, "airquality")
put("airquality gamma log", tight_glm(Ozone ~ Solar.R + Wind + Temp + factor(Month), Gamma("log"), airquality),
    c("Intercept", "Solar.R", "Wind", "Temp", paste0("C(Month)[T.", 6:9, "]")),
    list(data = "airquality", formula = "Ozone ~ `Solar.R` + Wind + Temp + C(Month)", family = "gamma", link = "log"))

# negative binomial ---------------------------------------------------------------------------------------------------
school <- MASS::quine
save_data(school, "quine")
negative <- list()
put_nb <- function(name, formula, terms, python) {
  fit <- glm.nb(formula, school, control = glm.control(epsilon = 1e-14, maxit = 500))
  theta <- theta.ml(school$Days, fitted(fit), limit = 500, eps = 1e-14)
  negative[[length(negative) + 1]] <<- list(name = name, data = "quine", formula = python, theta = as.numeric(theta), theta_se = as.numeric(attr(theta, "SE")),
    params = named(coef(fit), terms), bse = named(summary(fit)$coefficients[, 2], terms), llf = as.numeric(logLik(fit)), deviance = deviance(fit), aic = AIC(fit), df_resid = df.residual(fit))
}
put_nb("quine", Days ~ Eth + Sex + Age + Lrn, c("Intercept", "Eth[T.N]", "Sex[T.M]", "Age[T.F1]", "Age[T.F2]", "Age[T.F3]", "Lrn[T.SL]"), "Days ~ Eth + Sex + Age + Lrn")
put_nb("quine interaction", Days ~ Eth * Sex + Age + Lrn, c("Intercept", "Eth[T.N]", "Sex[T.M]", "Age[T.F1]", "Age[T.F2]", "Age[T.F3]", "Lrn[T.SL]", "Eth[T.N]:Sex[T.M]"), "Days ~ Eth * Sex + Age + Lrn")

# Firth -----------------------------------------------------------------------------------------------------------------
data("endometrial", package = "brglm2")
save_data(endometrial, "endometrial")
put_firth <- function(name, formula, frame, terms, python) {
  fit <- glm(formula, binomial, frame, method = "brglmFit", type = "AS_mean", control = brglmControl(epsilon = 1e-14, maxit = 10000))
  x <- model.matrix(fit); w <- fitted(fit) * (1 - fitted(fit))
  list(name = name, data = python$data, formula = python$formula, params = named(coef(fit), terms), bse = named(sqrt(diag(vcov(fit))), terms),
       llf = as.numeric(logLik(fit)), penalised_llf = as.numeric(logLik(fit)) + 0.5 * as.numeric(determinant(crossprod(x * w, x))$modulus))
}
firth <- list(
  put_firth("endometrial", HG ~ NV + PI + EH, endometrial, c("Intercept", "NV", "PI", "EH"), list(data = "endometrial", formula = "HG ~ NV + PI + EH")),
  put_firth("birthwt", small, births, small_terms, list(data = "birthwt", formula = small_python)))

versions <- sapply(c("MASS", "sandwich", "brglm2", "survival", "jsonlite"), function(p) as.character(packageVersion(p)))
written <- list(source = paste("regression.R with", R.version.string), versions = as.list(versions), fits = fits, tests = tests,
                conditional_logistic = conditional, negative_binomial = negative, firth = firth)
writeLines(toJSON(written, digits = I(17), auto_unbox = TRUE, pretty = FALSE, na = "null"), file.path(folder, "regression_reference.json"))
