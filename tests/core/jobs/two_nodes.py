"""A Ray cluster of two nodes on this computer: ``python -m tests.core.jobs.two_nodes HOME HOME``.

It prints its address, and ends with its input. In a process of its own, since Ray reads what its
environment says of tokens once, when it is loaded.
"""

from __future__ import annotations

import sys
from typing import Any

from ray.cluster_utils import Cluster

_SMALL: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80_000_000}


def main() -> None:
    one, two = ({**_SMALL, "env_vars": {"LIGHTBOX_HOME": home}} for home in sys.argv[1:])
    cluster = Cluster(initialize_head=True, head_node_args={**one, "include_dashboard": False})
    try:
        cluster.add_node(**two)
        print(f"address {cluster.address}", flush=True)
        sys.stdin.read()
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
