# Makes ../data/sampling_weights.json with R's glm, sandwich and survival. Run once, by hand, in this folder:
#   Rscript sampling_weights.R            (Debian: r-base-core r-cran-survival r-cran-sandwich r-cran-jsonlite)
# The tests read the file and need no R. The versions that made it are in it.
#
# Data: birthwt (Hosmer and Lemeshow 1989; MASS), in ../data/birthwt.csv, weighted by the inverse probability of smoking;
# lung (Loprinzi et al. 1994; survival), in ../data/lung.csv, weighted by the inverse probability of sex. glm(weights=)
# takes the weights for precision weights; sandwich::vcovHC(type = "HC0") is then the linearised variance of
# survey::svyglm for rows drawn by themselves, but for svyglm's factor n / (n - 1).
library(survival); library(sandwich); library(jsonlite)
options(digits = 17)
named <- function(values, terms) as.list(setNames(as.numeric(values), terms))
births <- read.csv("../data/birthwt.csv")
births$race <- factor(births$race)
score <- fitted(glm(smoke ~ age + lwt + race, binomial, births, control = glm.control(1e-15, 100)))
births$w <- ifelse(births$smoke == 1, 1 / score, 1 / (1 - score))
fits <- list()
put <- function(name, formula, family, python, family_name) {
  fit <- suppressWarnings(glm(formula, family, births, weights = w, control = glm.control(1e-15, 100)))
  terms <- c("Intercept", "smoke", "age", "C(race)[T.2]", "C(race)[T.3]")
  scores <- estfun(fit)
  fits[[length(fits) + 1]] <<- list(
    name = name, formula = python, family = family_name, params = named(coef(fit), terms),
    HC0 = named(sqrt(diag(vcovHC(fit, type = "HC0"))), terms), HC1 = named(sqrt(diag(vcovHC(fit, type = "HC1"))), terms),
    model = named(sqrt(diag(vcov(fit))), terms),
    cluster = named(sqrt(diag(vcovCL(fit, births$ftv + 1, type = "HC1"))), terms))
}
put("logistic", low ~ smoke + age + race, binomial, "low ~ smoke + age + C(race)", "binomial")
put("linear", bwt ~ smoke + age + race, gaussian, "bwt ~ smoke + age + C(race)", "gaussian")
put("poisson", ptl ~ smoke + age + race, poisson, "ptl ~ smoke + age + C(race)", "poisson")
people <- read.csv("../data/lung.csv")
people <- people[complete.cases(people[, c("time", "status", "sex", "age", "ph.ecog")]), ]
share <- fitted(glm(I(sex == 2) ~ age + ph.ecog, binomial, people, control = glm.control(1e-15, 100)))
people$w <- ifelse(people$sex == 2, 1 / share, 1 / (1 - share))
cox <- coxph(Surv(time, status == 2) ~ sex + age, people, weights = w, robust = TRUE, control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100))
write_json(list(
  versions = list(R = paste(R.version$major, R.version$minor, sep = "."), survival = as.character(packageVersion("survival")), sandwich = as.character(packageVersion("sandwich"))),
  fits = fits, birthwt_weights = births$w,
  cox = list(params = named(coef(cox), c("sex", "age")), robust = named(sqrt(diag(vcov(cox))), c("sex", "age")), model = named(sqrt(diag(cox$naive.var)), c("sex", "age")), rows = as.integer(rownames(people)) - 1L, weights = people$w)
), "../data/sampling_weights.json", digits = NA, auto_unbox = TRUE, pretty = FALSE)
