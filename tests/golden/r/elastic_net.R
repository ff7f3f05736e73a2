# Makes ../data/elastic_net.json with R's glmnet. Run once, by hand, in this folder:
#   Rscript elastic_net.R       (Debian: r-base-core r-cran-glmnet r-cran-mass r-cran-jsonlite)
# The tests read the file and need no R. Data: MASS::birthwt (Hosmer, Lemeshow 1989), and a sparse matrix made by formula.
# thresh = 1e-16: glmnet's default of 1e-7 leaves errors in the third or fourth digit.
suppressMessages({library(glmnet); library(jsonlite)})
data(birthwt, package = "MASS")
x <- model.matrix(~ age + lwt + factor(race) + smoke + ptl + ht + ui + ftv, birthwt)[, -1]
n <- nrow(x)
weights <- (1:n) %% 3 + 1
offset <- ((1:n) %% 7) / 10
factors <- c(0, 1, 1, 2, 1, 1, 0.5, 1, 1)
fold <- (1:n * 7) %% 5 + 1

# Every sixth penalty, and the last one, of the path that glmnet chooses.
some <- function(f) unique(c(seq(1, length(f$lambda), by = 6), length(f$lambda)))
path <- function(x, y, ...) {
  f <- glmnet(x, y, thresh = 1e-16, maxit = 1e7, ...)
  at <- some(f)
  list(count = length(f$lambda), lambda = f$lambda[at], at = at, intercept = as.numeric(f$a0[at]),
       coefficients = unname(t(as.matrix(f$beta[, at]))), deviance_ratio = f$dev.ratio[at], null_deviance = f$nulldev)
}
counts <- birthwt$ftv + birthwt$ptl
cases <- list()
for (alpha in c(1, 0.5, 0)) {
  cases[[paste0("gaussian ", alpha)]] <- path(x, birthwt$bwt, alpha = alpha)
  cases[[paste0("binomial ", alpha)]] <- path(x, birthwt$low, family = "binomial", alpha = alpha)
  cases[[paste0("poisson ", alpha)]] <- path(x, counts, family = "poisson", alpha = alpha)
}
cases[["gaussian weighted"]] <- path(x, birthwt$bwt, alpha = 0.5, weights = weights, offset = 100 * offset,
                                     penalty.factor = factors)
cases[["binomial weighted"]] <- path(x, birthwt$low, family = "binomial", weights = weights, offset = offset,
                                     penalty.factor = factors)
cases[["poisson weighted"]] <- path(x, counts, family = "poisson", weights = weights, offset = offset,
                                    penalty.factor = factors)
cases[["binomial raw"]] <- path(x, birthwt$low, family = "binomial", standardize = FALSE)

validated <- list()
for (family in c("gaussian", "binomial", "poisson")) {
  y <- list(gaussian = birthwt$bwt, binomial = birthwt$low, poisson = counts)[[family]]
  # Without `lambda` cv.glmnet lets each fold choose penalties of its own and interpolates; with it all folds are fitted
  # at the same ones, as we do always.
  lambda <- glmnet(x, y, family = family, thresh = 1e-16, maxit = 1e7)$lambda
  cv <- cv.glmnet(x, y, family = family, foldid = fold, lambda = lambda, thresh = 1e-16, maxit = 1e7)
  at <- some(cv)
  validated[[family]] <- list(at = at, deviance = cv$cvm[at], se = cv$cvsd[at], min = cv$lambda.min, one_se = cv$lambda.1se)
}

# A sparse matrix by formula: row i (from 0) has column j where (i * (j + 3) + j^2 * 5 + floor(i / 7) * 11) mod 97 < 1 + j mod 9.
rows <- 1500; columns <- 120
i <- rep(0:(rows - 1), columns); j <- rep(0:(columns - 1), each = rows)
filled <- ((i * (j + 3) + j^2 * 5 + (i %/% 7) * 11) %% 97) < 1 + j %% 9
sparse <- Matrix::sparseMatrix(i = i[filled] + 1, j = j[filled] + 1, x = 1, dims = c(rows, columns))
k <- 0:(rows - 1)
signal <- as.numeric(sparse[, 1:20] %*% (((1:20) %% 5) - 2)) / 2
arm <- as.integer(((k * k * 7 + k * 13) %% 101) / 101 < plogis(signal - 0.5))
cases[["sparse 1"]] <- path(sparse, arm, family = "binomial")
cases[["sparse 0.3"]] <- path(sparse, arm, family = "binomial", alpha = 0.3)

out <- list(made_by = R.version.string, glmnet = as.character(packageVersion("glmnet")), names = colnames(x), x = unname(x),
            low = birthwt$low, bwt = birthwt$bwt, counts = counts, weights = weights, offset = offset, factors = factors,
            fold = fold, arm = arm, cases = cases, validated = validated)
writeLines(toJSON(out, digits = NA, auto_unbox = TRUE), "../data/elastic_net.json")
