#!/usr/bin/env python3
"""The house check, checked: every rule must go red on a planted violation, and stay quiet on what is allowed."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import check_house  # noqa: E402
from house_rules import RULES, check  # noqa: E402
from source_tree import SourceTree  # noqa: E402

CLEAN = {
    "src/base/CMakeLists.txt": "mpreg_room(NAME base\n  SRCS error.cc\n  DEPS)\n",
    "src/base/error.h": "#pragma once\n#include <string>\n",
    "src/base/error.cc": '#include "base/error.h"\n',
    "src/topic/CMakeLists.txt": "# topic: which names match?\nmpreg_room(NAME topic\n  SRCS pattern.cc\n  DEPS base)\n",
    "src/topic/pattern.h": '#pragma once\n#include "base/error.h"\n',
    "src/topic/pattern.cc": '#include "topic/pattern.h"\n',
    "src/net/CMakeLists.txt": "mpreg_room(NAME net SRCS socket.cc DEPS base LIBS PkgConfig::ZMQ)\n",
    "src/net/socket.cc": "#include <zmq.hpp>\nauto t = std::chrono::steady_clock::now();\nstd::jthread loop;\n",
    "src/wire/CMakeLists.txt": "mpreg_room(NAME wire SRCS codec.cc DEPS base)\n",
    "src/wire/codec.cc": '#include "cache_generated.h"\n#include <flatbuffers/flatbuffers.h>\n',
    "src/disk/CMakeLists.txt": "mpreg_room(NAME disk SRCS journal.cc DEPS base)\n",
    "src/disk/journal.cc": "#include <fstream>\nint f = ::open(path, O_RDONLY);\n",
    "tests/unit/base/error_test.cc": '#include "base/error.h"\n',
    "client/include/mpreg/client.h": "#pragma once\n#include <string>\n#include <mpreg/key.h>\n",
    "client/include/mpreg/key.h": "#pragma once\n",
    "tools/CMakeLists.txt": "mpreg_program(NAME mpreg SRCS mpreg_main.cc ROOMS client base)\n",
    "tools/mpreg_main.cc": '#include <mpreg/client.h>\n#include "base/error.h"\nint main() {}\n',
}

ROOM = "mpreg_room(NAME {} SRCS x.cc DEPS {})\n"
LONG_FUNCTION = "int f() {\n" + "  g();\n" * 60 + "}\n"
DO, FIX = "TO" + "DO", "FIX" + "ME"

# rule -> plants; a plant is (files, path and line of the finding).
RED = {
    "room-known": [
        ({"src/cellar/a.h": "\n"}, ("src/cellar/a.h", 1)),
        ({"src/stream/ranges.h": "\n"}, ("src/stream/ranges.h", 1)),
        ({"src/topic/CMakeLists.txt": "\nmpreg_room(NAME topics DEPS base)\n"}, ("src/topic/CMakeLists.txt", 2)),
    ],
    "room-floors": [
        ({"src/base/CMakeLists.txt": "mpreg_room(NAME base\n  SRCS error.cc\n  DEPS topic)\n"}, ("src/base/CMakeLists.txt", 3)),
        ({"src/topic/CMakeLists.txt": ROOM.format("topic", "base metrics")}, ("src/topic/CMakeLists.txt", 1)),
        ({"src/topic/CMakeLists.txt": ROOM.format("topic", "${rooms}")}, ("src/topic/CMakeLists.txt", 1)),
        ({"broker/CMakeLists.txt": "mpreg_program(NAME mpreg-broker SRCS x.cc ROOMS client)\n", "broker/x.cc": "\n"},
         ("broker/CMakeLists.txt", 1)),
    ],
    "room-includes": [
        ({"src/base/up.h": '\n#include "topic/pattern.h"\n'}, ("src/base/up.h", 2)),
        ({"src/wire/beside.h": "#include <net/socket.h>\n"}, ("src/wire/beside.h", 1)),
        ({"src/base/door.h": '#include "broker/options.h"\n'}, ("src/base/door.h", 1)),
        ({"src/net/unlisted.cc": '#include "topic/pattern.h"\n'}, ("src/net/unlisted.cc", 1)),
        ({"src/net/dots.cc": '#include "../base/error.h"\n'}, ("src/net/dots.cc", 1)),
        ({"src/net/bare.cc": '#include "error.h"\n'}, ("src/net/bare.cc", 1)),
        ({"src/net/high.cc": "#include <mpreg/client.h>\n"}, ("src/net/high.cc", 1)),
        ({"broker/main.cc": "#include <mpreg/client.h>\n"}, ("broker/main.cc", 1)),
        ({"tools/private.cc": '#include "client/near_cache.h"\n'}, ("tools/private.cc", 1)),
    ],
    "zeromq-in-net": [
        ({"src/wire/raw.cc": "#include <zmq.h>\n"}, ("src/wire/raw.cc", 1)),
        ({"broker/raw.cc": '/* */ #include "zmq.hpp"\n#  include "zmq.hpp"\n'}, ("broker/raw.cc", 2)),
        ({"tests/e2e/raw_test.cc": "#include <zmq_addon.hpp>\n"}, ("tests/e2e/raw_test.cc", 1)),
    ],
    "generated-in-wire": [
        ({"src/net/peek.cc": '#include "schema/cache_generated.h"\n'}, ("src/net/peek.cc", 1)),
        ({"tests/e2e/peek_test.cc": '#include "cache_generated.h"\n'}, ("tests/e2e/peek_test.cc", 1)),
    ],
    "clocks-in-loops": [
        ({"src/base/c.cc": "auto a = std::chrono::system_clock::now();\n"}, ("src/base/c.cc", 1)),
        ({"src/base/c.cc": "using my_clock = x;\nauto a = my_clock::now();\n"}, ("src/base/c.cc", 2)),
        ({"src/base/c.cc": "clock_gettime(CLOCK_BOOTTIME, &t);\n"}, ("src/base/c.cc", 1)),
        ({"src/base/c.cc": "auto a = time(nullptr);\n"}, ("src/base/c.cc", 1)),
        ({"src/disk/c.cc": "auto a = std::time (&b);\n"}, ("src/disk/c.cc", 1)),
    ],
    "files-in-disk": [
        ({"src/net/f.cc": "#include <filesystem>\n"}, ("src/net/f.cc", 1)),
        ({"src/net/f.cc": 'auto* f = std::fopen("x", "r");\n'}, ("src/net/f.cc", 1)),
        ({"src/base/f.cc": "\nint f = open(path, O_CREAT | O_RDWR);\n"}, ("src/base/f.cc", 2)),
        ({"src/base/f.cc": "int f = ::open(path, flags);\n"}, ("src/base/f.cc", 1)),
        ({"src/base/f.cc": "std::ifstream in(path);\n"}, ("src/base/f.cc", 1)),
        ({"client/f.cc": "std::filesystem::path p;\n"}, ("client/f.cc", 1)),
    ],
    "threads-in-loops": [
        ({"src/base/t.cc": "std::thread t;\n"}, ("src/base/t.cc", 1)),
        ({"src/store/t.cc": "std::jthread t;\n"}, ("src/store/t.cc", 1)),
        ({"src/base/t.cc": "auto x = 1'000; pthread_create(&t);\n"}, ("src/base/t.cc", 1)),
        ({"src/base/t.cc": "std::this_thread::yield();\n"}, ("src/base/t.cc", 1)),
    ],
    "public-headers-plain": [
        ({"client/include/mpreg/a.h": "#include <zmq.hpp>\n"}, ("client/include/mpreg/a.h", 1)),
        ({"client/include/mpreg/a.h": "\n#include <flatbuffers/flatbuffers.h>\n"}, ("client/include/mpreg/a.h", 2)),
        ({"client/include/mpreg/a.h": "#include <mpreg/b.h>\n", "client/include/mpreg/b.h": '#include "wire/w.h"\n',
          "src/wire/w.h": '#include "cache_generated.h"\n'}, ("client/include/mpreg/a.h", 1)),
    ],
    "file-length": [
        ({"src/base/long.cc": "\n" * 501}, ("src/base/long.cc", 501)),
        ({"tests/e2e/long_test.py": "\n" * 501}, ("tests/e2e/long_test.py", 501)),
        ({"scripts/long": "#!/usr/bin/env bash\n" + "\n" * 500}, ("scripts/long", 501)),
    ],
    "function-length": [
        ({"src/base/long.cc": "namespace a {\nclass B {\n" + LONG_FUNCTION + "};\n}\n"}, ("src/base/long.cc", 3)),
        ({"tests/e2e/long_test.py": "def f():\n" + "    g()\n" * 60}, ("tests/e2e/long_test.py", 1)),
    ],
    "file-names-unique": [
        ({"src/topic/error.h": "\n"}, ("src/topic/error.h", 1)),
        ({"client/include/mpreg/pattern.h": "\n"}, ("src/topic/pattern.h", 1)),
    ],
    "folder-names": [({f"src/{name}/a.txt": "\n"}, (f"src/{name}", 1)) for name in ("util", "common", "helpers", "misc")],
    "todo-form": [
        ({"src/base/d.h": f"\n// {DO}: some day\n"}, ("src/base/d.h", 2)),
        ({"schema/d.fbs": f"// {DO}(me): some day\n"}, ("schema/d.fbs", 1)),
        ({"scripts/d": f"#!/bin/sh\n# {FIX}\n"}, ("scripts/d", 2)),
        ({"cmake/d.cmake": f"# {FIX}(later)\n"}, ("cmake/d.cmake", 1)),
    ],
    "no-sleep-in-tests": [
        ({"tests/unit/base/s_test.cc": "std::this_thread::sleep_for(1s);\n"}, ("tests/unit/base/s_test.cc", 1)),
        ({"tests/sim/s_test.cc": "bool wait_until_true() {\n  usleep(1);\n}\n"}, ("tests/sim/s_test.cc", 2)),
        ({"tests/e2e/s_test.cc": "bool wait_until_true() {}\nTEST(A, b) {\n  ::sleep(1);\n}\n"}, ("tests/e2e/s_test.cc", 3)),
        ({"tests/e2e/s_test.py": "def wait():\n    time.sleep(1)\n"}, ("tests/e2e/s_test.py", 2)),
    ],
}

# What the rules must let pass, as additions to the clean tree.
GREEN = [
    {"src/base/a.cc": '// #include "topic/pattern.h"; std::thread; fopen(x); time(0)\nauto a = "std::thread zmq.hpp usleep(1)";\n'},
    {"src/base/a.cc": 'auto a = R"x(std::thread " )x"; auto b = \'"\'; auto c = 1\'000; auto d = \'\\\'\';\n'},
    {"src/base/a.cc": "auto a = spent_time(0); b.time(0); Result<Link> open(const Options& o); x.open(y);\n"},
    {"src/topic/a.cc": '#include "base/error.h"\n#include "topic/pattern.h"\n#include <sys/time.h>\n'},
    {"src/base/a.h": f"// {DO}(perf): measure. {DO}(later): mend. {DO}(test): prove.\n"},
    {"src/base/a.cc": "int f() {\n" + "  g();\n" * 58 + "}\nint h() { return 0; }\n"},
    {"tests/e2e/a.cc": "template <class F>\nbool wait_until(F f, S s = {}) {\n  while (!f()) { std::this_thread::sleep_for(s); }\n}\n"},
    {"tests/e2e/a.py": "def wait_until_up(f):\n    while not f():\n        time.sleep(0.01)\n"},
    {"tests/unit/wire/a_test.cc": '#include "cache_generated.h"\n'},
    {"tests/bench/raw_bench.cc": "#include <zmq.hpp>\n"},
    {"broker/CMakeLists.txt": "mpreg_program(NAME mpreg-broker SRCS x.cc ROOMS net base)\n", "broker/x.cc": '#include "net/socket.h"\n'},
    {"build/dev/util/error.h": "std::thread\n", ".git/common/error.h": "\n"},
    {"tests/e2e/README.md": "\n", "tests/sim/README.md": "\n"},
]


@contextlib.contextmanager
def planted(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**CLEAN, **files}.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        yield root


class HouseCheck(unittest.TestCase):
    def test_every_rule_has_a_planted_violation(self):
        self.assertEqual(set(RULES), {name for name, plants in RED.items() if plants})

    def test_a_clean_tree_is_green(self):
        with planted({}) as root:
            self.assertEqual([], [str(finding) for finding in check(SourceTree(root))])

    def test_every_planted_violation_is_found_where_it_is(self):
        for name, plants in RED.items():
            for files, place in plants:
                with self.subTest(rule=name, files=files), planted(files) as root:
                    findings = check(SourceTree(root), [name])
                    self.assertIn(place, [(finding.path, finding.line) for finding in findings])

    def test_what_is_allowed_passes(self):
        for files in GREEN:
            with self.subTest(files=files), planted(files) as root:
                self.assertEqual([], [str(finding) for finding in check(SourceTree(root))])

    def status_and_output(self, files):
        output = io.StringIO()
        with planted(files) as root, contextlib.redirect_stdout(output):
            return check_house.main([root]), output.getvalue()

    def test_the_program_fails_on_a_violation_and_names_it(self):
        status, output = self.status_and_output({"src/base/t.cc": "\nstd::thread t;\n"})
        self.assertEqual(1, status)
        self.assertIn("src/base/t.cc:2: [threads-in-loops] std::thread", output)

    def test_the_program_passes_with_warnings(self):
        status, output = self.status_and_output({"src/base/long.cc": LONG_FUNCTION})
        self.assertEqual(0, status)
        self.assertIn("src/base/long.cc:1: warning: [function-length] f has 62 lines", output)

    def test_a_wrong_root_is_no_success(self):
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(2, check_house.main([root]))


if __name__ == "__main__":
    unittest.main()
