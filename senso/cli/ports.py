"""Ports on which our programs listen: refused in one line where one cannot be had."""

import errno
import os
import socket

from senso.errors import ConfigError

LOOPBACK = "127.0.0.1"
# The variables that set the address, by those that set the port.
HOSTS = {"PORT": "API_HOST", "METRICS_PORT": "METRICS_HOST"}


def listen(variable: str, host: str, port: int, otherwise: str = "") -> socket.socket:
    """`variable`: which sets the port; `otherwise`: what can be done besides setting another. Raises ConfigError."""
    family = family_of(host, variable)
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno or 0)
        if error.errno == errno.EADDRNOTAVAIL:
            raise no_address(host, why, variable) from None
        whose = ", perhaps by a senso that is up in another folder" if error.errno == errno.EADDRINUSE else ""
        raise ConfigError(f"{variable}: {port}: {why}{whose}; set another port{otherwise}") from None


def family_of(host: str, variable: str) -> socket.AddressFamily:
    try:
        return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise no_address(host, "no such host", variable) from None


def no_address(host: str, why: str, variable: str) -> ConfigError:
    """`variable`: which sets the port."""
    return ConfigError(f"{HOSTS.get(variable, variable)}: {host}: {why}; name an address of this machine")


def free(variable: str, host: str, port: int, otherwise: str) -> int:
    """The port, once it is known to be free; another if it is 0. Raises ConfigError.

    If it were taken, a child that listens there would crash repeatedly, each time with a page of output.
    """
    with listen(variable, host, port, otherwise) as found:
        return int(found.getsockname()[1])


def url(listening: socket.socket) -> str:
    return url_of(*listening.getsockname()[:2])


def url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
