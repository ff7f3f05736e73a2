"""Regression with the elastic net penalty: lasso, ridge and what lies between, dense or with very many sparse terms."""

from analysis_lib.models.regression.penalised.elastic_net import elastic_net, elastic_net_matrix
from analysis_lib.models.regression.penalised.elastic_net_result import ElasticNetResult

__all__ = ["ElasticNetResult", "elastic_net", "elastic_net_matrix"]
