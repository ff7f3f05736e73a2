# Makes ../data/exact_test.json with R's fisher.test. Run once, by hand, in this folder:
#   Rscript exact_test.R       (Debian: r-base-core r-cran-jsonlite)
suppressMessages(library(jsonlite))
tables <- list(
  job = matrix(c(1, 2, 1, 0, 3, 3, 6, 1, 10, 10, 14, 9, 6, 7, 12, 11), 4),   # ?fisher.test: job satisfaction, Agresti 2002
  mp6 = rbind(c(1, 2, 2, 1, 1, 0, 1), c(2, 0, 0, 2, 3, 0, 0), c(0, 1, 1, 1, 2, 7, 3), c(1, 1, 2, 0, 0, 0, 1), c(0, 1, 1, 1, 1, 0, 0)),
  # ?fisher.test: Mehta and Patel's sixth table
  two_by_three = rbind(c(3, 0, 7), c(1, 6, 2)), three_by_two = cbind(c(8, 1, 4), c(2, 9, 5)),
  alike = rbind(c(5, 5, 5), c(5, 5, 5)), large = rbind(c(60, 45, 30, 4), c(50, 60, 20, 9)))
out <- lapply(tables, function(x) list(table = x, p = fisher.test(x, workspace = 2e7)$p.value))
writeLines(toJSON(c(list(made_by = R.version.string), out), digits = NA, auto_unbox = TRUE, matrix = "rowmajor"), "../data/exact_test.json")
