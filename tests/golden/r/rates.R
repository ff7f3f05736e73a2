# Reference values for tests/golden/test_rates_against_r.py. Run once: Rscript tests/golden/r/rates.R
# Data: UCBAdmissions (datasets), oswego (epitools), the counts of Breslow and Day 1980, table 4.1 (Ille-et-Vilaine,
# esoph), and counts written here. Output: tests/golden/data/rates_reference.json, with R and package versions.
suppressMessages({library(epitools); library(epiR); library(jsonlite); library(Epi)})
options(digits = 17)
out <- list(versions = list(
  R = R.version.string, epitools = as.character(packageVersion("epitools")),
  epiR = as.character(packageVersion("epiR")), Epi = as.character(packageVersion("Epi"))))
interval <- function(x) unname(as.numeric(x))

# Proportions
shares <- list(c(0, 10), c(1, 10), c(5, 10), c(10, 10), c(81, 263), c(15, 148), c(3, 100000))
out$proportions <- lapply(shares, function(s) list(
  events = s[1], n = s[2],
  wilson = interval(prop.test(s[1], s[2], correct = FALSE)$conf.int),
  `clopper-pearson` = interval(binom.test(s[1], s[2])$conf.int),
  `agresti-coull` = { z <- qnorm(.975); n <- s[2] + z^2; p <- (s[1] + z^2 / 2) / n
                      interval(pmin(1, pmax(0, p + c(-1, 1) * z * sqrt(p * (1 - p) / n)))) }))

# Two rates: poisson.test (exact), epitools (mid-P and Wald)
pairs <- list(c(15, 19017, 41, 28010), c(3, 10, 0, 12), c(0, 10, 4, 12), c(60, 51477.5, 30, 54308.7), c(11, 800, 12, 1000))
out$rates <- lapply(pairs, function(p) {
  test <- poisson.test(c(p[1], p[3]), c(p[2], p[4]))
  found <- list(counts = p, ratio = unname(test$estimate), exact = interval(test$conf.int), p = test$p.value)
  if (p[1] > 0 && p[3] > 0) {
    table <- matrix(c(p[3], p[1], p[4], p[2]), 2)
    found$wald <- interval(rateratio.wald(table)$measure[2, 2:3])
  }
  # mid-P limits by their definition, to full precision
  n <- p[1] + p[3]; scale <- p[4] / p[2]
  up <- function(q) pbinom(p[1] - 1, n, q) + dbinom(p[1], n, q) / 2 - .025
  lo <- function(q) 1 - pbinom(p[1], n, q) + dbinom(p[1], n, q) / 2 - .025
  solve <- function(f) uniroot(f, c(1e-12, 1 - 1e-12), tol = 1e-15, maxiter = 10000)$root
  if (p[1] > 0 && p[3] > 0) { q <- c(solve(lo), solve(up)); found$midp <- q / (1 - q) * scale }
  found
})

# Two-by-two tables: fisher.test, whose own roots are good to 1e-4; and its equations solved to full precision
precise_fisher <- function(x) {
  m <- sum(x[, 1]); n <- sum(x[, 2]); k <- sum(x[1, ]); x0 <- x[1, 1]
  support <- max(0, k - n):min(k, m); logdc <- dhyper(support, m, n, k, log = TRUE)
  d <- function(ncp) { l <- logdc + log(ncp) * support; l <- exp(l - max(l)); l / sum(l) }
  root <- function(f) exp(uniroot(function(u) f(exp(u)), c(-30, 30), tol = 1e-14, maxiter = 10000)$root)
  low <- if (x0 == min(support)) 0 else root(function(r) sum(d(r)[support >= x0]) - .025)
  high <- if (x0 == max(support)) Inf else root(function(r) sum(d(r)[support <= x0]) - .025)
  mle <- if (x0 == min(support)) 0 else if (x0 == max(support)) Inf else root(function(r) sum(d(r) * support) - x0)
  c(mle, low, high)
}
tables <- list(oswego = c(43, 11, 3, 18), tea = c(3, 1, 1, 3), zero = c(0, 8, 5, 9), doctors = c(104, 10933, 189, 10845),
               small = c(7, 12, 0, 7))
out$tables <- lapply(tables, function(t) {
  x <- matrix(t, 2, byrow = TRUE) # rows exposed, unexposed; columns cases, others
  f <- fisher.test(x)
  found <- list(counts = t, fisher = unname(c(f$estimate, f$conf.int)), fisher_p = f$p.value,
                precise = precise_fisher(x),
                chi2 = unname(suppressWarnings(chisq.test(x, correct = FALSE))$statistic),
                yates = unname(suppressWarnings(chisq.test(x, correct = TRUE))$statistic))
  if (all(t > 0)) {
    e <- epi.2by2(as.table(x), method = "cohort.count", conf.level = .95)$massoc.detail
    found$rr <- unlist(e$RR.strata.wald, use.names = FALSE)[1:3]
    found$or <- unlist(e$OR.strata.wald, use.names = FALSE)[1:3]
  }
  found
})

