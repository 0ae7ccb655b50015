"""Ed25519 reckoned in plain integers: its points, and the most lenient check of a signature."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]
BASE_Y = 4 * pow(5, P - 2, P) % P


def add(one: Point, other: Point) -> Point:
    """RFC 8032 section 5.1.4, in affine coordinates."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, P - 2, P)
    return x % P, y % P


def multiply(factor: int, point: Point) -> Point:
    total = (0, 1)
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def points_with_y(y: int) -> list[Point]:
    """The points of the curve with this y: none, one or two."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return sorted({(root, y), (-root % P, y)}) if root * root % P == square else []


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def small_subgroup() -> set[Point]:
    """The eight points whose order divides 8, from any point whose order does not divide the large prime."""
    for y in range(2, 100):
        for point in points_with_y(y):
            torsion = multiply(ORDER, point)
            subgroup = {multiply(factor, torsion) for factor in range(8)}
            if len(subgroup) == 8:
                return subgroup
    raise AssertionError("no point of order 8 among the first hundred")


BASE = next(point for point in points_with_y(BASE_Y) if point[0] % 2 == 0)


def decode(octets: bytes) -> Point:
    """The point of an encoding, reduced where it is not.

    Raises:
        ValueError: There is none.
    """
    number = int.from_bytes(octets, "little")
    for point in points_with_y((number & (2**255 - 1)) % P):
        if point[0] & 1 == number >> 255:
            return point
    raise ValueError("no point of the curve")


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    """What RFC 8032 calls k, reduced as every library does."""
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % ORDER


def is_good_to_somebody(key: bytes, signature: bytes, message: bytes) -> bool:
    """The equation times the cofactor, however R and S are written: nobody may accept more."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    right = add(decode(r), multiply(challenge(r, key, message), decode(key)))
    return multiply(8, multiply(s, BASE)) == multiply(8, right)
