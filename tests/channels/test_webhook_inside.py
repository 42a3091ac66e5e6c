"""An agency names the address; it leads to no network of ours, however it is written or answered for."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass

import pytest

from broadcaster.channels.errors import Misconfigured
from broadcaster.channels.http import is_public_address
from tests.channels.test_webhook import hook, out, sent

INSIDE = [
    "https://127.0.0.1/", "https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://0177.0.0.1/",
    "https://localhost/", "https://0/", "https://0.0.0.0/", "https://10.0.0.1/", "https://172.16.0.1/",
    "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://100.100.100.200/", "https://192.0.0.192/", "https://198.18.0.1/",
    "https://198.51.100.7/", "https://203.0.113.7/", "https://224.0.0.1/", "https://240.0.0.1/",
    "https://255.255.255.255/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/", "https://[::ffff:a9fe:a9fe]/", "https://[fe80::1]/", "https://[fc00::1]/",
    "https://[fd00:ec2::254]/", "https://[2002:7f00:1::]/", "https://[2002:a00:1::]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::1]/", "https://192.88.99.1/", "https://[2001:db8::1]/", "https://[ff02::1]/",
    "http://example.org/", "https://example.org:8443/", "https://example.org:22/", "https://user@127.0.0.1/",
    "https://example.org@127.0.0.1/", "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "https://",
    "//example.org/", "", "https://[::1",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
async def test_no_connection_goes_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    connected: list[object] = []

    async def connect(*place: object, **_: object) -> None:
        connected.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "create_connection", connect)
    assert (await sent(url, live=True)).split()[0] in ("Rejected", "PutOff")
    assert connected == []


@dataclass
class Resolver:
    """A name server that answers what it likes, once after the other."""

    answers: list[list[str]]
    asked: int = 0

    async def __call__(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


NAMES = {
    "public": ([["93.184.216.34"]], ["93.184.216.34"]),
    "public, then inside (rebinding)": ([["93.184.216.34"], ["127.0.0.1"]], ["93.184.216.34"]),
    "public and inside at once": ([["93.184.216.34", "10.0.0.1"]], []),
    "inside": ([["169.254.169.254"]], []),
    "inside, mapped": ([["::ffff:169.254.169.254"]], []),
    "nothing": ([[]], []),
}


@pytest.mark.parametrize("what", NAMES)
async def test_a_name_is_looked_up_once_and_that_very_address_is_used(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, wanted = NAMES[what]
    loop, resolver, connected = asyncio.get_running_loop(), Resolver(answers), []

    async def connect(_: object, host: str, port: int, **more: object) -> None:
        connected.append((host, port, more["server_hostname"]))
        raise ConnectionRefusedError

    monkeypatch.setattr(loop, "getaddrinfo", resolver)
    monkeypatch.setattr(loop, "create_connection", connect)
    await sent("https://cad.police.example/911", live=True)
    assert connected == [(address, 443, "cad.police.example") for address in wanted]
    assert resolver.asked == 1


async def test_outside_live_no_door_opens_beyond_this_machine() -> None:
    way = hook()
    with pytest.raises(Misconfigured):
        await way.send(out("http://93.184.216.34/"))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public_address(address)
