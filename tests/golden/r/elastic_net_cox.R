# Makes ../data/elastic_net_cox.json with R's glmnet. Run once, by hand, in this folder:
#   Rscript elastic_net_cox.R       (Debian: r-base-core r-cran-glmnet r-cran-survival r-cran-jsonlite)
# The tests read the file and need no R. Data: survival::lung (Loprinzi et al. 1994), complete cases of the columns used.
# thresh = 1e-16: glmnet's default of 1e-7 leaves errors in the third or fourth digit.
# Two things of glmnet 4.1-6 are passed by. It puts censored rows behind events of the same time by adding 2.2e-14, which
# is lost on times of hundreds: its null deviance of lung is then 1261.908, coxph's 1262.022. So the days are divided by a
# thousand here. And its path with strata stops before the optimum, whatever the threshold (objective 2.70825 at lambda
# 0.1077, where 2.70816 can be had); strata are checked against coxph's own ridge instead.
suppressMessages({library(glmnet); library(survival); library(jsonlite)})
names <- c("age", "ph.ecog", "ph.karno", "pat.karno", "wt.loss")
d <- lung[complete.cases(lung[, c("time", "status", "sex", names)]), ]
x <- as.matrix(cbind(d[, names], male = as.numeric(d$sex == 1)))
n <- nrow(x)
event <- d$status - 1
weights <- (1:n) %% 3 + 1
offset <- ((1:n) %% 7) / 10
factors <- c(0, 1, 1, 2, 1, 0.5)
fold <- (1:n * 7) %% 5 + 1
y <- Surv(d$time / 1000, event)
tied <- Surv(ceiling(d$time / 60), event)
strata <- as.integer(d$age > 65)

some <- function(f) unique(c(seq(1, length(f$lambda), by = 6), length(f$lambda)))
path <- function(x, y, ...) {
  f <- glmnet(x, y, family = "cox", thresh = 1e-16, maxit = 1e7, ...)
  at <- some(f)
  list(count = length(f$lambda), lambda = f$lambda[at], at = at, coefficients = unname(t(as.matrix(f$beta[, at]))),
       deviance_ratio = f$dev.ratio[at], null_deviance = f$nulldev)
}
cases <- list()
for (alpha in c(1, 0.5, 0)) cases[[paste0("cox ", alpha)]] <- path(x, y, alpha = alpha)
cases[["tied"]] <- path(x, tied)
cases[["weighted"]] <- path(x, y, alpha = 0.5, weights = weights, offset = offset, penalty.factor = factors)
cases[["raw"]] <- path(x, y, standardize = FALSE)

lambda <- glmnet(x, tied, family = "cox", thresh = 1e-16, maxit = 1e7)$lambda
cv <- cv.glmnet(x, tied, family = "cox", foldid = fold, lambda = lambda, thresh = 1e-16, maxit = 1e7)
weighted <- cv.glmnet(x, tied, family = "cox", foldid = fold, lambda = lambda, weights = weights, thresh = 1e-16, maxit = 1e7)
scored <- function(cv) {
  at <- some(cv)
  list(at = at, deviance = cv$cvm[at], se = cv$cvsd[at], min = cv$lambda.min, one_se = cv$lambda.1se)
}
# coxph maximises the log partial likelihood less theta / 2 * sum(b^2).
ridge_of <- function(lambda) {
  f <- coxph(tied ~ ridge(x, theta = n * lambda, scale = FALSE) + strata(strata), ties = "breslow",
             control = coxph.control(eps = 1e-14, iter.max = 100, outer.max = 100))
  unname(coef(f))
}
ridge_lambda <- c(10, 1, 0.1, 0.001)
out <- list(made_by = R.version.string, glmnet = as.character(packageVersion("glmnet")),
            survival = as.character(packageVersion("survival")), names = colnames(x), x = unname(x), time = d$time,
            event = event, weights = weights, offset = offset, factors = factors, fold = fold, strata = strata,
            cases = cases, validated = scored(cv), validated_weighted = scored(weighted), lambda = lambda,
            ridge_lambda = ridge_lambda, ridge = t(sapply(ridge_lambda, ridge_of)))
write(toJSON(out, digits = I(17), auto_unbox = TRUE), "../data/elastic_net_cox.json")
