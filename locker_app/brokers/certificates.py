"""Who vouches for the broker: an authority of our own, and certificates that it signs for servers.

Terminals are told the authority's certificate when they are made known, and trust nobody else.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 20 * 365
SERVER_DAYS = 825
"""What a certificate of a server may have to be accepted everywhere."""
_SKEW = timedelta(days=1)  # a terminal without a network may be behind
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its certificate, as PEM."""

    key: str
    certificate: str


def make_authority(now: datetime) -> Pair:
    """One that signs certificates of servers, and nothing below it signs any."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cubby terminals")])
    made = (
        _from(now, AUTHORITY_DAYS)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pair(key, made)


def make_server(authority: Pair, hosts: Sequence[str], now: datetime) -> Pair:
    """A new key and certificate for a server that is reached by these names and addresses.

    Raises:
        ValueError: there is none, or one is neither a name nor an address.
    """
    if not hosts:
        raise ValueError("a server needs a name")
    names = [_name(host) for host in hosts]
    signing, signer = _read(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _from(now, SERVER_DAYS)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])]))
        .issuer_name(signer.subject)
        .public_key(key.public_key())
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        .sign(signing, hashes.SHA256())
    )
    return _pair(key, made)


def ends_at(certificate: str) -> datetime:
    """Until when a certificate is valid.

    Raises:
        ValueError: it is none.
    """
    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def _from(now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValueError(f"{host!r} is neither a host's name nor an address")
    return x509.DNSName(host.lower())


def _read(pair: Pair) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(pair.key.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not a key of ours")
    return key, x509.load_pem_x509_certificate(pair.certificate.encode())


def _pair(key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Pair(private.decode(), made.public_bytes(serialization.Encoding.PEM).decode())
