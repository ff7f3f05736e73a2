# Makes ../data/prediction.json, and ../data/asah.csv and ../data/lung_risk.csv beside it, with R. Run once, by hand:
#   Rscript prediction.R     (in this folder; Debian: r-base-core r-cran-proc r-cran-rms r-cran-survival r-cran-jsonlite
#                             r-cran-sandwich)
# The tests read the files and need no R. The versions that made the stored file are in it.
#
# Data: aSAH of pROC (Turck N. et al. 2010, Intensive Care Med. 36(1), 107-115), with the risk of a logistic model;
# lung of survival (Loprinzi et al. 1994), with the risk of a Cox model at 365 days.
suppressMessages({library(pROC); library(rms); library(survival); library(jsonlite); library(sandwich)})
out <- list(versions = list(R = as.character(getRversion()), pROC = as.character(packageVersion("pROC")),
  rms = as.character(packageVersion("rms")), survival = as.character(packageVersion("survival")),
  sandwich = as.character(packageVersion("sandwich"))))

# --- discrimination: pROC on aSAH ------------------------------------------------------------------------------------
data(aSAH)
poor <- as.integer(aSAH$outcome == "Poor")
model <- glm(poor ~ s100b + age + wfns, data = transform(aSAH, wfns = as.integer(wfns)), family = binomial)
a <- data.frame(poor = poor, gender = as.character(aSAH$gender), age = aSAH$age, s100b = aSAH$s100b, ndka = aSAH$ndka,
  wfns = as.integer(aSAH$wfns), risk = as.numeric(fitted(model)^1.3))
write.csv(format(a, digits = 17, trim = TRUE), "../data/asah.csv", row.names = FALSE, quote = FALSE)
a <- read.csv("../data/asah.csv")
rocs <- list()
for (marker in c("s100b", "ndka", "wfns", "risk")) {
  r <- roc(a$poor, a[[marker]], direction = "<", quiet = TRUE)
  limits <- ci.auc(r, method = "delong")
  rocs[[marker]] <- list(auc = as.numeric(auc(r)), var = var(r, method = "delong"), ci_low = limits[1], ci_high = limits[3])
}
out$roc <- rocs
test <- function(x, y) {
  t <- roc.test(roc(a$poor, a[[x]], direction = "<", quiet = TRUE), roc(a$poor, a[[y]], direction = "<", quiet = TRUE),
    method = "delong", paired = TRUE)
  list(z = as.numeric(t$statistic), p = t$p.value)
}
out$roc_test <- list(wfns_s100b = test("wfns", "s100b"), s100b_ndka = test("s100b", "ndka"))
r <- roc(a$poor, a$s100b, direction = "<", quiet = TRUE)
at <- coords(r, c(0.205, 0.505), input = "threshold", ret = c("threshold", "sensitivity", "specificity", "ppv", "npv"),
  transpose = FALSE)
out$coords <- at

# --- calibration: rms::val.prob; glm -----------------------------------------------------------------------------------
v <- val.prob(a$risk, a$poor, pl = FALSE)
lp <- qlogis(a$risk)
strict <- glm.control(epsilon = 1e-15, maxit = 100)
large <- glm(poor ~ offset(lp), data = a, family = binomial, control = strict)
line <- glm(poor ~ lp, data = a, family = binomial, control = strict)
knots <- as.numeric(quantile(lp, c(.05, .35, .65, .95)))
basis <- rcspline.eval(lp, knots = knots, inclx = TRUE)
curve <- glm(a$poor ~ basis, family = binomial, control = strict)
away <- abs(fitted(curve) - a$risk)
se <- function(m) unname(sqrt(diag(vcov(m))))
out$val_prob <- as.list(v[c("C (ROC)", "Brier", "Intercept", "Slope")])
out$calibration <- list(intercept = unname(coef(large)), intercept_se = se(large), slope = unname(coef(line)[2]),
  slope_se = se(line)[2], ici = mean(away), e50 = median(away), e90 = unname(quantile(away, 0.9)), emax = max(away))
# Repeated rows of a person: sandwich::vcovCL without small-sample factors.
person <- (seq_len(nrow(a)) * 7) %% 40
out$clustered <- list(person = person,
  intercept_se = sqrt(diag(vcovCL(large, cluster = person, type = "HC0", cadjust = FALSE))),
  slope_se = unname(sqrt(diag(vcovCL(line, cluster = person, type = "HC0", cadjust = FALSE)))[2]))

# --- survival: concordance, and measures at a horizon by hand -------------------------------------------------------------
l <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog", "wt.loss")])
l$event <- as.integer(l$status == 2)
fit <- coxph(Surv(time, event) ~ age + sex + ph.ecog, data = l)
l$risk <- 1 - as.numeric(summary(survfit(fit, newdata = l), times = 365)$surv)
keep <- l[, c("time", "event", "age", "sex", "risk")]
write.csv(format(keep, digits = 17, trim = TRUE), "../data/lung_risk.csv", row.names = FALSE, quote = FALSE)
l <- read.csv("../data/lung_risk.csv")
index <- function(...) {
  k <- concordance(Surv(time, event) ~ risk, data = l, reverse = TRUE, ...)
  list(c = unname(k$concordance), se = sqrt(k$var))
}
out$harrell <- index()
out$uno <- index(timewt = "n/G2", ymax = 365)
# Repeated rows of a person: robust errors, summed by person.
l$person <- (seq_len(nrow(l)) * 7) %% 60
many <- summary(survfit(Surv(time, event) ~ 1, data = l, cluster = person), times = 365)
ranked <- concordance(Surv(time, event) ~ risk, data = l, reverse = TRUE, cluster = person)
out$clustered_survival <- list(person = l$person, observed_se = many$std.err, harrell_se = sqrt(ranked$var))
h <- 365
# Censoring distribution with events before censorings of the same day: shift the censorings by half a day.
shifted <- ifelse(l$event == 1, l$time, l$time + 0.5)
g <- survfit(Surv(shifted, 1 - l$event) ~ 1)
G <- stepfun(g$time, c(1, g$surv))
before <- function(t) G(t - 0.25)  # just before the shifted time
w <- ifelse(l$time <= h & l$event == 1, 1 / before(l$time), ifelse(l$time >= h, 1 / before(h), 0))
y <- as.integer(l$time <= h & l$event == 1)
keep <- w > 0
brier <- sum(w * (y - l$risk)^2) / nrow(l)
km <- summary(survfit(Surv(time, event) ~ 1, data = l), times = h)
pairs <- outer(l$risk[y == 1], l$risk[keep & y == 0], function(p, q) (p > q) + 0.5 * (p == q))
ww <- outer(w[y == 1], w[keep & y == 0])
lp <- qlogis(l$risk)
wline <- suppressWarnings(glm(y ~ lp, weights = w, subset = keep, family = binomial, control = strict))
wlarge <- suppressWarnings(glm(y ~ offset(lp), weights = w, subset = keep, family = binomial, control = strict))
out$horizon <- list(weight_sum = sum(w), n = nrow(l), brier = brier, observed = 1 - km$surv, observed_se = km$std.err,
  auroc = sum(pairs * ww) / sum(ww), intercept = unname(coef(wlarge)), slope = unname(coef(wline)[2]),
  intercept_se = unname(sqrt(diag(sandwich(wlarge)))), slope_se = unname(sqrt(diag(sandwich(wline)))[2]))
writeLines(toJSON(out, auto_unbox = TRUE, digits = NA, pretty = TRUE), "../data/prediction.json")
