"""Autobahn's wstest under PyPy 2.7, but for two of its modules: TLS, and tests of serializers for WAMP."""
import sys
import types

import twisted.internet

for unused in ("twisted.internet.ssl", "autobahntestsuite.serializer"):
    sys.modules[unused] = types.ModuleType(unused)
twisted.internet.ssl = sys.modules["twisted.internet.ssl"]

from autobahntestsuite import wstest

wstest.run()
