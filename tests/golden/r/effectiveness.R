# Makes ../data/effectiveness.json with R's MatchIt and stats. Run once, by hand, in this folder:
#   Rscript effectiveness.R       (Debian: r-base-core r-cran-matchit r-cran-jsonlite)
# Data: MatchIt's lalonde (Dehejia, Wahba 1999; LaLonde 1986), which Debian's package ships.
suppressMessages({library(MatchIt); library(jsonlite)})
data(lalonde)
formula <- treat ~ age + educ + race + married + nodegree + re74 + re75
fit <- glm(formula, binomial, lalonde, control = glm.control(epsilon = 1e-15, maxit = 100))
score <- unname(fitted(fit)); z <- lalonde$treat; logit <- log(score / (1 - score))

# Matching: MatchIt's greedy nearest neighbour on the logit, largest score first. Without a caliper: with one of 0.36
# MatchIt 4.5.1 gives pairs up to 1.00 apart.
pairs <- function(...) {
  m <- matchit(formula, lalonde, method = "nearest", distance = logit, m.order = "largest", ...)
  matched <- m$match.matrix
  list(treated = match(rownames(matched), rownames(lalonde)) - 1,
       untreated = match(matched[, 1], rownames(lalonde)) - 1, summary = m)
}
one <- pairs(ratio = 1)
table <- summary(one$summary, standardize = TRUE)
rows <- rownames(table$sum.all)[-1]

# Crump's cut-off by its definition: the largest g with g = 2 E[b | b <= g], b = 1 / (e (1 - e)).
b <- sort(1 / (score * (1 - score)))
excess <- function(g) 2 * mean(b[b <= g]) - g
steps <- b[sapply(b, excess) >= 0]
g <- uniroot(excess, c(max(steps), max(b) + 1), tol = 1e-14)$root
crump <- 0.5 - sqrt(0.25 - 1 / g)

weights <- list(ate = z / score + (1 - z) / (1 - score), att = z + (1 - z) * score / (1 - score),
                overlap = z * (1 - score) + (1 - z) * score,
                matching = pmin(score, 1 - score) / (z * score + (1 - z) * (1 - score)))
x <- model.matrix(~ age + educ + married + nodegree + re74 + re75, lalonde)[, -1]
# Standardised differences with the pooled standard deviation before weighting.
smd <- function(w) {
  mean_of <- function(arm) colSums(x[z == arm, ] * w[z == arm]) / sum(w[z == arm])
  spread <- sapply(colnames(x), function(k) {
    v <- function(arm) { u <- x[z == arm, k]; if (all(u %in% 0:1)) mean(u) * (1 - mean(u)) else var(u) }
    sqrt((v(1) + v(0)) / 2)
  })
  unname((mean_of(1) - mean_of(0)) / spread)
}
strata <- cut(score, c(-1, quantile(score, 1:4 / 5), 1), labels = FALSE)
# The empirical null's likelihood, maximised where its derivative by the variance is zero: log odds ratios of 13 trials of BCG vaccine
# (Colditz et al. 1994, JAMA 271(9), 698-702), for which van Houwelingen et al. (2002, Stat. Med. 21(4), 589-624) report a
# mean of -0.742 and a variance of 0.302 by maximum likelihood.
a <- c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27); na <- c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886)
u <- c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29); nu <- c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825)
log_or <- log(a * nu / (na * u)); se <- sqrt(1 / a + 1 / na + 1 / u + 1 / nu)
profile <- function(v) { w <- 1 / (se^2 + v); m <- sum(w * log_or) / sum(w); sum((log_or - m)^2 * w^2 - w) }
v <- uniroot(profile, c(0.01, 2), tol = 1e-15)$root
w <- 1 / (se^2 + v); m <- sum(w * log_or) / sum(w)

out <- list(made_by = R.version.string, matchit = as.character(packageVersion("MatchIt")), lalonde = as.list(lalonde),
  score = score, matched = list(treated = one$treated, untreated = one$untreated), balance = list(names = rows,
    before = unname(table$sum.all[rows, "Std. Mean Diff."]), after = unname(table$sum.matched[rows, "Std. Mean Diff."]),
    ratio_before = unname(table$sum.all[rows, "Var. Ratio"]), ratio_after = unname(table$sum.matched[rows, "Var. Ratio"])),
  crump = crump, weights = weights, smd_names = colnames(x), smd = lapply(weights, smd), strata = strata,
  percentiles = c(quantile(score[z == 1], 0.05), quantile(score[z == 0], 0.95)),
  null = list(log_estimate = log_or, se = se, mean = m, sd = sqrt(v), llf = sum(dnorm(log_or, m, sqrt(se^2 + v), log = TRUE))))
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, na = "null"), "../data/effectiveness.json")
