#!/usr/bin/env python3
"""Draws how the cost of a message grows, from what growth_bench measured.

  build/bench/tests/bench/growth_bench --benchmark_out=growth.json --benchmark_out_format=json
  tests/bench/growth_plot.py growth.json docs/plots

Writes one SVG for each family, both axes logarithmic, and prints the figures as a table.
"""
import json
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 560, 300, 70, 45, 40, 20
TITLES = {
    "subscribers_of_one_broker": ("Subscribers of one broker", "subscribers"),
    "brokers_of_a_federation": ("Brokers of a federation: a hub and spokes, a subscriber at each", "brokers"),
    "brokers_in_a_chain": ("Brokers in a chain, a subscriber at the end", "brokers"),
    "patterns_held": ("Patterns held, topics that are new", "patterns"),
}
COLOURS = {"message": "#1f6f8b", "delivery": "#c2703d"}


def read(path):
    families = {}
    for run in json.loads(pathlib.Path(path).read_text())["benchmarks"]:
        name, size = run["name"].split("/")[:2]
        lines = families.setdefault(name, {})
        for what in COLOURS:
            if what in run:
                lines.setdefault(what, []).append((int(size), run[what] * 1e6))
    return families


def text_of(value):
    return f"{value:.3g}"


def ticks(low, high):
    return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def draw(title, unit, lines):
    points = [point for line in lines.values() for point in line]
    xs, ys = ticks(min(p[0] for p in points), max(p[0] for p in points)), ticks(min(p[1] for p in points), max(p[1] for p in points))

    def x_at(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(value / xs[0]) / max(1, math.log10(xs[-1] / xs[0]))

    def y_at(value):
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * math.log10(value / ys[0]) / max(1, math.log10(ys[-1] / ys[0]))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="20" font-size="14">{title}</text>']
    for x in xs:
        out.append(f'<line x1="{x_at(x):.1f}" y1="{TOP}" x2="{x_at(x):.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(f'<text x="{x_at(x):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{x:,.0f}</text>')
    for y in ys:
        out.append(f'<line x1="{LEFT}" y1="{y_at(y):.1f}" x2="{WIDTH - RIGHT}" y2="{y_at(y):.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y_at(y) + 4:.1f}" text-anchor="end">{y:g}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{unit}</text>')
    out.append(f'<text x="12" y="{TOP - 6}">us of one core</text>')
    for i, (what, line) in enumerate(lines.items()):
        path = " ".join(f"{x_at(x):.1f},{y_at(y):.1f}" for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[what]}" stroke-width="2"/>')
        for x, y in line:
            out.append(f'<circle cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="3" fill="{COLOURS[what]}"/>')
        out.append(f'<text x="{WIDTH - RIGHT - 90 * i}" y="{TOP - 6}" text-anchor="end" fill="{COLOURS[what]}">per {what}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in read(sys.argv[1]).items():
        title, unit = TITLES[name]
        (folder / f"{name}.svg").write_text(draw(title, unit, lines))
        print(f"\n{title}\n")
        print(f"| {unit} | " + " | ".join(f"us per {what}" for what in lines) + " |")
        print("|---" * (len(lines) + 1) + "|")
        for i, (size, _) in enumerate(next(iter(lines.values()))):
            print(f"| {size:,} | " + " | ".join(text_of(line[i][1]) for line in lines.values()) + " |")


if __name__ == "__main__":
    main()
