"""The rules of the house. Each is a function of the tree that yields its findings, and is registered with
@rule; the self-test plants at least one violation for every registered rule."""

import re
from dataclasses import dataclass

from room_map import FLOOR_OF, FLOORS, TOP, read_rooms, room_of

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 60


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    what: str  # What is wrong, and what to do.
    is_warning: bool = False

    def __str__(self):
        return f"{self.path}:{self.line}: {'warning: ' if self.is_warning else ''}[{self.rule}] {self.what}"


RULES = {}


def rule(function):
    RULES[function.__name__.replace("_", "-")] = function
    return function


def _below(path, *folders):
    return any(path.startswith(folder + "/") for folder in folders)


def _places(tree, pattern, *allowed):
    """(file, line, match) of a pattern in C++ code, outside of the folders where it is at home."""
    for file in tree.cpp():
        if not _below(file.path, *allowed):
            for match in re.finditer(pattern, file.code):
                yield file, file.line_of(match.start()), match


def _included(tree, pattern, *allowed):
    """(file, line, header) of the includes that match, outside of the folders where they are at home."""
    for file in tree.cpp():
        if not _below(file.path, *allowed):
            for line, header, _ in file.includes:
                if re.fullmatch(pattern, header):
                    yield file, line, header


# ---- rooms

@rule
def room_known(tree):
    """Every room has a floor, and a CMake call that spells out what it may include."""
    for room in read_rooms(tree).values():
        first = next(f for f in tree.cpp() if f.path.startswith(room.folder + "/"))
        if room.name not in FLOOR_OF:
            yield first.path, 1, (f"the room {room.name} stands on no floor: put the file into a room of docs/architecture.md, "
                                  "or give the new room a floor in tests/house/room_map.py and in that document")
        elif room.dependencies is None and room.name not in TOP:
            yield first.path, 1, f"nothing says what {room.name} may include: write mpreg_room(NAME {room.name} ... DEPS ...) in {room.cmake_path}"
        for name, line in room.names:
            if name != room.name:
                yield room.cmake_path, line, f"the room in {room.folder}/ calls itself {name}: write NAME {room.name}"


@rule
def room_floors(tree):
    """DEPS point down."""
    rooms = read_rooms(tree)
    for room in rooms.values():
        floor = FLOOR_OF.get(room.name)
        for other, line in room.dependencies or []:
            # tools/ uses what a service uses: the client library.
            if floor is None or (room.name == "tools" and other == "client"):
                continue
            if other not in FLOOR_OF:
                yield room.cmake_path, line, (f"{room.lists} of {room.name} names {other}, which is no room: spell the rooms out "
                                              "(no variables), and put libraries into LIBS")
            elif other in FLOORS[floor]:
                yield room.cmake_path, line, (f"{room.name} and {other} both stand on floor {floor}: rooms of one floor do not know each other; "
                                              "let a room above connect them, or move what they share down")
            elif FLOOR_OF[other] > floor:
                yield room.cmake_path, line, (f"{room.name} (floor {floor}) must not depend on {other} (floor {FLOOR_OF[other]}): "
                                              "dependencies point down; move the code up, or what it needs down")


@rule
def room_includes(tree):
    """A room includes the rooms of its list, by their full name."""
    rooms = read_rooms(tree)
    for file in tree.cpp():
        room = rooms.get(room_of(file.path))
        if room is None:
            continue
        for line, header, is_quoted in file.includes:
            if header.startswith("."):
                yield file.path, line, f'"{header}" hides which room is meant: include it as "room/file.h"'
                continue
            if is_quoted and "/" not in header and file.path.startswith("src/") and not header.endswith("_generated.h"):
                yield file.path, line, f'"{header}" does not say its room: include it as "room/file.h"'
                continue
            other = header.split("/")[0] if "/" in header else ""
            is_own = f"{room.folder}/include/{header}" in tree.by_path
            if other == "mpreg" and not is_own and room.name not in ("client", "tools"):
                yield file.path, line, (f"{room.name} includes <{header}> of the client library, which stands above: "
                                        "move what both need into a room below")
            elif other in FLOOR_OF or other in rooms:
                yield from _check_include(file, line, header, room, other, rooms)


def _check_include(file, line, header, room, other, rooms):
    if other == room.name:
        return
    floor, other_floor = FLOOR_OF.get(room.name, 0), FLOOR_OF.get(other, 0)
    if floor and other_floor >= floor:
        relation = "stands on the same floor" if other_floor == floor else "stands above"
        yield file.path, line, (f'{room.name} includes "{header}", and {other} {relation} (floor {other_floor}): '
                                "let a room above connect them, or move what is needed down")
    elif room.dependencies is not None and not room.may_include(other):
        yield file.path, line, (f'{room.name} includes "{header}", but {room.cmake_path} does not list {other}: '
                                f"add {other} to {room.lists} if this is meant")


# ---- what is at home in one room only

@rule
def zeromq_in_net(tree):
    for file, line, header in _included(tree, r"(.*/)?zmq[\w]*\.(h|hpp)", "src/net", "tests/bench"):
        yield file.path, line, f"{header} outside of src/net: use net's sockets (tests/bench may include it, to compare with raw ZeroMQ)"


@rule
def generated_in_wire(tree):
    for file, line, header in _included(tree, r"(.*/)?\w+_generated\.h", "src/wire", "tests/unit/wire", "tests/fuzz"):
        yield file.path, line, f"{header} outside of src/wire: use the plain values of src/message and the codecs of src/wire"


