"""The values of Istio's charts, as types and as a check of what a user gives."""

from pulumi_mesh.model.charts._generated.values import BaseValues, GatewayValues, IstiodValues
from pulumi_mesh.model.charts.check import check_values

__all__ = ["BaseValues", "GatewayValues", "IstiodValues", "check_values"]
