#!/usr/bin/env python3
"""Checks that the tree keeps its own rules: python3 -B tests/house/check_house.py [ROOT] [RULE...]"""

import os
import sys

sys.dont_write_bytecode = True

from house_rules import RULES, check  # noqa: E402
from source_tree import SourceTree  # noqa: E402


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(__file__), "..", "..")
    unknown = [name for name in arguments[1:] if name not in RULES]
    if unknown:
        print(f"house: no such rule: {' '.join(unknown)}; there are: {' '.join(RULES)}")
        return 2
    tree = SourceTree(root)
    if not tree.cpp():
        print(f"house: no C++ files under {tree.root}: name the root of the project")
        return 2
    findings = check(tree, arguments[1:] or None)
    for finding in findings:
        print(finding)
    errors = sum(not finding.is_warning for finding in findings)
    print(f"house: {len(tree.files)} files, {len(arguments[1:] or RULES)} rules, {errors} violations, "
          f"{len(findings) - errors} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
