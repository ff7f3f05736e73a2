# Values of R for tests/golden/test_textbook_data.py: data sets that textbooks and R's packages bring, and drawn tables.
#
# Run once, from the folder of this script: Rscript textbook_data.R
# Data: iris, ToothGrowth, mtcars, Titanic, infert (R's datasets), pbc (survival), Pima.tr and Pima.te (MASS), breslow
# (boot), and ../data/lung_risk.csv, which prediction.R makes.

suppressMessages({ library(jsonlite); library(survival); library(MASS); library(boot); library(epiR); library(pROC) })
versions <- sapply(c("survival", "MASS", "boot", "epiR", "pROC", "jsonlite"), function(p) as.character(packageVersion(p)))
out <- list(made_by = c(r = R.version.string, as.list(versions)))
quiet <- function(value) suppressWarnings(tryCatch(value, error = function(e) NULL))

# Tests between groups, moments and quartiles
described <- function(data, by, numbers, levels = character()) {
  g <- factor(data[[by]]); two <- nlevels(g) == 2
  of_number <- function(name) {
    x <- data[[name]]
    list(mean = as.numeric(tapply(x, g, mean, na.rm = TRUE)), sd = as.numeric(tapply(x, g, sd, na.rm = TRUE)),
      quartiles = unname(lapply(split(x, g), function(v) as.numeric(quantile(v, c(.25, .5, .75), na.rm = TRUE)))),
      welch = if (two) t.test(x ~ g)$p.value else oneway.test(x ~ g)$p.value,
      student = if (two) t.test(x ~ g, var.equal = TRUE)$p.value else oneway.test(x ~ g, var.equal = TRUE)$p.value,
      kruskal = kruskal.test(x, g)$p.value,
      wilcoxon = if (two) wilcox.test(x ~ g, exact = FALSE)$p.value else NULL)
  }
  of_levels <- function(name) {
    table <- table(g, as.character(data[[name]]))
    list(counts = unname(apply(table, 1, as.integer, simplify = FALSE)), `chi-square` = quiet(chisq.test(table)$p.value),
      `chi-square uncorrected` = quiet(chisq.test(table, correct = FALSE)$p.value),
      fisher = if (all(dim(table) == 2)) fisher.test(table)$p.value else NULL)
  }
  kept <- data[c(by, numbers, levels)]
  kept[] <- lapply(kept, function(x) if (is.factor(x)) as.character(x) else x)
  list(by = by, data = as.list(kept), numbers = sapply(numbers, of_number, simplify = FALSE),
    levels = sapply(levels, of_levels, simplify = FALSE))
}
cars <- transform(mtcars, transmission = ifelse(am == 1, "manual", "automatic"), cyl = as.character(cyl), gear = as.character(gear),
  vs = ifelse(vs == 1, "straight", "v"))
teeth <- transform(ToothGrowth, dose = as.character(dose))
pbc_trial <- transform(subset(pbc, !is.na(trt)), trt = as.character(trt), status = as.character(status),
  ascites = as.character(ascites), hepato = as.character(hepato), spiders = as.character(spiders),
  edema = as.character(edema), stage = as.character(stage))
out$tables <- list(
  iris = described(iris, "Species", c("Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width")),
  `teeth by supplement` = described(teeth, "supp", "len", "dose"),
  `teeth by dose` = described(teeth, "dose", "len", "supp"),
  cars = described(cars, "transmission", c("mpg", "hp", "wt", "qsec", "carb"), c("cyl", "gear", "vs")),
  pbc = described(pbc_trial, "trt",
    c("time", "age", "bili", "chol", "albumin", "copper", "alk.phos", "ast", "trig", "platelet", "protime"),
    c("status", "sex", "ascites", "hepato", "spiders", "edema", "stage")))

# Within strata: rows are cases and size of the exposed, cases and size of the others
within <- function(rows) {
  rows <- matrix(rows, ncol = 4); k <- nrow(rows); a <- array(0, c(2, 2, k))
  for (i in 1:k) a[, , i] <- matrix(c(rows[i, 1], rows[i, 3], rows[i, 2] - rows[i, 1], rows[i, 4] - rows[i, 3]), 2)
  corrected <- mantelhaen.test(a); exact <- mantelhaen.test(a, exact = TRUE)
  detail <- quiet(epi.2by2(a, method = "cohort.count", units = 1)$massoc.detail)
  list(rows = rows, or = c(unname(corrected$estimate), corrected$conf.int[1:2]), chi2 = unname(corrected$statistic),
    plain = unname(mantelhaen.test(a, correct = FALSE)$statistic), exact = c(unname(exact$estimate), exact$conf.int[1:2]),
    exact_p = exact$p.value, rr = as.numeric(unlist(detail$RR.mh.wald))[1:3], rd = as.numeric(unlist(detail$ARisk.mh.sato))[1:3])
}
ship <- apply(Titanic, c(1, 2, 4), sum)
births <- aggregate(cbind(case, n = 1) ~ I(induced > 0) + education + parity, data = infert, FUN = sum)
names(births)[1] <- "induced"
keys <- unique(births[c("education", "parity")])
sparse <- do.call(rbind, lapply(seq_len(nrow(keys)), function(i) {
  b <- merge(births, keys[i, ]); one <- b[b$induced, c("case", "n")]; other <- b[!b$induced, c("case", "n")]
  if (nrow(one) && nrow(other)) unlist(c(one, other)) }))