# Strata: UCBAdmissions, as admitted (event) by gender within departments
rows_of <- function(a) { # 2 x 2 x K: rows group, columns event
  k <- dim(a)[3]; do.call(rbind, lapply(1:k, function(i) c(a[1, 1, i], sum(a[1, , i]), a[2, 1, i], sum(a[2, , i]))))
}
stratified <- function(a) {
  with <- mantelhaen.test(a); without <- mantelhaen.test(a, correct = FALSE); exact <- mantelhaen.test(a, exact = TRUE)
  e <- epi.2by2(a, method = "cohort.count", conf.level = .95)$massoc.detail
  list(rows = rows_of(a), or = unname(c(with$estimate, with$conf.int)), chi2 = unname(with$statistic), p = with$p.value,
       chi2_plain = unname(without$statistic), exact = unname(c(exact$estimate, exact$conf.int)), exact_p = exact$p.value,
       rr = unlist(e$RR.mh.wald, use.names = FALSE)[1:3], rd = unlist(e$ARisk.mh.wald, use.names = FALSE)[1:3] / 100,
       rd_sato = unlist(e$ARisk.mh.sato, use.names = FALSE)[1:3] / 100,
       rd_gr = unlist(e$ARisk.mh.green, use.names = FALSE)[1:3] / 100,
       woolf = e$wOR.homog$test.statistic, breslow_day = e$bOR.homog$test.statistic)
}
out$ucb <- stratified(aperm(UCBAdmissions, c(2, 1, 3)))
esoph <- array(c(1, 0, 9, 106, 4, 5, 26, 164, 25, 21, 29, 138, 42, 34, 27, 139, 19, 36, 18, 88, 5, 8, 0, 31), c(2, 2, 6))
out$esophagus <- stratified(esoph)

# Stratified rates
rates <- data.frame(s = rep(1:3, each = 2), x = rep(1:0, 3), d = c(14, 10, 41, 22, 28, 60), y = c(1516, 1701, 949, 2245, 342, 1701))
a <- array(0, c(2, 2, 3)); for (i in 1:3) { r <- rates[rates$s == i, ]; a[1, , i] <- c(r$d[1], r$y[1]); a[2, , i] <- c(r$d[2], r$y[2]) }
e <- epi.2by2(a, method = "cohort.time", conf.level = .95, units = 1)$massoc.detail
out$person_time <- list(rows = rates, irr = unlist(e$IRR.mh.wald, use.names = FALSE)[1:3],
                        ird = unlist(e$ARate.mh.wald, use.names = FALSE)[1:3])

# Standardisation: epitools, on Fleiss 1981's Down syndrome example that its help page uses, and with the log interval
population <- c(230061, 329449, 114920, 39487, 14208, 3052)
group <- c("<20", "20-24", "25-29", "30-34", "35-39", "40+")
count <- c(107, 141, 60, 40, 39, 25)
standard <- c(63986, 186688, 157302, 97647, 47572, 12262) * 18
direct <- ageadjust.direct(count, population, stdpop = standard)
zero <- ageadjust.direct(c(0, 2, 1), c(1000, 2000, 500), stdpop = c(3, 2, 1))
stdcount <- c(45, 201, 320, 126, 88, 80)
indirect <- ageadjust.indirect(count, population, stdcount, standard)
out$standardised <- list(count = count, population = population, standard = standard, direct = unname(direct),
                         zero = unname(zero), stdcount = stdcount, indirect = unname(indirect$sir))
out$smr <- lapply(list(c(0, 1.2), c(5, 3.1), c(14, 7.9), c(60, 75.25), c(412, 388.5)), function(s) {
  t <- poisson.test(s[1], s[2]); list(observed = s[1], expected = s[2], exact = interval(t$conf.int), p = t$p.value) })

# Lexis: whole days as in split_follow_up: entry at the start, exit at the end of the last day
set.seed(4)
n <- 60
birth <- as.Date("1930-01-01") + floor(runif(n, 0, 20000)); birth[1:3] <- as.Date(c("1948-02-29", "1952-02-29", "1960-12-31"))
start <- as.Date("1999-03-01") + floor(runif(n, 0, 4000)); days <- ceiling(runif(n, 0, 3000)); event <- rbinom(n, 1, .4)
lx <- Lexis(entry = list(per = as.numeric(start), since = 0), exit = list(per = as.numeric(start + days)),
            exit.status = event, data = data.frame(id = 1:n), entry.status = 0)
years <- as.numeric(as.Date(paste0(1998:2020, "-01-01")))
lx <- splitLexis(lx, breaks = years, time.scale = "per"); lx <- splitLexis(lx, breaks = c(0, 30, 365, 1000), time.scale = "since")
cell <- aggregate(cbind(lex.dur, event = lex.Xst == 1) ~ year + since, FUN = sum, data = transform(as.data.frame(lx),
  year = as.numeric(format(as.Date(per + 1e-9, origin = "1970-01-01"), "%Y")),
  since = c(0, 30, 365, 1000)[findInterval(since + 1e-9, c(0, 30, 365, 1000))]))
out$lexis <- list(people = data.frame(birth = as.character(birth), start = as.character(start), days = days, event = event),
                  cells = cell)

# Benjamini and Hochberg 1995, section 4.1: the 15 p values
p <- c(.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1.000)
out$p_adjust <- list(p = p, `benjamini-hochberg` = p.adjust(p, "BH"), holm = p.adjust(p, "holm"),
                     bonferroni = p.adjust(p, "bonferroni"), hochberg = p.adjust(p, "hochberg"), `benjamini-yekutieli` = p.adjust(p, "BY"))
write(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null"), "tests/golden/data/rates_reference.json")
