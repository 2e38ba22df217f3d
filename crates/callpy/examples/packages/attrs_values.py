"""Classes of attrs, which models.rs and models.go make, pass and read."""

from __future__ import annotations

from typing import Optional

import attrs
from attrs import define, field, frozen, validators


@frozen
class Point:
    x: float
    y: float = 0.0


@define
class Server:
    host: str = field(validator=validators.min_len(1))
    port: int = field(default=80, validator=validators.le(65535))
    tags: list[str] = attrs.Factory(list)
    _secret: str = field(default="none", kw_only=True)
    calls: int = field(init=False, default=0)
    place: Optional[Point] = None

    def address(self) -> str:
        return f"{self.host}:{self.port}"


@define
class Cluster:
    name: str = field(converter=str.upper)
    servers: list[Server]
    main: Server
    parent: Optional[Cluster] = None


def same(server: Server) -> Server:
    return server


def same_cluster(cluster: Cluster) -> Cluster:
    assert type(cluster) is Cluster and all(type(it) is Server for it in cluster.servers)
    return cluster


def told(server: Server) -> str:
    return f"{server.address()} {server.tags} {server._secret} {server.calls} {server.place}"


def moved(points: list[Point], by: float) -> list[Point]:
    return [attrs.evolve(point, x=point.x + by) for point in points]


def with_port(server: Server, port: int) -> Server:
    server.port = port
    return server