out$within <- list(Titanic = within(cbind(ship[, "Female", "Yes"], rowSums(ship[, "Female", ]), ship[, "Male", "Yes"], rowSums(ship[, "Male", ]))),
  infert = within(sparse))
set.seed(20)
for (i in 1:12) {
  k <- sample(3:7, 1); size <- sample(c(4, 12, 60), 1)
  n1 <- sample(2:(size + 2), k, TRUE); n0 <- sample(2:(size + 2), k, TRUE); p <- rbeta(k, 2, 3)
  out$within[[paste("drawn", i)]] <- within(cbind(rbinom(k, n1, plogis(qlogis(p) + .6)), n1, rbinom(k, n0, p), n0))
}
doctors <- breslow
detail <- suppressWarnings(epi.2by2(array(rbind(doctors$y[doctors$smoke == 1], doctors$y[doctors$smoke == 0],
  doctors$n[doctors$smoke == 1], doctors$n[doctors$smoke == 0]), c(2, 2, 5)), method = "cohort.time", units = 1)$massoc.detail)
out$doctors <- list(data = as.list(doctors), irr = as.numeric(unlist(detail$IRR.mh.wald))[1:3],
  ird = as.numeric(unlist(detail$ARate.mh.wald))[1:3])

# Counts: all small ones against whole and half numbers expected
grid <- expand.grid(observed = 0:12, expected = c(1:12, 2.5, 7.5))
out$poisson <- list(observed = grid$observed, expected = grid$expected, p = mapply(function(o, e) poisson.test(o, e)$p.value, grid$observed, grid$expected))
p <- c(.01, .02, .02, NA, .03, .5, 1, 1, .0004, NA, .049, .05)
out$adjusted <- c(list(p = p), sapply(c("BH", "BY", "holm", "hochberg", "hommel", "bonferroni"), function(m) p.adjust(p, m), simplify = FALSE))

# Predictions: diabetes among Pima women, learnt on Pima.tr; risks rounded to tenths have ties
model <- glm(type ~ npreg + glu + bmi + ped + age, data = Pima.tr, family = binomial)
y <- as.integer(Pima.te$type == "Yes"); risk <- signif(predict(model, Pima.te, type = "response"), 6)
ranked <- function(r) { a <- roc(y, r, direction = "<", levels = c(0, 1), quiet = TRUE); ci <- as.numeric(ci.auc(a))
  list(auc = as.numeric(auc(a)), var = var(a), low = ci[1], high = ci[3]) }
tight <- glm.control(epsilon = 1e-14, maxit = 100); lp <- qlogis(risk)
slope <- glm(y ~ lp, family = binomial, control = tight); large <- glm(y ~ offset(lp), family = binomial, control = tight)
tied <- round(risk, 1); glucose <- roc(y, Pima.te$glu, direction = "<", levels = c(0, 1), quiet = TRUE)
difference <- roc.test(roc(y, risk, direction = "<", levels = c(0, 1), quiet = TRUE), glucose, method = "delong", paired = TRUE)
out$pima <- list(y = y, risk = unname(risk), glucose = Pima.te$glu, whole = ranked(risk), tied = ranked(tied),
  z = unname(difference$statistic), p = difference$p.value, slope = unname(coef(slope)[2]), intercept = unname(coef(large)),
  brier = mean((y - risk)^2))

# A risk until a year, follow-up in months: many ties of events and censorings, weights by hand
lung <- read.csv("../data/lung_risk.csv"); t <- ceiling(lung$time / 30.4375); e <- lung$event; r <- round(lung$risk, 2); h <- 12
if (is.logical(e) || is.character(e)) e <- as.integer(e == TRUE | e == "True" | e == "TRUE")
times <- sort(unique(t)); before <- numeric(length(times)); g <- 1
for (j in seq_along(times)) {  # the share not censored before each time; events come before censorings
  before[j] <- g; left <- sum(t >= times[j]) - sum(t == times[j] & e == 1)
  if (left > 0) g <- g * (1 - sum(t == times[j] & e == 0) / left)
}
case <- e == 1 & t <= h; control <- !case & t >= h
w <- ifelse(case, 1 / before[match(t, times)], ifelse(control, 1 / before[match(h, times)], 0))
pairs <- outer(which(case), which(control), Vectorize(function(a, b) w[a] * w[b] * c((r[a] > r[b]) + .5 * (r[a] == r[b]))))
harrell <- concordance(Surv(t, e) ~ r, reverse = TRUE); uno <- concordance(Surv(t, e) ~ r, reverse = TRUE, timewt = "n/G2", ymax = h)
out$months <- list(auroc = sum(pairs) / (sum(w[case]) * sum(w[control])), brier = sum(w * (case - r)^2) / length(t),
  harrell_c = unname(harrell$concordance), uno_c = unname(uno$concordance))
write(toJSON(out, digits = I(15), auto_unbox = TRUE, na = "null", null = "null"), "../data/textbook_data.json")
