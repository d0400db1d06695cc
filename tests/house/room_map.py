"""The rooms: on which floor each stands, and which rooms its CMake file lets it include."""

import re
from dataclasses import dataclass, field

# docs/architecture.md draws this picture. A room includes rooms of lower floors only.
FLOORS = {
    1: ["base"],
    2: ["topic", "metrics"],
    3: ["stream"],
    4: ["message"],
    5: ["wire", "exchange", "federation", "store", "coherence", "net", "disk", "admin"],
    6: ["node", "session", "near"],
    7: ["loading"],
    8: ["broker", "client", "tools"],
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
TOP = FLOORS[8]  # These stand at the root of the tree, the others under src/.

_CALL = re.compile(r"\b(mpreg_room|mpreg_program)\s*\(([^)]*)\)")
_KEYWORDS = {"NAME", "SRCS", "DEPS", "ROOMS", "LIBS"}


@dataclass
class Room:
    name: str
    folder: str
    cmake_path: str
    # (room, line) of what it may include; None when no call says so.
    dependencies: list = None
    lists: str = "DEPS"
    names: list = field(default_factory=list)  # (NAME argument, line)

    def may_include(self, other):
        return other == self.name or any(other == name for name, _ in self.dependencies or [])


def room_of(path):
    """The room that a path belongs to, or ""."""
    parts = path.split("/")
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    return parts[0] if parts[0] in TOP and len(parts) > 1 else ""


def _calls(file):
    """(function, {keyword: [(word, line)]}) of each call in a CMake file."""
    text = re.sub(r"#[^\n]*", lambda m: " " * len(m[0]), file.text)
    for call in _CALL.finditer(text):
        arguments, keyword = {}, ""
        for word in re.finditer(r"[^\s]+", call[2]):
            if word[0] in _KEYWORDS:
                keyword = word[0]
                arguments.setdefault(keyword, [])
            else:
                arguments.setdefault(keyword, []).append((word[0], file.line_of(call.start(2) + word.start())))
        yield call[1], arguments


def read_rooms(tree):
    """The rooms of a tree by name, as their CMake files describe them."""
    folders = sorted({f.folder for f in tree.cpp() if re.fullmatch(r"src/[^/]+", f.folder)})
    folders += [top for top in TOP if any(f.path.startswith(top + "/") for f in tree.cpp())]
    rooms = {}
    for folder in folders:
        room = Room(folder.split("/")[-1], folder, folder + "/CMakeLists.txt")
        cmake = tree.by_path.get(room.cmake_path)
        for function, arguments in _calls(cmake) if cmake else []:
            room.lists = "DEPS" if function == "mpreg_room" else "ROOMS"
            room.dependencies = (room.dependencies or []) + arguments.get(room.lists, [])
            if function == "mpreg_room":
                room.names += arguments.get("NAME", [])
        rooms[room.name] = room
    return rooms
