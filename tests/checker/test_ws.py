"""The checker's own WebSocket: frames of every size, cut anywhere, and what a server may not send."""
import unittest

from ws import Breach, Frames, frame, masked


def plain(first, payload):
    size = len(payload)
    if size < 126:
        head = bytes((first, size))
    elif size < 65536:
        head = bytes((first, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 127)) + size.to_bytes(8, "big")
    return head + payload


class Reading(unittest.TestCase):
    def test_sizes_at_their_borders(self):
        for size in (0, 1, 125, 126, 127, 65535, 65536, 65537):
            payload = bytes(size)
            self.assertEqual(Frames().feed(plain(0x81, payload)), [(1, payload)])

    def test_cut_anywhere(self):
        texts = [b"a", b"b" * 126, b"", b"c" * 70000, b"d"]
        data = b"".join(plain(0x81, text) for text in texts)
        for step in (1, 2, 3, 7, 4096, 70001):
            frames, got = Frames(), []
            for at in range(0, len(data), step):
                got += frames.feed(data[at : at + step])
            self.assertEqual([payload for _, payload in got], texts)

    def test_fragments_around_a_ping(self):
        data = plain(0x01, b"one ") + plain(0x89, b"?") + plain(0x00, b"two ") + plain(0x80, b"three")
        self.assertEqual(Frames().feed(data), [(9, b"?"), (1, b"one two three")])

    def test_breaches(self):
        breaches = {
            "masked": bytes((0x81, 0x80)) + b"abcd",
            "masked, long": bytes((0x81, 0xFE, 0, 126)) + bytes(130),
            "reserved bit": plain(0xC1, b"x"),
            "reserved opcode": plain(0x83, b"x"),
            "long ping": plain(0x89, bytes(126)),
            "ping in fragments": plain(0x09, b"x"),
            "continuation of nothing": plain(0x80, b"x"),
            "message in a message": plain(0x01, b"x") + plain(0x81, b"y"),
            "125 in two bytes": bytes((0x81, 126, 0, 125)) + bytes(125),
            "65535 in eight bytes": bytes((0x81, 127)) + (65535).to_bytes(8, "big") + bytes(65535),
        }
        for name, data in breaches.items():
            with self.subTest(name), self.assertRaises(Breach):
                Frames().feed(data + bytes(8))


class Writing(unittest.TestCase):
    def test_mask(self):
        self.assertEqual(masked(b"Hello", bytes.fromhex("37fa213d")), bytes.fromhex("7f9f4d5158"))  # RFC 6455, 5.7
        self.assertEqual(frame(1, b"Hello", bytes.fromhex("37fa213d")), bytes.fromhex("818537fa213d7f9f4d5158"))

    def test_sizes(self):
        self.assertEqual(frame(1, bytes(126), bytes(4))[:8], bytes((0x81, 0xFE, 0, 126, 0, 0, 0, 0)))
        self.assertEqual(frame(1, bytes(65536), bytes(4))[:10], bytes((0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0)))


if __name__ == "__main__":
    unittest.main()
