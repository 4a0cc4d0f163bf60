"""Checks a ledger kept as a transparency log with nothing but the standard library and the published specifications.

Shares no code with Holdfast. RFC 6962 (tree), RFC 8032 (Ed25519), C2SP tlog-tiles, tlog-checkpoint, signed-note,
tlog-cosignature and tlog-proof.

    python3 independent_verify.py log STREAM.jsonl VKEY [WITNESS_VKEY]   lines, tiles, root, signatures
    python3 independent_verify.py proof FILE.tlog-proof VKEY             one proof, no ledger

Prints one line and exits 0, or says what is wrong and exits 1.
"""
import base64
import hashlib
import os
import re
import sys

# --- Ed25519 (RFC 8032 section 5.1), verification only ---------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_MINUS_1 % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    # Extended homogeneous coordinates.
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    i, j = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    k, m = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = j - i, m - k, m + k, j + i
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decode_point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verify(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r = decode_point(public_key), decode_point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Merkle tree (RFC 6962 section 2.1) ------------------------------------------------------------------------------
def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(tree_root(leaves[:split]), tree_root(leaves[split:]))


def root_of_proof(leaf, index, size, proof):
    """RFC 9162 section 2.1.3.2."""
    must(0 <= index < size, "the index is beyond the tree")
    fn, sn, root = index, size - 1, leaf
    for sibling in proof:
        must(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    must(sn == 0, "the proof is too short")
    return root


# --- Notes, keys, checkpoints ----------------------------------------------------------------------------------------
class Wrong(Exception):
    pass


def must(condition, message):
    if not condition:
        raise Wrong(message)


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Wrong("not base64: %r" % text) from error
    must(base64.b64encode(data).decode() == text, "not canonical base64: %r" % text)
    return data


def parse_key(text):
    name, key_id, data = text.split("+", 2)
    typed = unbase64(data)
    must(len(typed) == 33 and typed[0] in (1, 4), "not an Ed25519 key: %s" % text)
    expected = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    must(expected.hex() == key_id, "the key's id does not fit: %s" % text)
    return name, expected, typed[0], typed[1:]


def open_note(data, keys):
    """The text, and the names of the keys that signed it; every key given must have."""
    text, _, block = data.rpartition(b"\n\n")
    must(block.endswith(b"\n"), "the note has no signatures")
    text += b"\n"
    signed = []
    for name, key_id, kind, public_key in keys:
        for line in block.decode().splitlines():
            found = re.fullmatch("\N{EM DASH} ([^ +]+) ([A-Za-z0-9+/=]+)", line)
            must(found, "not a signature line: %r" % line)
            payload = unbase64(found.group(2))
            if found.group(1) != name or payload[:4] != key_id:
                continue
            message, signature = text, payload[4:]
            if kind == 4:
                seconds = int.from_bytes(signature[:8], "big")
                message, signature = b"cosignature/v1\ntime %d\n" % seconds + text, signature[8:]
            must(ed25519_verify(public_key, message, signature), "the signature by %s is wrong" % name)
            signed.append(name)
        must(name in signed, "%s did not sign" % name)
    return text.decode(), signed


def parse_checkpoint(data, keys):
    text, signed = open_note(data, keys)
    origin, size, root, *rest = text.split("\n")
    must(rest == [""] and re.fullmatch("0|[1-9][0-9]*", size), "not a checkpoint")
    return origin, int(size), unbase64(root), signed


# --- Tiles (C2SP tlog-tiles) -----------------------------------------------------------------------------------------
def tile_path(level, index, width):
    groups = ["%03d" % (index % 1000)]
    while index >= 1000:
        index //= 1000
        groups.insert(0, "x%03d" % (index % 1000))
    partial = "" if width == 256 else ".p/%d" % width
    return "tile/%d/%s%s" % (level, "/".join(groups), partial)


def check_tiles(directory, leaves):
    """Every tile of the tree must be there with exactly the hashes of the lines. Returns how many there are."""
    count, level, row = 0, 0, leaves
    while row:
        above = []
        for first in range(0, len(row), 256):
            hashes = row[first : first + 256]
            path = tile_path(level, first // 256, len(hashes))
            with open(os.path.join(directory, path), "rb") as file:
                must(file.read() == b"".join(hashes), "%s is not the tile of these lines" % path)
            count += 1
            if len(hashes) == 256:
                above.append(tree_root(hashes))
        level, row = level + 1, above
    return count


def check_log(stream, keys):
    directory = stream[: -len(".jsonl")]
    with open(os.path.join(directory, "checkpoint"), "rb") as file:
        origin, size, root, signed = parse_checkpoint(file.read(), keys)
    with open(stream, "rb") as file:
        lines = file.read().split(b"\n")
    must(lines.pop() == b"", "the last line has no newline")
    must(len(lines) == size, "%d lines, the checkpoint covers %d" % (len(lines), size))
    leaves = [leaf_hash(line) for line in lines]
    must(tree_root(leaves) == root, "the lines do not have the root of the checkpoint")
    tiles = check_tiles(directory, leaves)
    return "%s: %d entries, %d tiles, signed by %s" % (origin, size, tiles, ", ".join(signed))


def check_proof(path, keys):
    with open(path, "rb") as file:
        head, _, note = file.read().partition(b"\n\n")
    lines = head.decode().split("\n")
    must(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
    must(lines[0].startswith("extra "), "the proof does not hold the entry")
    entry = unbase64(lines.pop(0)[6:])
    must(lines[0].startswith("index "), "the proof has no index")
    index = int(lines.pop(0)[6:])
    origin, size, root, signed = parse_checkpoint(note, keys)
    found = root_of_proof(leaf_hash(entry), index, size, [unbase64(line) for line in lines])
    must(found == root, "the proof does not lead to the root")
    return "%s: entry %d of %d, signed by %s\n%s" % (origin, index, size, ", ".join(signed), entry.decode())


if __name__ == "__main__":
    try:
        keys = [parse_key(text) for text in sys.argv[3:]]
        must(keys, "no key given")
        print({"log": check_log, "proof": check_proof}[sys.argv[1]](sys.argv[2], keys))
    except (Wrong, OSError, ValueError) as error:
        sys.exit("WRONG: %s" % error)
