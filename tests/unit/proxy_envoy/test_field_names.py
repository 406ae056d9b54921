"""Field names in camelCase and back."""

from pulumi_mesh.proxy.envoy.field_names import in_camel_case, in_snake_case
from pulumi_mesh.proxy.envoy.write import write_static
from tests.unit.proxy_envoy.rich import RICH


def test_names_change_and_data_stays() -> None:
    message = {
        "filter_chains": [{"filter_chain_match": {"destination_port": 1}}],
        "metadata": {"filter_metadata": {"a_b": {"c_d": 1}}},
        "outlier_detection": {"consecutive_5xx": 5},
        "transport_socket_matches": [{"match": {"tls_mode": "x"}, "transport_socket": {}}],
        "typed_per_filter_config": {"a_b": {"@type": "t/TypedStruct", "type_url": "u", "value": {"a_b": 1}}},
    }
    assert in_camel_case(message) == {
        "filterChains": [{"filterChainMatch": {"destinationPort": 1}}],
        "metadata": {"filterMetadata": {"a_b": {"c_d": 1}}},
        "outlierDetection": {"consecutive5xx": 5},
        "transportSocketMatches": [{"match": {"tls_mode": "x"}, "transportSocket": {}}],
        "typedPerFilterConfig": {"a_b": {"@type": "t/TypedStruct", "typeUrl": "u", "value": {"a_b": 1}}},
    }


def test_a_whole_view_there_and_back() -> None:
    written = write_static(RICH)
    assert in_snake_case(in_camel_case(written)) == written
