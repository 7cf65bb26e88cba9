"""uproar-load --compress against a server of another make that compresses, and ones that do not or do it badly."""
import dataclasses
import unittest

from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory

from test_load import INVALID, Broadcasts, load

SIZE = "600"


class Broken(PerMessageDeflate):
    """Sends a final block of a kind that there is not."""

    def encode(self, frame):
        frame = super().encode(frame)
        return dataclasses.replace(frame, data=b"\x07\x00") if frame.rsv1 else frame


class Compressing(Broadcasts, unittest.TestCase):
    def run_with(self, *flags):
        return load(f"ws://127.0.0.1:{self.port}/", "fanout", "--dialect", "raw", "--connections", "5", "--ramp",
                    "burst 0s:5", "--traffic", "open", "--rate", "50", "--hold", "0.6s", "--drain", "2s", "--sizes", SIZE,
                    *flags)

    def expect_audit(self, summary, said, lost=0, corrupted=0):
        self.assertGreater(summary["sent"], 10, said)
        self.assertEqual(summary["received"], summary["sent"] * 5 - lost, said)
        self.assertEqual([summary[wrong] for wrong in ("lost", "corrupted", "duplicated", "foreign", "dropped")],
                         [lost, corrupted, 0, 0, 0], said)

    def test_what_comes_compressed_is_audited_as_ever(self):
        self.serve(compression="deflate")
        status, summary, said = self.run_with("--compress")
        self.assertIn(status, (0, INVALID), said)
        self.expect_audit(summary, said)
        self.assertGreaterEqual(summary["compressed_connections"], 5, "publishers from outside agree too")
        self.assertGreaterEqual(summary["compressed_messages"], summary["received"], said)
        self.assertEqual(summary["inflated_bytes"], summary["compressed_messages"] * int(SIZE), said)
        self.assertLess(summary["compressed_bytes"], summary["inflated_bytes"], said)
        self.assertGreaterEqual(summary["bytes_received"], summary["compressed_bytes"], said)
        self.assertLess(summary["bytes_received"], summary["inflated_bytes"], "it was less on the wire")
        self.assertIn("connections agreed on compression", said)

    def test_a_damaged_one_is_seen_through_compression(self):
        self.serve(lambda number, message: [message[:-1] + ("#" if message[-1] != "#" else "$") if number == 5 else message],
                   compression="deflate")
        status, summary, said = self.run_with("--compress")
        self.assertIn(status, (1, INVALID), said)
        self.expect_audit(summary, said, lost=5, corrupted=5)

    def test_a_small_window_of_the_server_is_its_own_affair(self):
        self.serve(compression=None, extensions=[ServerPerMessageDeflateFactory(
            server_no_context_takeover=True, server_max_window_bits=9, compress_settings={"memLevel": 1})])
        _, summary, said = self.run_with("--compress")
        self.expect_audit(summary, said)
        self.assertGreater(summary["compressed_messages"], 0, said)

    def test_a_server_that_does_not_compress_is_told(self):
        self.serve(compression=None)
        _, summary, said = self.run_with("--compress")
        self.expect_audit(summary, said)
        self.assertEqual((summary["compressed_connections"], summary["compressed_messages"]), (0, 0), said)
        self.assertIn("compression was offered, and the server agreed on none", said)

    def test_who_does_not_ask_gets_none(self):
        self.serve(compression="deflate")
        _, summary, said = self.run_with()
        self.expect_audit(summary, said)
        self.assertIsNone(summary["compressed_connections"], said)
        self.assertGreaterEqual(summary["bytes_received"], summary["received"] * int(SIZE), said)

    def test_what_nobody_can_inflate_ends_the_connection(self):
        class Factory(ServerPerMessageDeflateFactory):
            def process_request_params(self, params, accepted):
                response, extension = super().process_request_params(params, accepted)
                return response, Broken(True, True, 15, 15)

        self.serve(compression=None, extensions=[Factory(server_no_context_takeover=True,
                                                         client_no_context_takeover=True)])
        _, summary, said = self.run_with("--compress")
        self.assertGreater(summary["dropped"], 0, said)
        self.assertEqual(summary["received"], 0, said)
        self.assertIn("compressed what nobody can read (1007)", said)


if __name__ == "__main__":
    unittest.main()
