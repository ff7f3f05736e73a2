# Makes ../data/hard_data.json with R. Run once, by hand, in this folder:
#   Rscript hard_data.R    (Debian: r-base-core r-cran-boot r-cran-brglm2 r-cran-mass r-cran-jsonlite)
# The tests read the file and need no R. The versions that made it, and the data themselves, are in it.
#
# Data on which a fit goes wrong where care is lacking. urine (Andrews and Herzberg 1985, in boot): calcium oxalate
# crystals; specific gravities of 1.005 to 1.040 are nearly the intercept. breslow (Breslow 1985, in boot): deaths of
# doctors by smoking, person-years as exposure. Melanoma (Drzewiecki and Andersen 1985, in MASS) with log follow-up as
# offset.
suppressMessages({library(boot); library(brglm2); library(MASS); library(jsonlite)})
tight <- glm.control(epsilon = 1e-15, maxit = 500)
out <- list(versions = list(R = R.version.string, boot = as.character(packageVersion("boot")),
                            brglm2 = as.character(packageVersion("brglm2")), MASS = as.character(packageVersion("MASS"))))
plain <- function(values) I(unname(as.numeric(values)))

# Where the profile likelihood has fallen by half the quantile: one coefficient is held by an offset. Centred covariates
# change nothing but the digits.
limits <- function(frame, name, fit, covariates) {
  z <- qchisq(0.95, 1); b <- coef(fit)[name]; s <- sqrt(diag(vcov(fit)))[name]
  others <- scale(frame[setdiff(covariates, name)], scale = FALSE)
  x <- if (name == "(Intercept)") qr.Q(qr(as.matrix(frame[covariates]))) else cbind(1, others)
  held <- function(value) glm.fit(x, frame$r, offset = value * (if (name == "(Intercept)") rep(1, nrow(frame)) else frame[[name]] - mean(frame[[name]])),
                                  family = binomial(), control = tight)$deviance - deviance(fit) - z
  c(uniroot(held, c(b - 6 * s, b - 0.3 * s), tol = 1e-12)$root, uniroot(held, c(b + 0.3 * s, b + 6 * s), tol = 1e-12)$root)
}
stones <- na.omit(boot::urine)
covariates <- c("gravity", "ph", "osmo", "cond", "urea", "calc")
formula <- reformulate(covariates, "r")
fit <- glm(formula, binomial, stones, control = tight)
firth <- glm(formula, binomial, stones, method = "brglmFit", type = "AS_mean", epsilon = 1e-13, maxit = 10000)
found <- sapply(c("(Intercept)", covariates), function(name) limits(stones, name, fit, covariates))
out$urine <- list(data = lapply(as.list(stones), as.numeric), coef = plain(coef(fit)), se = plain(sqrt(diag(vcov(fit)))),
                  profile_low = plain(found[1, ]), profile_high = plain(found[2, ]), firth_coef = plain(coef(firth)),
                  firth_se = plain(sqrt(diag(vcov(firth)))))

doctors <- boot::breslow
null <- function(fit) list(null_deviance = fit$null.deviance, deviance = fit$deviance)
out$breslow <- c(list(data = list(age = as.numeric(as.character(doctors$age)), smoke = as.numeric(as.character(doctors$smoke)), n = doctors$n, y = doctors$y, log_n = log(doctors$n))),
                 null(glm(y ~ factor(age) + smoke + offset(log(n)), poisson, doctors, control = tight)))
skin <- MASS::Melanoma
skin$dead <- as.numeric(skin$status == 1); skin$log_years <- log(skin$time / 365.25)
out$melanoma <- c(list(data = list(dead = skin$dead, thickness = skin$thickness, ulcer = skin$ulcer, log_years = skin$log_years)),
                  list(poisson = null(glm(dead ~ thickness + ulcer + offset(log_years), poisson, skin, control = tight)),
                       logit = null(glm(dead ~ thickness + ulcer + offset(log_years), binomial, skin, control = tight)),
                       gaussian = null(glm(thickness ~ ulcer + offset(log_years), gaussian, skin, control = tight)),
                       gamma = null(glm(thickness ~ ulcer + offset(log_years), Gamma("log"), skin, control = tight))))
write_json(out, "../data/hard_data.json", digits = I(17), auto_unbox = TRUE)
