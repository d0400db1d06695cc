#!/usr/bin/env python3
"""Measures the structure of src/node: python3 -B tests/house/node_measures.py [ROOT] [--check]

  files in the call cycle    source files of Node::Impl that call one another, directly or around corners: the
                             greatest strongly connected component of "a method defined in this file calls a
                             method defined in that one"
  shared fields              fields that every method of Node::Impl sees
  lines of node_impl.h
  methods of Node::Impl
  % of tests with federation of the test files of the room, those that run whole brokers (FederationRig)
  outbox loops               files that carry out an Outbox: loops over its publications

--check fails (exit code 1) when a figure is above its limit in node_measures.json. Limits only go down: lower
one in the commit that earns it."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True

from source_tree import SourceTree  # noqa: E402

_DEFINITION = re.compile(r"\bNode::Impl::(\w+)\(")
_CALL = re.compile(r"(?<![\w.>:])(\w+)\(")
_FIELD = re.compile(r"^  [^()\n]*\b\w+_(?:\{[^\n]*\})?(?: = [^\n]*)?;", re.MULTILINE)


def _component(edges):
    """The size of the greatest strongly connected component (Tarjan)."""
    index, low, stack, on_stack, greatest = {}, {}, [], set(), [0]

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            size = 0
            while True:
                other = stack.pop()
                on_stack.discard(other)
                size += 1
                if other == node:
                    break
            greatest[0] = max(greatest[0], size)

    for node in edges:
        if node not in index:
            visit(node)
    return greatest[0]


def _methods(header):
    body = header.code.split("class Node::Impl", 1)[-1]
    return set(re.findall(r"\b([a-z]\w*)\([^;{}]*\)[^;{}]*;", body)) - {"return", "sizeof"}


def _call_cycle(sources, methods):
    home = {}
    for file in sources:
        for name in _DEFINITION.findall(file.code):
            home.setdefault(name, file.path)
    edges = {file.path: set() for file in sources}
    for file in sources:
        for name in _CALL.findall(file.code):
            if name in methods and home.get(name, file.path) != file.path:
                edges[file.path].add(home[name])
    return _component(edges)


def measure(root):
    tree = SourceTree(root)
    node = [file for file in tree.cpp() if file.path.startswith("src/node/")]
    header = tree.by_path["src/node/node_impl.h"]
    state = tree.by_path.get("src/node/node_state.h")
    methods = _methods(header)
    sources = [file for file in node if _DEFINITION.search(file.code)]
    own_fields = header.code.split("class Node::Impl", 1)[-1]
    tests = [file for file in tree.cpp() if re.fullmatch(r"tests/unit/node/\w+_test\.cc", file.path)]
    return {
        "files in the call cycle": _call_cycle(sources, methods),
        "shared fields": len(_FIELD.findall(own_fields)) + (len(_FIELD.findall(state.code)) if state else 0),
        "lines of node_impl.h": header.text.count("\n"),
        "methods of Node::Impl": len(methods),
        "% of tests with federation": round(100 * sum("FederationRig" in file.code for file in tests) / len(tests)),
        "outbox loops": sum(bool(re.search(r"for \(const Publication& \w+ :", file.code)) for file in tree.cpp()),
    }


def main(arguments):
    roots = [argument for argument in arguments if not argument.startswith("--")]
    root = roots[0] if roots else os.path.join(os.path.dirname(__file__), "..", "..")
    figures = measure(root)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "node_measures.json"), encoding="utf-8") as file:
        limits = json.load(file)
    failed = False
    for name, figure in figures.items():
        limit = limits.get(name)
        is_over = limit is not None and figure > limit
        failed = failed or is_over
        print(f"  {name:<28}{figure:>6}" + (f"   at most {limit}" if limit is not None else "") + ("   OVER" if is_over else ""))
    return 1 if failed and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
