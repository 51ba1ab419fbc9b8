"""Which addresses may be connected to, decided at the moment of connecting.

A name is resolved here, every address it has is checked, and the socket is opened to one of those
very addresses: there is no second DNS answer that could differ from the checked one. A redirect is
a new request and comes through the same door. `trusted_hosts` opens exact `host:port` pairs.
"""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterable
from urllib.parse import SplitResult, urlsplit

import httpcore

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# inet_aton also reads 2130706433, 0x7f.1 and 0177.0.0.1: nobody writes those to be understood.
_ODD_NUMBER = re.compile(r"^(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}$", re.IGNORECASE)


class AddressRefused(Exception):
    """The guard does not let this address be contacted; the message is the reason."""


def refusal(address: IPAddress) -> str | None:
    """Say why a public fetch may not connect to `address`; None when it may."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return refusal(inner)
        if address.is_site_local:
            return "a site-local address"
    kinds = (
        (address.is_unspecified, "the unspecified address"),
        (address.is_loopback, "a loopback address"),
        (address.is_link_local, "a link-local (cloud metadata) address"),
        (address.is_multicast, "a multicast address"),
        (address.is_private, "a private address"),
        (not address.is_global, "not a public address"),
    )
    return next((reason for holds, reason in kinds if holds), None)


def host_key(host: str, port: int) -> str:
    """Write a host and a port as `trusted_hosts` does."""
    return f"{host.strip('[]').rstrip('.').lower()}:{port}"


def trusted_keys(hosts: Iterable[str]) -> frozenset[str]:
    """Normalise the `trusted_hosts` setting."""
    pairs = (host.rpartition(":") for host in hosts)
    return frozenset(host_key(name, int(port)) for name, _, port in pairs)


def check_url(url: str, trusted: Collection[str] = ()) -> SplitResult:
    """Refuse a URL that is wrong by its text alone, before any name is resolved.

    Raises `AddressRefused`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"not a URL ({error})") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise AddressRefused(
            f"only http and https are fetched, not {parts.scheme or 'no scheme'!r}"
        )
    if not parts.hostname:
        raise AddressRefused("the URL has no host")
    if "@" in parts.netloc:
        raise AddressRefused("a URL with a user name in it is not fetched")
    host = parts.hostname.rstrip(".")
    if host_key(host, port or _DEFAULT_PORTS[parts.scheme]) in trusted:
        return parts
    address = literal_address(host)
    reason = refusal(address) if address is not None else None
    if reason is not None:
        raise AddressRefused(f"{host} is {reason}; add it to [site] trusted_hosts if it is yours")
    return parts


def literal_address(host: str) -> IPAddress | None:
    """Read `host` as an address; None when it is a name. Refuses the odd spellings."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if _ODD_NUMBER.match(host):
            raise AddressRefused(f"{host} is an address in disguise; write it plainly") from None
        return None


def resolve(host: str, port: int, trusted: Collection[str] = ()) -> list[str]:
    """Resolve `host` and return its addresses, best first, when every one of them may be contacted.

    One forbidden address among several refuses the name: a rebinding answer often mixes them.
    Raises `AddressRefused`; `OSError` when the name does not resolve.
    """
    if host_key(host, port) not in trusted:
        literal_address(host)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    for text in addresses:
        address = ipaddress.ip_address(text)
        reason = refusal(address)
        if host_key(host, port) in trusted:
            reason = _trusted_refusal(host, address)
        if reason is not None:
            raise AddressRefused(f"{host} leads to {text}, {reason}")
    return addresses


def _trusted_refusal(host: str, address: IPAddress) -> str | None:
    """A trusted name may be private, but must not be turned into the metadata service."""
    named = host.strip("[]").lower() != str(address)
    if named and (address.is_link_local or address.is_multicast or address.is_unspecified):
        return refusal(address)
    return None


class GuardedBackend(httpcore.NetworkBackend):
    """Opens sockets for httpcore, to checked addresses only."""

    def __init__(self, trusted: Collection[str]) -> None:
        self._trusted = frozenset(trusted)
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = resolve(host, port, self._trusted)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} does not resolve") from error
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return self._sockets.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure
