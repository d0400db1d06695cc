"""The files of a project as the house rules look at them: text, code without comments, functions."""

import ast
import os
import re
from dataclasses import dataclass
from functools import cached_property

_PRUNED = {"build", "__pycache__"}

# A comment, a raw string, a string, a character, or a number with ' between its digits.
_TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r'|R"(?P<raw>[^()\s\\]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|\b[0-9][0-9a-zA-Z.]*(?:'[0-9a-zA-Z]+)+"
    r"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_NOT_A_FUNCTION = re.compile(r"\b(namespace|class|struct|union|enum|extern|concept|requires)\b[^()]*$")
_FUNCTION_NAME = re.compile(r"([~\w]+|operator\s*[^\s\w]+)\s*\(")


def _blank(text):
    """The same text as spaces: lines and columns stay where they are."""
    return re.sub(r"[^\n]", " ", text)


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int


class SourceFile:
    def __init__(self, root, path):
        self.path = path  # Relative to the root, with forward slashes.
        self._full = os.path.join(root, path)

    @property
    def name(self):
        return self.path.rsplit("/", 1)[-1]

    @property
    def folder(self):
        return self.path.rsplit("/", 1)[0] if "/" in self.path else ""

    @property
    def is_cpp(self):
        return self.path.endswith((".h", ".cc"))

    @property
    def is_python(self):
        return self.path.endswith(".py")

    @cached_property
    def is_shell(self):
        return self.path.endswith(".sh") or ("." not in self.name and self.text.startswith("#!") and "sh" in self.text[:40])

    @property
    def is_cmake(self):
        return self.name == "CMakeLists.txt" or self.path.endswith(".cmake")

    @cached_property
    def text(self):
        with open(self._full, encoding="utf-8", errors="replace") as file:
            return file.read()

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    @cached_property
    def without_comments(self):
        """C++ with its comments blanked; strings stay."""
        return _TOKEN.sub(lambda m: _blank(m[0]) if m[0].startswith(("//", "/*")) else m[0], self.text)

    @cached_property
    def code(self):
        """C++ with comments blanked and strings emptied."""
        return _TOKEN.sub(lambda m: m[0] if m[0][0].isdigit() else _blank(m[0]), self.text)

    @cached_property
    def includes(self):
        """(line, path, is_quoted) of every #include."""
        return [(self.line_of(m.start(2)), m[2], m[1] == '"') for m in _INCLUDE.finditer(self.without_comments)]

    @cached_property
    def functions(self):
        """The outermost functions. Constructors with an initializer list in braces are missed."""
        if self.is_python:
            return self._python_functions()
        return self._cpp_functions() if self.is_cpp else []

    def _python_functions(self):
        try:
            tree = ast.parse(self.text)
        except SyntaxError:
            return []
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        return [Function(n.name, n.lineno, n.end_lineno) for n in ast.walk(tree) if isinstance(n, kinds)]

    def _cpp_functions(self):
        # Preprocessor lines have braces of their own.
        code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: _blank(m[0]), self.code, flags=re.MULTILINE)
        found, head_start, depth, parentheses, opened = [], 0, 0, 0, None
        for match in re.finditer(r"[{};()]", code):
            at, sign = match.start(), match[0]
            if opened is not None:
                depth += {"{": 1, "}": -1}.get(sign, 0)
                if depth == 0:
                    name, start = opened
                    found.append(Function(name, self.line_of(start), self.line_of(at)))
                    opened, head_start = None, at + 1
                continue
            if sign in "()":
                parentheses = max(0, parentheses + (1 if sign == "(" else -1))
            if parentheses or sign == ")":  # A default argument has braces too.
                continue
            if sign == "{":
                head = code[head_start:at]
                named = _FUNCTION_NAME.search(head)
                if named and ")" in head and "=" not in head[: named.start()] and not _NOT_A_FUNCTION.search(head):
                    opened, depth = (named[1], head_start + len(head) - len(head.lstrip())), 1
            head_start = at + 1
        return found

    def enclosing_function(self, line):
        around = [f.name for f in self.functions if f.first_line <= line <= f.last_line]
        return around[-1] if around else ""


class SourceTree:
    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.files, self.folders = [], []
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = sorted(n for n in subfolders if n not in _PRUNED and not n.startswith("."))
            at = os.path.relpath(folder, self.root).replace(os.sep, "/")
            prefix = "" if at == "." else at + "/"
            self.folders += [prefix + n for n in subfolders]
            self.files += [SourceFile(self.root, prefix + n) for n in sorted(names) if not n.startswith(".")]
        self.by_path = {file.path: file for file in self.files}

    def cpp(self):
        return [file for file in self.files if file.is_cpp]
