"""What cmake --install puts into a prefix is enough to build an application on, by CMake and by pkg-config."""

import os
import shutil
import subprocess
import unittest

from programs import ProgramTest

BUILD = os.environ.get("MPREG_BUILD", "")
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "consumer")
SEEN = "got 17\ncached Ann\nrefused: config:1: payload-max is 'potatoes': write a whole number and B, KiB, MiB or GiB\n"


class InstallTest(ProgramTest):
    def run_command(self, *arguments, **environment):
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=280,
                              env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_an_application_builds_and_runs_with_what_is_installed(self):
        prefix = os.path.join(self.folder, "prefix")
        self.run_command("cmake", "--install", BUILD, "--prefix", prefix)
        self.assertTrue(os.path.exists(os.path.join(prefix, "bin", "mpreg-broker")))

        with self.subTest("find_package"):
            build = os.path.join(self.folder, "build")
            self.run_command("cmake", "-S", SOURCES, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}")
            self.run_command("cmake", "--build", build)
            self.assertEqual(self.run_command(os.path.join(build, "consumer")), SEEN)

        with self.subTest("pkg-config"):
            packages = next(folder for folder, _, files in os.walk(prefix) if "mpreg.pc" in files)
            flags = self.run_command("pkg-config", "--cflags", "--libs",
                                     "mpreg-testing", "mpreg", PKG_CONFIG_PATH=packages).split()
            program = os.path.join(self.folder, "by-pkg-config")
            compiler = shutil.which("c++")
            self.run_command(compiler, "-std=c++20", os.path.join(SOURCES, "consumer_main.cc"), "-o", program, *flags)
            self.assertEqual(self.run_command(program), SEEN)


if __name__ == "__main__":
    unittest.main()
