# Reference values for tests/golden/test_funnel_against_r.py. Run once: Rscript tests/golden/r/funnel.R
# Data: deaths after open heart operations on children under one year, 12 English hospitals, April 1991 to March 1995
# (cardiac surgical registry, as printed by Marshall and Spiegelhalter 2007, Bayesian Anal. 2(2), 409-444); falls and
# bed-days, and observed and expected deaths, written here. Output: tests/golden/data/funnel.json.
# Limits: the distribution function drawn as straight lines from count to count, read off by `approx`; the same as
# Spiegelhalter's (2005, appendix A.1.1) by another way. Overdispersion: his appendix A.3, written out.
suppressMessages(library(jsonlite))
options(digits = 17)
out <- list(versions = list(R = R.version.string))

limit <- function(cdf, p, most) {
  r <- -1:most
  approx(c(0, cdf(0:most)), r, xout = p, ties = "ordered")$y
}
tails <- c(low95 = .025, high95 = .975, low998 = .001, high998 = .999)
named <- function(x, most = Inf) as.list(setNames(pmin(most, pmax(0, unname(x))), names(tails)))
# The lower limits from the distribution function, the upper ones from P(R >= r), so that neither leaves out more than its tail.
both <- function(found, mirrored) ifelse(tails < .5, found, mirrored)
sizes <- c(1, 2, 5, 20, 143, 581, 10000)
shares <- c(.003, .1196, .5, .97)
out$proportions <- do.call(c, lapply(sizes, function(n) lapply(shares, function(t) {
  found <- sapply(tails, function(p) limit(function(r) pbinom(r, n, t), p, n))
  mirrored <- sapply(tails, function(p) n - limit(function(r) pbinom(r, n, 1 - t), 1 - p, n))
  list(size = n, target = t, limits = named(found / n), symmetric = named(both(found, mirrored) / n, 1))
})))
means <- c(.02, .5, 3, 12.4, 80, 1500)
out$counts <- lapply(means, function(m) {
  most <- qpois(1 - 1e-12, m) + 5
  found <- sapply(tails, function(p) limit(function(r) ppois(r, m), p, most))
  r <- 0:(most + 1)
  mirrored <- sapply(tails, function(p) approx(rev(ppois(r - 1, m, lower.tail = FALSE)), rev(r), xout = 1 - p, ties = "ordered")$y)
  list(mean = m, limits = named(found / m), symmetric = named(both(found, mirrored) / m))
})

dispersion <- function(y, target, s, transform, winsorise) {
  z <- (transform(y) - transform(target)) / s
  ends <- quantile(z, c(winsorise, 1 - winsorise), type = 7, names = FALSE)
  z <- pmin(pmax(z, ends[1]), ends[2])
  I <- length(z); phi <- mean(z^2); w <- 1 / s^2
  tau2 <- max(0, (I * phi - (I - 1)) / (sum(w) - sum(w^2) / sum(w)))
  list(phi = phi, tau2 = tau2, p = pchisq(I * phi, I, lower.tail = FALSE))
}
wide <- function(target, s, found, transform, back, most) lapply(list(multiplicative = s * sqrt(max(1, found$phi)),
  additive = sqrt(s^2 + found$tau2)), function(se) {
    m <- lapply(tails, function(p) back(pmin(pmax(transform(target) + qnorm(p) * se, 0), most)))
    m })
asin_root <- function(y) asin(sqrt(y)); sin_square <- function(t) sin(t)^2

deaths <- c(41, 25, 24, 23, 25, 42, 24, 53, 26, 25, 58, 31)
operations <- c(143, 187, 323, 122, 164, 405, 239, 482, 195, 177, 581, 301)
target <- sum(deaths) / sum(operations); s <- 1 / (2 * sqrt(operations))
out$hospitals <- lapply(c(0, .1, .2), function(q) {
  found <- dispersion(deaths / operations, target, s, asin_root, q)
  c(list(events = deaths, size = operations, winsorise = q, target = target), found,
    list(limits = wide(target, s, found, asin_root, sin_square, pi / 2)))
})

falls <- c(4, 12, 0, 31, 9, 22, 5, 17, 40, 2, 11, 28); days <- c(900, 1500, 300, 2500, 2100, 1800, 950, 2600, 2900, 700, 1300, 2400)
target <- sum(falls) / sum(days); s <- 1 / (2 * sqrt(days))
found <- dispersion(falls / days, target, s, sqrt, .1)
out$wards <- c(list(events = falls, size = days, winsorise = .1, target = target), found,
  list(limits = wide(target, s, found, sqrt, function(t) t^2, Inf)))

observed <- c(95, 120, 88, 210, 61, 140, 77, 33, 190, 150); expected <- c(101.2, 96.5, 90.1, 180.4, 70.2, 122.9, 90.3, 20.8, 201.5, 139.9)
s <- 1 / (2 * sqrt(expected))
found <- dispersion(observed / expected, 1, s, sqrt, .1)
out$ratios <- c(list(events = observed, size = expected, winsorise = .1, target = 1), found,
  list(limits = wide(1, s, found, sqrt, function(t) t^2, Inf)))

write_json(out, "tests/golden/data/funnel.json", auto_unbox = TRUE, digits = NA, pretty = TRUE)
