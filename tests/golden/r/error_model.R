# Makes ../data/error_model.json: controls drawn here, and the maximum of the likelihood of Schuemie et al. (2018) by optim.
# Run once, by hand, in this folder:  Rscript error_model.R       (Debian: r-base-core r-cran-jsonlite)
suppressMessages(library(jsonlite))
set.seed(11)
truth <- rep(log(c(1, 1.5, 2, 4)), 25)
se <- runif(100, 0.02, 0.25)
estimate <- rnorm(100, 0.15 + 0.9 * truth, sqrt((0.12 + 0.1 * abs(truth))^2 + se^2))
minus <- function(p) {
  sd <- p[3] + p[4] * abs(truth)
  if (any(sd < 0)) return(1e6)
  -sum(dnorm(estimate, p[1] + p[2] * truth, sqrt(sd^2 + se^2), log = TRUE))
}
fit <- list(par = c(0, 1, 0.1, 0))
for (i in 1:5) {
  fit <- optim(fit$par, minus, method = "Nelder-Mead", control = list(reltol = 1e-16, maxit = 20000))
  fit <- optim(fit$par, minus, method = "BFGS", control = list(reltol = 1e-16, maxit = 5000, ndeps = rep(1e-6, 4)))
}
p <- fit$par
# Limits of one estimate where its distance from what a true effect lets expect is 1.96 standard deviations.
far <- function(x, z) (0.5 - p[1] - p[2] * x) / sqrt((p[3] + p[4] * abs(x))^2 + 0.1^2) - z
z <- qnorm(0.975)
limits <- c(uniroot(far, c(-3, 0.5), z = z, tol = 1e-14)$root, uniroot(far, c(0, 4), z = -z, tol = 1e-14)$root)
writeLines(toJSON(list(made_by = R.version.string, truth = truth, se = se, estimate = estimate, parameters = p,
  llf = -fit$value, calibrated = exp(c((0.5 - p[1]) / p[2], limits))), digits = NA, auto_unbox = TRUE), "../data/error_model.json")