@rule
def clocks_in_loops(tree):
    pattern = (r"\b\w+_clock\s*::\s*now\b|\bclock_gettime\s*\(|\bgettimeofday\s*\("
               r"|\bstd\s*::\s*time\s*\(|(?<![\w.>:])time\s*\(\s*(?:nullptr|NULL|0|&)")
    for file, line, match in _places(tree, pattern, "src/net", "broker", "client", "tools", "tests", "examples"):
        yield file.path, line, f"{match[0].strip('( ')} reads a clock: take the time as an argument (`now`); only loops read clocks"


@rule
def files_in_disk(tree):
    at_home = ("src/disk", "broker", "tools", "tests", "examples")
    pattern = (r"\bfopen\s*\(|(?<![\w:>.])::open(?:at)?\s*\(|\bO_(?:RDONLY|WRONLY|RDWR|CREAT|APPEND|TRUNC)\b"
               r"|\bstd\s*::\s*(?:basic_)?[io]?f(?:ile)?stream\b|\bstd\s*::\s*filesystem\b")
    for file, line, match in _places(tree, pattern, *at_home):
        yield file.path, line, f"{match[0].strip('( ')} touches files: let src/disk do it, or have the bytes handed in"
    for file, line, header in _included(tree, "fstream|filesystem", *at_home):
        yield file.path, line, f"<{header}> touches files: let src/disk do it, or have the bytes handed in"


@rule
def threads_in_loops(tree):
    pattern = r"\bstd\s*::\s*j?thread\b|\bstd\s*::\s*this_thread\b|\bstd\s*::\s*async\b|\bpthread_\w+"
    for file, line, match in _places(tree, pattern, "src/net", "src/disk", "broker", "client", "tools", "tests", "examples"):
        yield file.path, line, f"{match[0]} in a room without threads: write handle(now, ...) and tick(now, ...); a loop of src/net, src/disk, broker/ or client/ calls them"


@rule
def public_headers_plain(tree):
    """Who compiles against the client library needs neither ZeroMQ nor FlatBuffers, not even through another header."""
    public = "client/include/"
    for file in tree.cpp():
        if not file.path.startswith(public):
            continue
        for line, header, _ in file.includes:
            reached = _reaches(tree, header, public, set())
            if reached:
                way = " -> ".join(reached)
                yield file.path, line, f"a public header includes {way}: keep it in a .cc file, behind a type of our own"


def _reaches(tree, header, public, seen):
    if re.match(r"(.*/)?(zmq\w*\.|flatbuffers/|\w+_generated\.h)", header):
        return [header]
    inside = tree.by_path.get(public + header) or tree.by_path.get("src/" + header) or tree.by_path.get("client/" + header)
    if inside is None or inside.path in seen:
        return []
    seen.add(inside.path)
    for _, further, _ in inside.includes:
        way = _reaches(tree, further, public, seen)
        if way:
            return [header] + way
    return []


# ---- names and sizes

@rule
def file_length(tree):
    for file in tree.files:
        if file.is_cpp or file.is_python or file.is_shell:
            lines = len(file.text.splitlines())
            if lines > FILE_LINES_MAX:
                yield file.path, lines, f"{lines} lines, and {FILE_LINES_MAX} is the limit: split it by the questions that it answers"


@rule
def function_length(tree):
    """A warning: a long table or switch may be the clearest form."""
    for file in tree.files:
        for function in file.functions if file.is_cpp or file.is_python else []:
            lines = function.last_line - function.first_line + 1
            if lines > FUNCTION_LINES_MAX:
                yield file.path, function.first_line, f"{function.name} has {lines} lines; aim at {FUNCTION_LINES_MAX}: a function fits a screen"


WARNINGS = {"function-length"}


@rule
def file_names_unique(tree):
    first = {}
    for file in tree.files:
        if file.name in ("CMakeLists.txt", "README.md"):
            continue
        other = first.setdefault(file.name, file)
        if other is not file:
            yield file.path, 1, f"{other.path} has the same name: rename one, so that a name finds one file"


@rule
def folder_names(tree):
    for folder in tree.folders:
        if folder.split("/")[-1] in ("util", "utils", "common", "helper", "helpers", "misc"):
            yield folder, 1, "a drawer, not a room: name the folder after the question that it answers"


# ---- habits

@rule
def todo_form(tree):
    pattern = re.compile(r"\b(?:" + "TO" + r"DO\b(?!\((?:perf|later|test)\))|" + "FIX" + r"ME\b)")
    for file in tree.files:
        if file.is_cpp or file.is_python or file.is_shell or file.is_cmake or file.path.endswith(".fbs"):
            for match in pattern.finditer(file.text):
                yield file.path, file.line_of(match.start()), f"write {'TO'}DO(perf|later|test): and a verb, or do it, or drop it"


@rule
def no_sleep_in_tests(tree):
    cpp = re.compile(r"\b(?:sleep_for|sleep_until)\b|(?<![\w.>])(?:usleep|nanosleep|sleep)\s*\(")
    python = re.compile(r"\btime\.sleep\(|^\s*from time import .*\bsleep\b", re.MULTILINE)
    for file in tree.files:
        if not _below(file.path, "tests") or _below(file.path, "tests/house"):
            continue
        if file.is_cpp:
            matches = cpp.finditer(file.code)
        else:
            matches = python.finditer(file.text) if file.is_python else ()
        for match in matches:
            line = file.line_of(match.start())
            polls = _below(file.path, "tests/e2e") and file.enclosing_function(line).startswith("wait_until")
            if not polls:
                yield file.path, line, ("a sleep in a test: wait for a condition with a deadline (tests/e2e: the wait_until* functions; "
                                        "elsewhere hand the time in)")


def check(tree, names=None):
    """All findings, sorted. `names` limits the rules."""
    findings = set()
    for name, function in RULES.items():
        if names is None or name in names:
            findings |= {Finding(path, line, name, what, name in WARNINGS) for path, line, what in function(tree)}
    return sorted(findings)
